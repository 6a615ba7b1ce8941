-- Generation 2: all MyISAM in latin1, on a server that cuts and replaces what does not fit; a log of model calls.
/*! SET NAMES utf8mb4 */;
/*! SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', time_zone = '+00:00' */;

CREATE TABLE users (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  email VARCHAR(120) NOT NULL,
  created_at DATETIME NOT NULL
) /*! ENGINE=MyISAM DEFAULT CHARSET=latin1 */;
INSERT INTO users VALUES
  (1, 'ines@ferry.example', '0000-00-00 00:00:00'),
  (2, 'no address', '2019-08-01 12:00:00');

CREATE TABLE scripts (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  user_id INTEGER NOT NULL,
  title VARCHAR(255) NOT NULL,
  content TEXT,
  created_at DATETIME NOT NULL
) /*! ENGINE=MyISAM DEFAULT CHARSET=latin1 */;
INSERT INTO scripts VALUES
  (1, 1, 'The Noon Ferry', 'INT. WHEELHOUSE - NOON

Ines wipes the compass.', '2019-08-01 12:05:00'),
  (2, 0, 'A draft without an owner', '', '2019-08-02 12:05:00');

CREATE TABLE sessions (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  user_id INTEGER NOT NULL,
  token VARCHAR(64) NOT NULL,
  expires_at DATETIME NOT NULL,
  created_at DATETIME NOT NULL
) /*! ENGINE=MyISAM DEFAULT CHARSET=latin1 */;
INSERT INTO sessions VALUES
  (1, 1, 'sample-token-a', '2019-09-01 00:00:00', '2019-08-01 12:00:00'),
  (2, 2, 'sample-token-a', '2019-09-01 00:00:00', '2019-08-01 12:00:01');

CREATE TABLE conversations (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  user_id INTEGER,
  intent VARCHAR(60),
  prompt TEXT,
  response TEXT,
  created_at DATETIME NOT NULL
) /*! ENGINE=MyISAM DEFAULT CHARSET=latin1 */;
INSERT INTO conversations VALUES
  (1, 1, 'describe', 'Who waits on the pier?', 'A man with two hats.', '2019-08-01 12:10:00');

CREATE TABLE personas (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  user_id INTEGER NOT NULL,
  description TEXT NOT NULL,
  created_at DATETIME NOT NULL
) /*! ENGINE=MyISAM DEFAULT CHARSET=latin1 */;
INSERT INTO personas VALUES
  (1, 1, 'A dry editor who counts adverbs.', '2019-08-01 12:20:00');
