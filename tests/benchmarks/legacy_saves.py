"""Legacy scripts with many saves, for benchmarks: each save changes a line or two of the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from pymysql.cursors import Cursor

from tests.legacy.clean_rows import WORDS, json_save
from tests.services.databases import DatabaseServer

TABLES = (
    "CREATE TABLE users (id BIGINT PRIMARY KEY, email VARCHAR(190), created_at DATETIME)",
    "INSERT INTO users VALUES (1, 'ada@example.org', '2020-01-01 00:00:00')",
    "CREATE TABLE scripts (id BIGINT PRIMARY KEY, user_id BIGINT, title VARCHAR(190), created_at DATETIME)",
    "CREATE TABLE script_versions (id BIGINT PRIMARY KEY AUTO_INCREMENT, script_id BIGINT, version_number INT, "
    "content LONGTEXT, created_at DATETIME, KEY (script_id))",
)
ROWS_PER_STATEMENT = 50
FORMATS = ("action", "dialogue", "character")
# Of a hundred saves, so many edit a line, and so many insert one; the others delete one.
EDITS, INSERTS = 80, 15


class Draft:
    """A screenplay that is edited: lines of (id, format, text)."""

    def __init__(self, lines: int, *, seed: int = 1) -> None:
        self._random = Random(seed)
        self._count = 0
        self.lines = [self._line(FORMATS[number % 3] if number % 30 else "header") for number in range(lines)]

    def edit(self, changes: int = 1) -> None:
        """Change some lines."""
        for _ in range(changes):
            at, kind = self._random.randrange(len(self.lines)), self._random.randrange(100)
            if kind < EDITS:
                name, form, _ = self.lines[at]
                self.lines[at] = name, form, self._text()
            elif kind < EDITS + INSERTS:
                self.lines.insert(at, self._line("action"))
            else:
                del self.lines[at]

    def json(self) -> str:
        """The save as JSON."""
        return json_save(self.lines)

    def fountain(self) -> str:
        """The save as Fountain."""
        return "".join(map(_as_fountain, self.lines))

    def _line(self, form: str) -> tuple[str, str, str]:
        self._count += 1
        return f"l{self._count:07}", form, self._text()

    def _text(self) -> str:
        return " ".join(self._random.choices(WORDS, k=4))


def json_saves(saves: int, lines: int, *, changes: int = 1, seed: int = 1) -> Iterator[str]:
    """Saves of a script as JSON."""
    draft = Draft(lines, seed=seed)
    for _ in range(saves):
        yield draft.json()
        draft.edit(changes)


def fountain_saves(saves: int, lines: int) -> Iterator[str]:
    """Saves of a script as Fountain."""
    draft = Draft(lines)
    for _ in range(saves):
        yield draft.fountain()
        draft.edit()


def legacy_scripts(server: DatabaseServer, scripts: Iterable[Iterable[str]]) -> str:
    """The URL of a legacy database with scripts of these saves."""
    url = server.create_database()
    name = url.rpartition("/")[2].partition("?")[0]
    with server.connect(database=name) as connection, connection.cursor() as cursor:
        for statement in TABLES:
            cursor.execute(statement)
        for script, saves in enumerate(scripts, 1):
            cursor.execute("INSERT INTO scripts VALUES (%s, 1, 'The Ferry', '2020-01-01 00:00:00')", (script,))
            rows: list[tuple[object, ...]] = []
            for number, content in enumerate(saves, 1):
                rows.append((script, number, content, "2020-01-02 00:00:00"))
                if len(rows) == ROWS_PER_STATEMENT:
                    _insert(cursor, rows)
            _insert(cursor, rows)
            connection.commit()
    return url


def _insert(cursor: Cursor, rows: list[tuple[object, ...]]) -> None:
    if rows:
        columns = "script_id, version_number, content, created_at"
        cursor.executemany(f"INSERT INTO script_versions ({columns}) VALUES (%s, %s, %s, %s)", rows)
        rows.clear()


def _as_fountain(line: tuple[str, str, str]) -> str:
    _, form, text = line
    if form == "header":
        return f"INT. {text.upper()} - DAY\n\n"
    if form == "character":
        return f"\n{text.split()[0].upper()}\n"
    return f"{text}\n" if form == "dialogue" else f"\n{text}\n"
