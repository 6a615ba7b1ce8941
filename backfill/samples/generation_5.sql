-- Generation 5: the schema of an ORM; every save is a row, and a command says who made it.
/*! SET NAMES utf8mb4 */;
/*! SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', time_zone = '+00:00' */;

CREATE TABLE users (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  email VARCHAR(191) NOT NULL UNIQUE,
  passwordHash VARCHAR(191) NOT NULL,
  createdAt DATETIME(3) NOT NULL /*! DEFAULT CURRENT_TIMESTAMP(3) */
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO users VALUES
  (1, 'ines@ferry.example', '', '2020-01-05 08:00:00.000'),
  (2, 'tomas@ferry.example', 'sample-hash', '2021-05-06 08:00:00.000');

CREATE TABLE scripts (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  userId INTEGER NOT NULL,
  title VARCHAR(191) NOT NULL,
  status VARCHAR(40) NOT NULL,
  createdAt DATETIME(3) NOT NULL /*! DEFAULT CURRENT_TIMESTAMP(3) */,
  updatedAt DATETIME(3) NOT NULL,
  FOREIGN KEY (userId) REFERENCES users (id)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO scripts VALUES
  (1, 1, 'The Noon Ferry', 'in_progress', '2022-01-20 09:00:00.000', '2022-02-06 08:02:44.310'),
  (2, 2, 'Salt Stairs', 'draft', '2022-03-01 07:30:00.000', '2022-03-02 10:00:00.000');

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
