-- Generation 4: passwords and authors; the counter of saves runs, and there is still one row a script.
/*! SET NAMES utf8mb4 */;
/*! SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', time_zone = '+00:00' */;

CREATE TABLE users (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  email VARCHAR(120) NOT NULL,
  password_hash VARCHAR(128) NOT NULL,
  password_salt VARCHAR(64) NOT NULL,
  created_at DATETIME NOT NULL /*! DEFAULT CURRENT_TIMESTAMP */
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 */;
INSERT INTO users VALUES
  (1, 'ines@ferry.example', '', '', '2020-01-05 08:00:00'),
  (2, 'tomas@ferry.example', 'sample-hash', 'sample-salt', '2021-05-06 08:00:00');

CREATE TABLE scripts (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  user_id INTEGER NOT NULL,
  version_number INTEGER NOT NULL DEFAULT 1,
  title VARCHAR(255) NOT NULL,
  author VARCHAR(120),
  status /*! ENUM('draft','in_progress','complete') */ NOT NULL DEFAULT 'draft',
  content TEXT,
  created_at DATETIME NOT NULL /*! DEFAULT CURRENT_TIMESTAMP */,
  updated_at DATETIME NOT NULL /*! DEFAULT CURRENT_TIMESTAMP */
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 */;
INSERT INTO scripts VALUES
  (1, 1, 53, 'The Noon Ferry', 'Ines Valcárcel', 'in_progress', '<header>INT. WHEELHOUSE - NOON</header>
<action>Ines wipes the compass. <directions>(twice)</action>
<chapter-break></chapter-break>', '2020-01-05 08:10:00', '2021-11-07 01:30:00');

CREATE TABLE sessions (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  user_id INTEGER NOT NULL,
  token VARCHAR(64) NOT NULL UNIQUE,
  expires_at DATETIME NOT NULL,
  created_at DATETIME NOT NULL /*! DEFAULT CURRENT_TIMESTAMP */
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 */;
INSERT INTO sessions VALUES
  (1, 1, 'sample-token-b', '2021-12-01 00:00:00', '2021-11-01 08:00:00');

CREATE TABLE script_elements (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  script_id INTEGER NOT NULL,
  type /*! ENUM('logline','character','scene','beat') */ NOT NULL,
  subtype VARCHAR(60),
  content TEXT,
  source /*! ENUM('user','ai') */ NOT NULL,
  created_at DATETIME NOT NULL /*! DEFAULT CURRENT_TIMESTAMP */
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 */;
INSERT INTO script_elements VALUES
  (1, 1, 'logline', NULL, 'A ferry pilot carries one passenger too many.', 'user', '2021-05-06 08:05:00'),
  (2, 1, 'character', 'lead', 'Ines, pilot, fifty.', 'ai', '2021-05-06 08:06:00');
