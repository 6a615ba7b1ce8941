-- Versions hold the hash of their text, and the texts are in a table of their own. One text is lost.
/*! SET NAMES utf8mb4 */;
/*! SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', time_zone = '+00:00' */;

CREATE TABLE users (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  email VARCHAR(191) NOT NULL UNIQUE,
  created_at DATETIME NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO users VALUES
  (1, 'ines@ferry.example', '2020-01-05 08:00:00'),
  (2, 'tomas@ferry.example', '2021-05-06 08:00:00');

CREATE TABLE scripts (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  user_id INTEGER NOT NULL,
  title VARCHAR(191) NOT NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  FOREIGN KEY (user_id) REFERENCES users (id)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO scripts VALUES
  (1, 1, 'The Noon Ferry', '2022-01-20 09:00:00', '2022-02-06 08:02:44'),
  (2, 2, 'Salt Stairs', '2022-03-01 07:30:00', '2022-03-03 10:00:00');

CREATE TABLE contents (
  hash CHAR(64) NOT NULL PRIMARY KEY,
  content LONGTEXT NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO contents VALUES
  ('e616c8e9ea1da7ab331fde283be65fdc8ed22fb429ec83cdfe8e334facc595f7', 'INT. WHEELHOUSE - NOON

Ines wipes the compass.
'),
  ('950f4e434f0214ed73ed0125b9c797dd703403b8fd668a797c36e5097719bea9', 'INT. WHEELHOUSE - NOON

Ines wipes the compass.

INES
North moved again.
'),
  ('432b9a39d723ec1859b8cc5e638bfdcfa4e1e98d6ea67af7e9710d4032104ef0', 'INT. WHEELHOUSE - NOON

Ines wipes the compass. 🌫️

INES
North moved again.

TOMAS
It was never where you left it.
'),
  ('a43839a2d1dadfd06e68c6cd732ccd04b150e409a96dd211e874eafcc5dc5ec9', 'INT. WHEELHOUSE - NIGHT

Ines wipes the compass. 🌫️

INES
North moved again.

TOMAS
It was never where you left it.
'),
  ('d35faca2b007904e91bd3453b99a2f693525290b651401e3ffd69f343099cff9', 'EXT. PIER - DAWN

The tide takes a step.
');

CREATE TABLE script_versions (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  script_id INTEGER NOT NULL,
  version_number INTEGER NOT NULL,
  hash CHAR(64) NOT NULL,
  created_at DATETIME NOT NULL,
  UNIQUE (script_id, version_number)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO script_versions VALUES
  (1, 1, 1, 'e616c8e9ea1da7ab331fde283be65fdc8ed22fb429ec83cdfe8e334facc595f7', '2022-01-20 09:00:00'),
  (2, 1, 2, '950f4e434f0214ed73ed0125b9c797dd703403b8fd668a797c36e5097719bea9', '2022-01-20 09:04:10'),
  (3, 1, 3, '432b9a39d723ec1859b8cc5e638bfdcfa4e1e98d6ea67af7e9710d4032104ef0', '2022-02-05 21:17:33'),
  (4, 1, 4, 'a43839a2d1dadfd06e68c6cd732ccd04b150e409a96dd211e874eafcc5dc5ec9', '2022-02-06 08:02:44'),
  (5, 2, 1, 'd35faca2b007904e91bd3453b99a2f693525290b651401e3ffd69f343099cff9', '2022-03-01 07:30:00'),
  (6, 2, 2, 'cce876aea19bd2e54d0003d98cef069b3e2d7ba9f3a1d0523af89eabc51bf2ec', '2022-03-02 07:45:12'),
  (7, 2, 3, 'd35faca2b007904e91bd3453b99a2f693525290b651401e3ffd69f343099cff9', '2022-03-03 10:00:00');
