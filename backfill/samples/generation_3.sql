-- Generation 3: a script is one row, and each save overwrites it; the chat is logged twice.
/*! SET NAMES utf8mb4 */;
/*! SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', time_zone = '+00:00' */;

CREATE TABLE users (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  email VARCHAR(120) NOT NULL,
  created_at DATETIME NOT NULL /*! DEFAULT CURRENT_TIMESTAMP */
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 */;
INSERT INTO users VALUES
  (1, 'ines@ferry.example', '2020-01-05 08:00:00'),
  (2, 'tomas@ferry.example', '2020-01-06 08:00:00');

CREATE TABLE scripts (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  user_id INTEGER NOT NULL,
  version_number INTEGER NOT NULL DEFAULT 1,
  title VARCHAR(255) NOT NULL,
  status /*! ENUM('draft','in_progress','complete') */ NOT NULL DEFAULT 'draft',
  content TEXT,
  created_at DATETIME NOT NULL /*! DEFAULT CURRENT_TIMESTAMP */,
  updated_at DATETIME NOT NULL /*! DEFAULT CURRENT_TIMESTAMP */
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 */;
INSERT INTO scripts VALUES
  (1, 1, 1, 'The Noon Ferry', 'draft', '<header>INT. WHEELHOUSE - NOON</header>
<action>Ines wipes the compass.</action>
<speaker>INES</speaker>
<dialog>North moved again.</dialog>', '2020-01-05 08:10:00', '2020-02-11 19:42:00'),
  (2, 2, 1, 'Salt Stairs', '', 'FADE IN:

EXT. PIER - DAWN

The tide takes a step.', '2020-01-06 08:10:00', '2020-01-05 23:00:00');

CREATE TABLE chat_history (
  id INTEGER NOT NULL /*! AUTO_INCREMENT */ PRIMARY KEY,
  user_id INTEGER NOT NULL,
  script_id INTEGER,
  type /*! ENUM('user','assistant') */ NOT NULL,
  content TEXT NOT NULL,
  timestamp DATETIME NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 */;
INSERT INTO chat_history VALUES
  (1, 1, 1, 'assistant', 'The compass, then.', '2020-01-05 09:00:01'),
  (2, 1, 1, 'user', 'What moved?', '2020-01-05 09:00:01'),
  (3, 1, NULL, 'user', 'Good morning.', '2020-01-05 09:05:00');

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
