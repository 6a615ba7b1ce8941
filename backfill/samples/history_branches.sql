-- Versions on branches, numbered across all branches of a script. The first script has two.
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

CREATE TABLE script_versions (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  script_id INTEGER NOT NULL,
  branch_id INTEGER NOT NULL,
  version_number INTEGER NOT NULL,
  content LONGTEXT NOT NULL,
  created_at DATETIME NOT NULL,
  UNIQUE (script_id, version_number)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO script_versions VALUES
  (1, 1, 1, 1, 'INT. WHEELHOUSE - NOON

Ines wipes the compass.
', '2022-01-20 09:00:00'),
  (2, 1, 1, 2, 'INT. WHEELHOUSE - NOON

Ines wipes the compass.

INES
North moved again.
', '2022-01-20 09:04:10'),
  (3, 1, 2, 3, 'INT. WHEELHOUSE - NOON

Ines wipes the compass.

INES
North moved again.

The horn answers for her.
', '2022-02-05 21:17:33'),
  (4, 1, 1, 4, 'INT. WHEELHOUSE - NOON

Ines wipes the compass. 🌫️

INES
North moved again.

TOMAS
It was never where you left it.
', '2022-02-06 08:02:44'),
  (5, 2, 3, 1, 'EXT. PIER - DAWN

The tide takes a step.
', '2022-03-01 07:30:00'),
  (6, 2, 3, 2, 'EXT. PIER - DAWN

The tide takes a step, and gives one back.
', '2022-03-02 07:45:12');
