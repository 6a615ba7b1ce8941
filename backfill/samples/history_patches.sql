-- Revisions as patches: only the newest one of a script holds its text. A patch of the second script was damaged.
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

CREATE TABLE revisions (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  script_id INTEGER NOT NULL,
  patch LONGTEXT,
  content LONGTEXT,
  created_at DATETIME NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci */;
INSERT INTO revisions VALUES
  (1, 1, NULL, NULL, '2022-01-20 09:00:00'),
  (2, 1, '@@ -45,4 +45,29 @@
 ss.%0A
+%0AINES%0ANorth moved again.%0A
', NULL, '2022-01-20 09:04:10'),
  (3, 1, '@@ -21,32 +21,36 @@
 ON%0A%0A
-Ines wipes the compass.%0A
+Ines wipes the compass. %F0%9F%8C%AB%EF%B8%8F%0A
 %0AINE
@@ -74,4 +74,43 @@
 in.%0A
+%0ATOMAS%0AIt was never where you left it.%0A
', NULL, '2022-02-05 21:17:33'),
  (4, 1, '@@ -1,27 +1,28 @@
-INT. WHEELHOUSE - NOON%0A
+INT. WHEELHOUSE - NIGHT%0A
 %0AIne
', 'INT. WHEELHOUSE - NIGHT

Ines wipes the compass. 🌫️

INES
North moved again.

TOMAS
It was never where you left it.
', '2022-02-06 08:02:44'),
  (5, 2, NULL, NULL, '2022-03-01 07:30:00'),
  (6, 2, '@@ -15,27 +15,47 @@
 WN%0A%0A
-The tides takes a step.%0A
+The tides takes a step, and gives one back.%0A
', NULL, '2022-03-02 07:45:12'),
  (7, 2, '@@ -15,47 +15,26 @@
 WN%0A%0A
-The tide takes a step, and gives one back.%0A
+The stairs are empty.%0A
', 'EXT. PIER - DAWN

The stairs are empty.
', '2022-03-03 10:00:00');
