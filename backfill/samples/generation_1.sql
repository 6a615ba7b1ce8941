-- Generation 1: notes for a story and one conversation a script; no text, no versions, no history.
/*! SET NAMES utf8mb4 */;
/*! SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', time_zone = '+00:00' */;

CREATE TABLE users (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  email VARCHAR(120) NOT NULL,
  created_at DATETIME NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 */;
INSERT INTO users VALUES
  (1, 'ines@ferry.example', '2019-03-02 09:15:00'),
  (2, 'tomas@ferry.example', '2019-03-04 18:40:00');

CREATE TABLE scripts (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  user_id INTEGER NOT NULL,
  title VARCHAR(255) NOT NULL,
  created_at DATETIME NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 */;
INSERT INTO scripts VALUES
  (1, 1, 'The Noon Ferry', '2019-03-02 09:20:00'),
  (2, 2, 'Salt Stairs', '2019-03-05 20:00:00');

CREATE TABLE story_elements (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  script_id INTEGER NOT NULL,
  type /*! ENUM('premise','theme','conflict') */ NOT NULL,
  content TEXT NOT NULL,
  created_at DATETIME NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 */;
INSERT INTO story_elements VALUES
  (1, 1, 'premise', 'A ferry pilot carries one passenger too many.', '2019-03-02 09:25:00'),
  (2, 1, 'premise', 'A ferry pilot carries one passenger too many, and knows who.', '2019-03-02 09:27:00'),
  (3, 2, 'theme', 'What the tide keeps.', '2019-03-05 20:05:00'),
  (4, 9, 'theme', 'Of a script that was deleted.', '2019-03-06 08:00:00');

CREATE TABLE personas (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  script_id INTEGER NOT NULL,
  description TEXT NOT NULL,
  created_at DATETIME NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 */;
INSERT INTO personas VALUES
  (1, 1, 'A dry editor who counts adverbs.', '2019-03-02 10:00:00');

CREATE TABLE conversations (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  script_id INTEGER NOT NULL UNIQUE,
  thread_id VARCHAR(64) NOT NULL,
  questions TEXT,
  prompt TEXT,
  response TEXT
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 */;
INSERT INTO conversations VALUES
  (1, 1, 'thread-7', 'Who is on board?', 'Describe the passenger.', 'She counts the steps twice.');
