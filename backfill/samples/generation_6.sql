-- Generation 6: generation 5, published and organised, next to what is left of older generations.
/*! SET NAMES utf8mb4 */;
/*! SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', time_zone = '+00:00' */;

CREATE TABLE users (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  email VARCHAR(191) /*! COLLATE utf8mb4_bin */ NOT NULL UNIQUE,
  username VARCHAR(60),
  passwordHash VARCHAR(191) NOT NULL,
  createdAt DATETIME(3) NOT NULL /*! DEFAULT CURRENT_TIMESTAMP(3) */,
  deletedAt DATETIME(3),
  deleteReason VARCHAR(191)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO users VALUES
  (1, 'ines@ferry.example', 'ines', '', '2020-01-05 08:00:00.000', NULL, 'wanted to leave, and stayed'),
  (2, 'tomas@ferry.example', 'tomas', 'sample-hash', '2021-05-06 08:00:00.000', NULL, NULL),
  (3, 'Tomas@ferry.example', 'tomas2', 'sample-hash', '2021-05-07 08:00:00.000', NULL, NULL);

CREATE TABLE sessions (
  id VARCHAR(40) NOT NULL PRIMARY KEY,
  userId INTEGER NOT NULL,
  token VARCHAR(64) NOT NULL,
  expiresAt DATETIME(3) NOT NULL,
  createdAt DATETIME(3) NOT NULL /*! DEFAULT CURRENT_TIMESTAMP(3) */
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO sessions VALUES
  ('ckq1v7', 1, 'sample-token-c', '2022-04-01 00:00:00.000', '2022-03-01 08:00:00.000');

CREATE TABLE scripts (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  userId INTEGER NOT NULL,
  title VARCHAR(191) NOT NULL,
  status VARCHAR(40) NOT NULL,
  visibility /*! ENUM('private','public') */ NOT NULL,
  slug VARCHAR(191) UNIQUE,
  tags JSON,
  description LONGTEXT,
  createdAt DATETIME(3) NOT NULL /*! DEFAULT CURRENT_TIMESTAMP(3) */,
  updatedAt DATETIME(3) NOT NULL,
  deletedAt DATETIME(3),
  FOREIGN KEY (userId) REFERENCES users (id)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO scripts VALUES
  (1, 1, 'The Noon Ferry', 'in_progress', 'private', 'the-noon-ferry', '["sea", "ghosts"]', 'A ferry pilot carries one passenger too many.

For two actors and a horn.', '2022-01-20 09:00:00.000', '2022-02-06 08:02:44.310', NULL),
  (2, 2, 'Salt Stairs', 'final', 'public', 'salt-stairs', '[]', NULL, '2022-03-01 07:30:00.000', '2022-03-02 10:00:00.000', NULL),
  (3, 2, 'Never begun', 'draft', 'private', NULL, NULL, NULL, '2022-03-03 07:30:00.000', '2022-03-03 07:30:00.000', '2022-03-04 00:00:00.000');

CREATE TABLE script_versions (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  scriptId INTEGER NOT NULL,
  versionNumber INTEGER NOT NULL,
  content LONGTEXT NOT NULL,
  createdAt DATETIME(3) NOT NULL /*! DEFAULT CURRENT_TIMESTAMP(3) */,
  UNIQUE (scriptId, versionNumber)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO script_versions VALUES
  (1, 1, 1, '{"version":2,"lines":[{"id":"a1","format":"header","content":"INT. WHEELHOUSE - NOON"},{"id":"a2","format":"action","content":"Ines wipes the compass."},{"id":"a3","format":"speaker","content":"INES"},{"id":"a4","format":"dialog","content":"North moved again."}]}', '2022-01-20 09:00:00.120'),
  (2, 1, 2, '{"version":2,"lines":[{"id":"a1","format":"header","content":"INT. WHEELHOUSE - NOON"},{"id":"a2","format":"action","content":"Ines wipes the compass."},{"id":"a3","format":"speaker","content":"INES"},{"id":"a4","format":"dialog","content":"North moved again."},{"id":"a5","format":"speaker","content":"TOMAS"},{"id":"a6","format":"dialog","content":"It was never where you left it."},{"id":"a7","format":"action","content":"The horn answers for her. 🌫️"}]}', '2022-01-20 09:04:10.480'),
  (3, 1, 3, '{"version":2,"lines":[{"id":"a1","format":"header","content":"INT. WHEELHOUSE - NOON"},{"id":"a2","format":"action","content":"Ines wipes the compass."},{"id":"a3","format":"speaker","content":"INES"},{"id":"a4","format":"dialog","content":"North moved again."},{"id":"a5","format":"speaker","content":"TOMAS"},{"id":"a6","format":"dialog","content":"It was never where you left it."},{"id":"a7","format":"action","content":"The horn answers for her. 🌫️"},{"id":"b1","format":"action","content":"The ferry passes buoy 1."},{"id":"b2","format":"action","content":"The ferry passes buoy 2."},{"id":"b3","format":"action","content":"The ferry passes buoy 3."},{"id":"b4","format":"action","content":"The ferry passes buoy 4."},{"id":"b5","format":"action","content":"The ferry passes buoy 5."},{"id":"b6","format":"action","content":"The ferry passes buoy 6."},{"id":"b7","format":"action","content":"The ferry passes buoy 7."},{"id":"b8","format":"action","content":"The ferry passes buoy 8."},{"id":"b9","format":"action","content":"The ferry passes buoy 9."},{"id":"b10","format":"action","content":"The ferry passes buoy 10."},{"id":"b11","format":"action","content":"The ferry passes buoy 11."},{"id":"b12","format":"action","content":"The ferry passes buoy 12."},{"id":"b13","format":"action","content":"The ferry passes buoy 13."},{"id":"b14","format":"action","content":"The ferry passes buoy 14."},{"id":"b15","format":"action","content":"The ferry passes buoy 15."},{"id":"b16","format":"action","content":"The ferry passes buoy 16."},{"id":"b17","format":"action","content":"The ferry passes buoy 17."},{"id":"b18","format":"action","content":"The ferry passes buoy 18."},{"id":"b19","format":"action","content":"The ferry passes buoy 19."},{"id":"b20","format":"action","content":"The ferry passes buoy 20."},{"id":"b21","format":"action","content":"The ferry passes buoy 21."},{"id":"b22","format":"action","content":"The ferry passes buoy 22."},{"id":"b23","format":"action","content":"The ferry passes buoy 23."},{"id":"b24","format":"action","content":"The ferry passes buoy 24."},{"id":"b25","format":"action","content":"The ferry passes buoy 25."},{"id":"b26","format":"action","content":"The ferry passes buoy 26."},{"id":"b27","format":"action","content":"The ferry passes buoy 27."},{"id":"b28","format":"action","content":"The ferry passes buoy 28."},{"id":"b29","format":"action","content":"The ferry passes buoy 29."},{"id":"b30","format":"action","content":"The ferry passes buoy 30."}]}', '2022-02-05 21:17:33.002'),
  (4, 1, 4, '{"version":2,"lines":[{"id":"a1","format":"header","content":"INT. WHEELHOUSE - NOON"}]}', '2022-02-06 08:01:09.750'),
  (5, 1, 5, '{"version":2,"lines":[{"id":"a1","format":"header","content":"INT. WHEELHOUSE - NOON"},{"id":"a2","format":"action","content":"Ines wipes the compass."},{"id":"a3","format":"speaker","content":"INES"},{"id":"a4","format":"dialog","content":"North moved again."},{"id":"a5","format":"speaker","content":"TOMAS"},{"id":"a6","format":"dialog","content":"It was never where you left it."},{"id":"a7","format":"action","content":"The horn answers for her. 🌫️"},{"id":"b1","format":"action","content":"The ferry passes buoy 1."},{"id":"b2","format":"action","content":"The ferry passes buoy 2."},{"id":"b3","format":"action","content":"The ferry passes buoy 3."},{"id":"b4","format":"action","content":"The ferry passes buoy 4."},{"id":"b5","format":"action","content":"The ferry passes buoy 5."},{"id":"b6","format":"action","content":"The ferry passes buoy 6."},{"id":"b7","format":"action","content":"The ferry passes buoy 7."},{"id":"b8","format":"action","content":"The ferry passes buoy 8."},{"id":"b9","format":"action","content":"The ferry passes buoy 9."},{"id":"b10","format":"action","content":"The ferry passes buoy 10."},{"id":"b11","format":"action","content":"The ferry passes buoy 11."},{"id":"b12","format":"action","content":"The ferry passes buoy 12."},{"id":"b13","format":"action","content":"The ferry passes buoy 13."},{"id":"b14","format":"action","content":"The ferry passes buoy 14."},{"id":"b15","format":"action","content":"The ferry passes buoy 15."},{"id":"b16","format":"action","content":"The ferry passes buoy 16."},{"id":"b17","format":"action","content":"The ferry passes buoy 17."},{"id":"b18","format":"action","content":"The ferry passes buoy 18."},{"id":"b19","format":"action","content":"The ferry passes buoy 19."},{"id":"b20","format":"action","content":"The ferry passes buoy 20."},{"id":"b21","format":"action","content":"The ferry passes buoy 21."},{"id":"b22","format":"action","content":"The ferry passes buoy 22."},{"id":"b23","format":"action","content":"The ferry passes buoy 23."},{"id":"b24","format":"action","content":"The ferry passes buoy 24."},{"id":"b25","format":"action","content":"The ferry passes buoy 25."},{"id":"b26","format":"action","content":"The ferry passes buoy 26."},{"id":"b27","format":"action","content":"The ferry passes buoy 27."},{"id":"b28","format":"action","content":"The ferry passes buoy 28."},{"id":"b29","format":"action","content":"The ferry passes buoy 29."},{"id":"b30","format":"action","content":"The ferry passes buoy 30."}]}', '2022-02-06 08:02:44.310'),
  (6, 2, 1, '"{\"version\":2,\"lines\":[{\"id\":\"c1\",\"format\":\"header\",\"content\":\"EXT. PIER - DAWN\"},{\"id\":\"c2\",\"format\":\"action\",\"content\":\"The tide takes a step.\"}]}"', '2022-03-01 07:30:00.000'),
  (7, 2, 2, '{"content": "EXT. PIER - DAWN\n\nThe tide takes a step, and gives one back.", "format": "plain", "pageCount": 1}', '2022-03-01 07:45:12.900'),
  (8, 2, 4, '<header>EXT. PIER - DAWN</header>
<action>The stairs are empty.</action>', '2022-03-02 10:00:00.000');

CREATE TABLE script_commands (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  scriptId INTEGER NOT NULL,
  type VARCHAR(60) NOT NULL,
  payload JSON NOT NULL,
  author /*! ENUM('user','ai','system') */ NOT NULL,
  createdAt DATETIME(3) NOT NULL /*! DEFAULT CURRENT_TIMESTAMP(3) */
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO script_commands VALUES
  (1, 1, 'save_version', '{"versionNumber": 1}', 'user', '2022-01-20 09:00:00.120'),
  (2, 1, 'save_version', '{"versionNumber": 2}', 'ai', '2022-01-20 09:04:10.480'),
  (3, 1, 'save_version', '{"versionNumber": 3}', 'user', '2022-02-05 21:17:33.002'),
  (4, 1, 'save_version', '{"versionNumber": 4}', 'user', '2022-02-06 08:01:09.750'),
  (5, 1, 'save_version', '{"versionNumber": 5}', 'user', '2022-02-06 08:02:44.310'),
  (6, 2, 'save_version', '{"versionNumber": 1}', 'user', '2022-03-01 07:30:00.000'),
  (7, 2, 'save_version', '{"versionNumber": 2}', 'ai', '2022-03-01 07:45:12.900'),
  (8, 2, 'save_version', '{"versionNumber": 4}', 'user', '2022-03-02 10:00:00.000');

CREATE TABLE scenes (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  scriptId INTEGER NOT NULL,
  title VARCHAR(191) NOT NULL,
  summary TEXT,
  sortOrder INTEGER NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO scenes VALUES
  (1, 1, 'The wheelhouse', 'North has moved.', 1),
  (2, 1, 'The pier', NULL, 2);

CREATE TABLE script_comments (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  scriptId INTEGER NOT NULL,
  userId INTEGER NOT NULL,
  body TEXT NOT NULL,
  createdAt DATETIME(3) NOT NULL /*! DEFAULT CURRENT_TIMESTAMP(3) */
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO script_comments VALUES
  (1, 1, 2, 'Keep the horn.', '2022-02-07 10:00:00.000');

CREATE TABLE _prisma_migrations (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  migration_name VARCHAR(191) NOT NULL,
  finished_at DATETIME(3)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO _prisma_migrations VALUES
  ('8a1d', '20220101000000_init', '2022-01-01 00:00:00.000');

-- left of generation 3
CREATE TABLE chat_history (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  user_id INTEGER NOT NULL,
  script_id INTEGER,
  type /*! ENUM('user','assistant') */ NOT NULL,
  content TEXT NOT NULL,
  timestamp DATETIME NOT NULL
) /*! ENGINE=MyISAM DEFAULT CHARSET=utf8mb3 */;
INSERT INTO chat_history VALUES
  (1, 1, 1, 'assistant', 'The compass, then.', '2020-01-05 09:00:01'),
  (2, 1, 1, 'user', 'What moved?', '2020-01-05 09:00:01'),
  (3, 2, NULL, 'user', 'Good morning.', '0000-00-00 00:00:00');

CREATE TABLE chat_messages (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  script_id INTEGER NOT NULL,
  user_prompt TEXT NOT NULL,
  assistant_response TEXT NOT NULL,
  tokens INTEGER,
  cost DECIMAL(10,6),
  created_at DATETIME NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 */;
INSERT INTO chat_messages VALUES
  (1, 1, 'What moved?', 'The compass, then.', 120, 0.0024, '2020-01-05 09:00:02');

-- left of generation 1
CREATE TABLE story_elements (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  script_id INTEGER NOT NULL,
  type /*! ENUM('premise','theme','conflict') */ NOT NULL,
  content TEXT NOT NULL,
  created_at DATETIME NOT NULL
) /*! ENGINE=MyISAM DEFAULT CHARSET=latin1 */;
INSERT INTO story_elements VALUES
  (1, 1, 'premise', 'A ferry pilot carries one passenger too many.', '2019-03-02 09:25:00'),
  (2, 9, 'theme', 'Of a script that was deleted.', '2019-03-06 08:00:00');
