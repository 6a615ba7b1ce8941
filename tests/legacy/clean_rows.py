"""Rows without a defect, for any of the schemas: the same for the same seed, and as many as are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from tests.legacy.patch_maker import make_patch
from tests.legacy.schemas import Table

Row = dict[str, Any]

START = datetime(2023, 1, 2, 9, 0)  # noqa: DTZ001 - a DATETIME column has no zone
WORDS = ("river", "lantern", "ferry", "harbour", "winter", "letter", "engine", "orchard", "signal", "garden")
STATUSES = ("draft", "in_progress", "complete")
# What the owner of a script is called in each table, and the other columns that hold keys.
KEYS = {"script_id", "scriptId"}
OWNERS = {"user_id", "userId", "author_id"}


class Size(NamedTuple):
    """How many scripts there are, and how many versions each of them has."""

    scripts: int
    versions: int = 3

    @property
    def users(self) -> int:
        return max(1, self.scripts // 4)

    def rows(self, table: str) -> int:
        per_script = {
            "script_versions": self.versions,
            "script_commands": self.versions,
            "revisions": self.versions,
            "script_elements": 2,
            "story_elements": 2,
            "chat_history": 2,
            "script_lines": 4,
        }
        return self.users if table == "users" else self.scripts * per_script.get(table, 1)


class CleanRows:
    """Clean rows of one schema. A marker, if given, is in each text of them."""

    def __init__(self, tables: tuple[Table, ...], size: Size, *, seed: int = 1, marker: str = "") -> None:
        self.tables = tables
        self.size = size
        self._seed = seed
        self._marker = marker
        self._names = {table.name for table in tables}

    def rows(self, table: Table) -> Iterator[Row]:
        for number in range(1, self.size.rows(table.name) + 1):
            yield self.row(table, number)

    def row(self, table: Table, number: int) -> Row:
        """The row of a table with a number from 1 up."""
        place = Place(table, number, self._place_of(table, number), self.size.versions, self._seed, self._marker)
        return {name: self._value(name, place) for name in table.names}

    def _place_of(self, table: Table, number: int) -> tuple[int, int]:
        """The script a row belongs to, and which of its rows it is, from 0."""
        share = max(1, self.size.rows(table.name) // max(1, self.size.scripts)) if table.name != "users" else 1
        return (number - 1) // share + 1, (number - 1) % share

    def _value(self, name: str, place: Place) -> Any:
        if name in KEYS:
            return self._key(place, place.script)
        if name in OWNERS:
            return self._key(place, (place.script - 1) % self.size.users + 1)
        if name == "id":
            return self._key(place, place.number)
        return VALUES[name](place)

    def _key(self, place: Place, number: int) -> int | str:
        is_text = ":textkey" in place.table.columns and not place.table.name.startswith("_")
        return text_key(number) if is_text else number


def text_key(number: int) -> str:
    """A text key as a cuid is written."""
    return f"c{number:024d}"


class Place(NamedTuple):
    """A row: its table and number, its script and which row of the script it is."""

    table: Table
    number: int
    of_script: tuple[int, int]
    versions: int
    seed: int
    marker: str

    @property
    def script(self) -> int:
        return self.of_script[0]

    @property
    def turn(self) -> int:
        return self.of_script[1]

    def words(self, count: int, salt: str = "") -> str:
        random = Random(f"{self.seed} {self.table.name} {self.number} {salt}")
        return " ".join([*random.choices(WORDS, k=count), f"{self.number}{self.marker}"])

    def time(self, *, after: timedelta = timedelta()) -> str:
        return written(START + timedelta(minutes=self.number * 7 % 200_000) + self.turn * timedelta(days=1) + after)


def written(moment: datetime) -> str:
    """A time as a DATETIME(3) column shows it; without the fraction if there is none."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def json_save(texts: list[tuple[str, str, str]], **more: Any) -> str:
    """A save in JSON: lines of (id, format, text)."""
    lines = [{"id": name, "format": form, "content": text} for name, form, text in texts]
    return json.dumps({"version": 2, "lines": lines, **more}, ensure_ascii=False, separators=(",", ":"))


def save(place: Place, lines: int = 6) -> str:
    """A save whose last line is another one in each version."""
    texts = [
        (f"l{place.script}-{number}", "dialog" if number % 3 else "action", f"Line {number} of {place.marker}.")
        for number in range(lines - 1)
    ]
    return json_save(
        [*texts, (f"l{place.script}-last", "action", f"Take {place.turn} of {place.script}{place.marker}.")]
    )


def head_content(place: Place) -> str:
    """A head in one of the shapes: plain, Fountain, tagged, JSON."""
    words = place.words(4)
    shapes: tuple[Callable[[], str], ...] = (
        lambda: f"{words}\nSomebody walks in.\n",
        lambda: f"INT. {place.words(1).upper()} - DAY\n\n{words}\n\nANNA\nYes.\n",
        lambda: f"<header>INT. HALL</header>\n<action>{words}</action>\n<speaker>ANNA</speaker>\n<dialog>Yes.</dialog>",
        lambda: save(place),
        lambda: json.dumps({"content": f"{words}\nA wrapped line.", "format": "plain", "pageCount": 1}),
    )
    return shapes[place.number % len(shapes)]()


def _content(place: Place) -> str | None:
    match place.table.name:
        case "scripts" if ":textkey" in place.table.columns:
            return save(place._replace(of_script=(place.script, place.versions - 1)))  # what its last version holds
        case "scripts":
            return head_content(place)
        case "script_versions":
            return save(place)
        case "revisions":
            return revision(place) if place.turn == place.versions - 1 else None
        case _:
            return place.words(8)


VALUES: dict[str, Callable[[Place], Any]] = {
    "email": lambda place: f"writer{place.number}{place.marker}@example.org",
    "username": lambda place: f"writer{place.number}{place.marker}",
    "token": lambda place: f"{place.number:08d}{place.marker}{Random(place.number).getrandbits(64):016x}",
    "title": lambda place: place.words(2).title(),
    "status": lambda place: STATUSES[place.number % 3],
    "version_number": lambda place: place.turn + 1 if place.table.name == "script_versions" else 1,
    "versionNumber": lambda place: place.turn + 1,
    "number": lambda place: place.turn + 1,
    "branch_id": lambda place: place.script,
    "content": _content,
    "patch": lambda place: _patch(place),  # noqa: PLW0108 - defined below
    "payload": lambda place: json.dumps(
        {"versionNumber": place.turn + 1} if place.table.name == "script_commands" else {"text": place.words(4)}
    ),
    "tags": lambda place: json.dumps([place.words(1), "drama"]),
    "type": lambda place: _type(place),  # noqa: PLW0108 - defined below
    "subtype": lambda _: "main",
    "source": lambda _: "user",
    "role": lambda place: ("user", "assistant")[place.turn % 2],
    "author": lambda place: "user" if place.table.name == "script_commands" else place.words(1),
    "description": lambda place: f"{place.words(5)}\n{place.words(3, 'second')}",
    "model": lambda _: "a-model-1",
    "intent": lambda _: "edit",
    "tokens": lambda place: place.number % 900,
    "cost": lambda _: "0.001200",
    "visibility": lambda _: "private",
    "slug": lambda place: f"script-{place.number}{place.marker}",
    "publicId": lambda place: f"p{place.number}{place.marker}",
    "deletedAt": lambda _: None,
    "deleteReason": lambda _: None,
    "thread_id": lambda place: place.words(1),
    "format": lambda _: "action",
    "previous": lambda place: None if place.turn == 0 else place.number - 1,
    "next": lambda place: None if place.turn == 3 else place.number + 1,
    "checksum": lambda place: f"{place.number:064d}",
    "finished_at": lambda place: place.time(),
    "migration_name": lambda place: f"2023010{place.number}_step{place.marker}",
    **{name: lambda place: place.time() for name in ("created_at", "createdAt", "timestamp")},
    **{name: lambda place: place.time(after=timedelta(days=9)) for name in ("updated_at", "updatedAt")},
    **{name: lambda place: place.time(after=timedelta(days=30)) for name in ("expires_at", "expiresAt")},
    **{name: lambda place: f"{place.number:064x}{place.marker}" for name in ("password_hash", "passwordHash")},
    **{name: lambda place: f"{place.number:032x}{place.marker}" for name in ("password_salt", "passwordSalt")},
    **{
        name: lambda place, name=name: place.words(6, name)  # type: ignore[misc]
        for name in ("questions", "response", "prompt", "user_prompt", "assistant_response", "summary")
    },
}


def revision(place: Place) -> str:
    """The text of a revision: a line more in each."""
    return "".join(f"Line {turn} of script {place.script}{place.marker}.\n" for turn in range(place.turn + 1))


def _patch(place: Place) -> str | None:
    """The patch that leads to the next revision."""
    if place.turn == place.versions - 1:
        return None
    return make_patch(revision(place), revision(place._replace(of_script=(place.script, place.turn + 1))))


def _type(place: Place) -> str:
    match place.table.name:
        case "script_commands":
            return "save_version"
        case "chat_history":
            return ("user", "assistant")[place.turn]
        case _:
            return ("act", "beat", "location", "character", "theme")[(place.number + place.turn) % 5]
