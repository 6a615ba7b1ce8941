"""A small legacy schema in which every kind of object occurs, and its mutations with what drift says of each."""

from __future__ import annotations

SCHEMA = (
    "CREATE TABLE users (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) NOT NULL, "
    "created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, "
    "UNIQUE KEY uq_email (email), KEY ix_part (email(10), id)) "
    "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci",
    "CREATE TABLE scripts (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, user_id INT, "
    "title VARCHAR(200) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT 'it''s', "
    "status ENUM('draft','it''s') NOT NULL DEFAULT 'draft', price DECIMAL(10,2) DEFAULT 1.50, "
    "flag TINYINT(1) NOT NULL DEFAULT 0, bits BIT(3) DEFAULT b'101', data JSON, "
    "saved_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3), "
    "label VARCHAR(200) GENERATED ALWAYS AS (concat(upper(title), '-', price + 1)) VIRTUAL, "
    "total INT AS (price * (other + 2)) STORED, body TEXT, other INT NULL DEFAULT NULL, "
    "PRIMARY KEY (id), KEY ix_user (user_id, id DESC), "
    "CONSTRAINT fk_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE, "
    "CONSTRAINT ck_price CHECK (price > 0 and (price < 100 or price = 200)), CHECK (flag in (0, 1))) "
    "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci",
    "CREATE TABLE old (id INT, body TEXT, FULLTEXT KEY ft_body (body)) ENGINE=MyISAM DEFAULT CHARSET=latin1",
    "CREATE TABLE parts (id INT NOT NULL, year INT NOT NULL, PRIMARY KEY (id, year)) "
    "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci "
    "PARTITION BY RANGE (year) (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE)",
    "CREATE VIEW busy AS SELECT u.id, s.title, count(*) AS saves FROM users u LEFT JOIN scripts s ON s.user_id = u.id "
    "AND (s.price > 1 OR s.flag = 1) WHERE u.email LIKE '%@x' AND s.status <> 'draft' "
    "GROUP BY u.id, s.title HAVING saves > 1 ORDER BY u.id DESC",
    "CREATE TRIGGER lower_email BEFORE INSERT ON users FOR EACH ROW BEGIN SET NEW.email = lower(NEW.email); END",
    "CREATE PROCEDURE saves_of(IN script INT, OUT saves VARCHAR(20)) READS SQL DATA BEGIN SELECT 1; END",
    "CREATE FUNCTION next_number(number INT) RETURNS INT DETERMINISTIC RETURN number + 1",
)

# What changes the schema, and every sentence that has to report it. A change and its sentences; several statements
# are joined by a semicolon.
MUTATIONS = {
    "CREATE TABLE tags (id INT, tag TEXT)": ["The table tags was added: id, tag."],
    "DROP TABLE old": ["The table old was removed."],
    "RENAME TABLE old TO older": ["The table old was renamed to older."],
    "ALTER TABLE parts REMOVE PARTITIONING; ALTER TABLE parts ENGINE=MyISAM": [
        "The table parts had the partitions",
        "The table parts was stored by InnoDB and is stored by MyISAM.",
    ],
    "ALTER TABLE users ADD COLUMN name VARCHAR(20) NOT NULL DEFAULT 'Ann' AFTER id": [
        "The column users.name was added: varchar(20) not null default 'Ann'."
    ],
    "ALTER TABLE scripts DROP COLUMN bits": ["The column scripts.bits was removed: bit(3)."],
    "ALTER TABLE scripts CHANGE bits flags BIT(3) DEFAULT b'101'": ["The column scripts.bits was renamed to flags."],
    "ALTER TABLE scripts MODIFY other BIGINT": ["The column scripts.other was int and is bigint."],
    "ALTER TABLE scripts MODIFY saved_at DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)": [
        "The column scripts.saved_at was datetime(3) and is datetime(6).",
        "The column scripts.saved_at had default current_timestamp(3) and has default current_timestamp(6).",
    ],
    "ALTER TABLE old MODIFY id INT UNSIGNED": ["The column old.id was int and is int unsigned."],
    "ALTER TABLE scripts MODIFY status ENUM('draft','it''s','done') NOT NULL DEFAULT 'draft'": [
        "The column scripts.status was enum('draft','it''s') and is enum('draft','it''s','done')."
    ],
    "ALTER TABLE scripts MODIFY data LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin": [
        "The column scripts.data was json and is longtext."
    ],
    "ALTER TABLE old MODIFY id INT NOT NULL": ["The column old.id may no longer be NULL."],
    "ALTER TABLE scripts MODIFY flag TINYINT(1) DEFAULT 0": ["The column scripts.flag may be NULL now."],
    "ALTER TABLE scripts ALTER flag SET DEFAULT 1": ["The column scripts.flag had default '0' and has default '1'."],
    "ALTER TABLE scripts ALTER title SET DEFAULT 'It''s'": [
        "The column scripts.title had default 'it's' and has default 'It's'."
    ],
    "ALTER TABLE scripts ALTER price DROP DEFAULT": ["The column scripts.price had default '1.50' and has no default."],
    "ALTER TABLE users MODIFY created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP": [
        "The column users.created_at is no longer set by an UPDATE."
    ],
    "ALTER TABLE scripts MODIFY id BIGINT UNSIGNED NOT NULL": ["The column scripts.id no longer numbers its rows."],
    "ALTER TABLE scripts MODIFY title VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT 'it''s'": [
        "The column scripts.title was in latin1 with latin1_swedish_ci and is in utf8mb4 with utf8mb4_general_ci."
    ],
    "ALTER TABLE scripts MODIFY title VARCHAR(200) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'it''s'": [
        "The column scripts.title was in latin1 with latin1_swedish_ci and is in latin1 with latin1_bin."
    ],
    "ALTER TABLE old CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin": [
        "The column old.body was text and is mediumtext.",
        "The column old.body was in latin1 with latin1_swedish_ci and is in utf8mb4 with utf8mb4_bin.",
        "The table old had latin1 with latin1_swedish_ci as default and has utf8mb4 with utf8mb4_bin.",
    ],
    "ALTER TABLE old DEFAULT CHARSET utf8mb3 COLLATE utf8mb3_bin": [
        "The table old had latin1 with latin1_swedish_ci as default and has utf8mb3 with utf8mb3_bin."
    ],
    "ALTER TABLE scripts MODIFY total INT AS (price * other + 2) STORED": ["The column scripts.total is computed as"],
    "ALTER TABLE scripts DROP COLUMN label; ALTER TABLE scripts ADD COLUMN label VARCHAR(200) "
    "GENERATED ALWAYS AS (concat(upper(title), '-', price + 1)) STORED AFTER saved_at": [
        "The column scripts.label is stored now, and was virtual."
    ],
    "ALTER TABLE scripts MODIFY total INT": ["The column scripts.total is no longer computed."],
    "ALTER TABLE scripts MODIFY other INT AFTER id": ["The table scripts has its columns in another order:"],
    "CREATE INDEX ix_new ON scripts (title, other)": ["The index scripts.ix_new was added: title, other."],
    "DROP INDEX ix_part ON users": ["The index users.ix_part was removed: email(10), id."],
    "ALTER TABLE users RENAME INDEX ix_part TO ix_parts": ["The index users.ix_part was renamed to ix_parts."],
    "ALTER TABLE users DROP INDEX ix_part, ADD INDEX ix_part (email(12), id)": [
        "The index users.ix_part was on email(10), id and is on email(12), id."
    ],
    "ALTER TABLE users DROP INDEX ix_part, ADD INDEX ix_part (id, email(10))": [
        "The index users.ix_part was on email(10), id and is on id, email(10)."
    ],
    "ALTER TABLE users DROP INDEX ix_part, ADD INDEX ix_part (email(10), id DESC)": [
        "The index users.ix_part was on email(10), id and is on email(10), id desc."
    ],
    "ALTER TABLE users DROP INDEX uq_email, ADD INDEX uq_email (email)": [
        "The unique key users.uq_email is an index now: email."
    ],
    "ALTER TABLE parts DROP PRIMARY KEY, ADD PRIMARY KEY (year, id)": [
        "The primary key of parts was on id, year and is on year, id."
    ],
    "ALTER TABLE old DROP INDEX ft_body": ["The fulltext index old.ft_body was removed: body."],
    "ALTER TABLE old ADD PRIMARY KEY (id)": [
        "The column old.id may no longer be NULL.",
        "The primary key of old was added: id.",
    ],
    "ALTER TABLE scripts DROP FOREIGN KEY fk_user": [
        "The foreign key scripts.fk_user was removed: (user_id) to users (id)."
    ],
    "ALTER TABLE scripts DROP FOREIGN KEY fk_user; ALTER TABLE scripts ADD CONSTRAINT fk_user FOREIGN KEY (user_id) "
    "REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE": [
        "The foreign key scripts.fk_user was on delete cascade, on update restrict and is on delete set null, "
        "on update cascade."
    ],
    "ALTER TABLE scripts ADD CONSTRAINT fk_other FOREIGN KEY (other) REFERENCES users (id)": [
        "The foreign key scripts.fk_other was added: (other) to users (id).",
        "The index scripts.fk_other was added: other.",
    ],
    "ALTER TABLE scripts DROP CONSTRAINT ck_price": ["The check scripts.ck_price was removed:"],
    "ALTER TABLE scripts DROP CONSTRAINT ck_price; ALTER TABLE scripts ADD CONSTRAINT ck_price "
    "CHECK (price > 0 and price < 100 or price = 200)": ["The check scripts.ck_price was "],
    "ALTER TABLE scripts DROP CONSTRAINT ck_price; ALTER TABLE scripts ADD CONSTRAINT ck_cost "
    "CHECK (price > 0 and (price < 100 or price = 200))": ["The check scripts.ck_price is named ck_cost now."],
    "ALTER TABLE users ADD CHECK (email <> '')": ["The check of users was added:"],
    "ALTER TABLE parts REORGANIZE PARTITION p0 INTO (PARTITION p0 VALUES LESS THAN (1990), PARTITION p9 VALUES LESS "
    "THAN (2000))": ["The table parts had the partitions"],
    "ALTER TABLE parts REMOVE PARTITIONING": ["The table parts had the partitions"],
    "ALTER TABLE users ROW_FORMAT=COMPRESSED": ["The table users had the options none and has row_format=compressed."],
    "CREATE VIEW idle AS SELECT id FROM users": ["The view idle was added."],
    "DROP VIEW busy": ["The view busy was removed."],
    "CREATE OR REPLACE VIEW busy AS SELECT u.id, s.title, count(*) AS saves FROM users u JOIN scripts s "
    "ON s.user_id = u.id GROUP BY u.id, s.title": ["The view busy has another query."],
    "CREATE OR REPLACE SQL SECURITY INVOKER VIEW busy AS SELECT u.id, s.title, count(*) AS saves FROM users u "
    "LEFT JOIN scripts s ON s.user_id = u.id AND (s.price > 1 OR s.flag = 1) WHERE u.email LIKE '%@x' "
    "AND s.status <> 'draft' GROUP BY u.id, s.title HAVING saves > 1 ORDER BY u.id DESC": [
        "The view busy ran with the rights of its definer and runs with those of its invoker."
    ],
    "CREATE TRIGGER log_delete AFTER DELETE ON users FOR EACH ROW SET @x = 1": [
        "The trigger log_delete was added: after delete on users."
    ],
    "DROP TRIGGER lower_email": ["The trigger lower_email was removed."],
    "DROP TRIGGER lower_email; CREATE TRIGGER lower_email BEFORE UPDATE ON users FOR EACH ROW "
    "BEGIN SET NEW.email = lower(NEW.email); END": [
        "The trigger lower_email fired before insert on users and fires before update on users."
    ],
    "DROP TRIGGER lower_email; CREATE TRIGGER lower_email BEFORE INSERT ON users FOR EACH ROW "
    "SET NEW.email = upper(NEW.email)": ["The trigger lower_email has another statement."],
    "DROP PROCEDURE saves_of": ["The procedure saves_of was removed."],
    "DROP FUNCTION next_number; CREATE FUNCTION next_number(number BIGINT) RETURNS BIGINT DETERMINISTIC "
    "RETURN number + 1": [
        "The function next_number took (in number int) and takes (in number bigint).",
        "The function next_number returned int and returns bigint.",
    ],
    "DROP FUNCTION next_number; CREATE FUNCTION next_number(number INT) RETURNS INT DETERMINISTIC RETURN number + 2": [
        "The function next_number has another body."
    ],
    "ALTER PROCEDURE saves_of SQL SECURITY INVOKER": ["The procedure saves_of was not deterministic,"],
    "CREATE PROCEDURE clean() BEGIN DELETE FROM users; END": ["The procedure clean was added."],
}

# What says nothing about the schema.
NO_MUTATIONS = (
    "INSERT INTO users (email) VALUES ('a'), ('b'), ('c')",
    "ALTER TABLE users AUTO_INCREMENT = 5000",
    "ALTER TABLE users COMMENT 'People', MODIFY email VARCHAR(255) NOT NULL COMMENT 'of a person'",
    "ALTER TABLE scripts MODIFY other INT(5)",
    "ALTER TABLE scripts DROP CONSTRAINT ck_price; ALTER TABLE scripts ADD CONSTRAINT ck_price "
    "CHECK ((((price > 0))) and ((price < 100) or (price = 200)))",
    "CREATE OR REPLACE DEFINER=CURRENT_USER VIEW busy AS SELECT `u`.`id`, `s`.`title`, count(*) AS saves FROM users u "
    "LEFT JOIN scripts s ON ((s.user_id = u.id) AND (s.price > 1 OR s.flag = 1)) WHERE (u.email LIKE '%@x') "
    "AND s.status <> 'draft' GROUP BY u.id, s.title HAVING saves > 1 ORDER BY u.id DESC",
    "DROP TRIGGER lower_email; CREATE TRIGGER lower_email BEFORE INSERT ON users FOR EACH ROW BEGIN\n"
    "  -- another comment\n  SET NEW.email = lower(NEW.email);\nEND",
    "ALTER TABLE users DROP INDEX ix_part; ALTER TABLE users ADD INDEX ix_part (email(10), id)",
    "OPTIMIZE TABLE old",
)
