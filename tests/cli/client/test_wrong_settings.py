"""Wrong settings and outages × programs: one sentence that names the setting, the status, nothing of a password."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.cli.running import CommandLine, Ran, sentence

pytestmark = pytest.mark.slow

SECRET = "s3cret-Pw"
PIECE = 5  # characters of it that may nowhere stand in a row
PROGRAMS: dict[str, tuple[object, ...]] = {
    "the command line": ("scripts",),
    "a worker": ("worker", "--role", "commands"),
    "beat": ("beat",),
    "Flower": ("flower", "--port", "{free}"),
    "the page": ("serve", "--port", "{free}"),
    "the doctor": ("doctor",),
}
UNREACHABLE = 4

DATABASE, BROKER = "SCRIPTLEDGER_DATABASE_URL", "SCRIPTLEDGER_BROKER_URL"
PASSWORD_FILE = "SCRIPTLEDGER_DATABASE_PASSWORD_FILE"
MYSQL = f"mysql://u:{SECRET}@127.0.0.1:{{closed}}/x"
URL, OPTIONS, FILE = "is not a database URL", "whose options are among", "is not a file of one line with a password"

# What is wrong; the environment, in which `{…}` is a place or a port; what the sentence says.
TABLE: dict[str, tuple[dict[str, str], str]] = {
    "another scheme": ({DATABASE: f"postgres://u:{SECRET}@h/x"}, f"{DATABASE} {URL}"),
    "a password alone": ({DATABASE: SECRET}, f"{DATABASE} {URL}"),
    "no database name": ({DATABASE: f"mysql://u:{SECRET}@h"}, "write @ as %40"),
    "a port of letters": ({DATABASE: f"mysql://u:{SECRET}@h:abc/x"}, f"{DATABASE} {URL}"),
    "a port too large": ({DATABASE: f"mysql://u:{SECRET}@h:99999/x"}, f"{DATABASE} {URL}"),
    "an @ in a password": ({DATABASE: f"mysql://u:{SECRET}@{SECRET}@h/x"}, "write @ as %40"),
    "half an address": ({DATABASE: f"mysql://u:{SECRET}@[::1/x"}, f"{DATABASE} {URL}"),
    "an unknown option": ({DATABASE: f"mysql://u:{SECRET}@h/x?{SECRET}=1"}, OPTIONS),
    "another charset": ({DATABASE: f"mysql://u:{SECRET}@h/x?charset=latin1"}, "charset=utf8mb4"),
    "TLS and none": ({DATABASE: f"mysql://u:{SECRET}@h/x?ssl_ca={{file}}&ssl_disabled=true"}, f"{DATABASE} {URL}"),
    "no certificate": ({DATABASE: f"mysql://u:{SECRET}@h/x?ssl_ca={{none}}"}, "whose ssl_ca is a file"),
    "SQLite in memory": ({DATABASE: "sqlite://"}, f"{DATABASE} {URL}"),
    "another broker": ({BROKER: f"sqs://u:{SECRET}@h"}, f"{BROKER} is not a broker URL"),
    "a broker without host": ({BROKER: f"redis://:{SECRET}@"}, f"{BROKER} is not a broker URL"),
    "a broker's port of letters": ({BROKER: f"redis://:{SECRET}@h:abc/0"}, f"{BROKER} is not a broker URL"),
    "a broker's database of letters": ({BROKER: f"redis://:{SECRET}@h/x"}, f"{BROKER} is not a broker URL"),
    "a slash in a broker's password": ({BROKER: f"redis://:{SECRET}/{SECRET}@h/0"}, "/ as %2F"),
    "a broker's password alone": ({BROKER: SECRET}, f"{BROKER} is not a broker URL"),
    "a pool of letters": ({"SCRIPTLEDGER_POOL_SIZE": SECRET}, "POOL_SIZE is not a number from 2"),
    "a pool of one": ({"SCRIPTLEDGER_POOL_SIZE": "1"}, "POOL_SIZE is not a number from 2"),
    "a pool without end": ({"SCRIPTLEDGER_POOL_SIZE": "9" * 30}, "POOL_SIZE is not a number from 2"),
    "days before now": ({"SCRIPTLEDGER_KEEP_REJECTED_DAYS": "-1"}, "KEEP_REJECTED_DAYS is not a number from 1"),
    "more than all": ({"SCRIPTLEDGER_AI_DELETE_PERCENT": "101"}, "AI_DELETE_PERCENT is not a number from 1 to 100"),
    "another log format": ({"SCRIPTLEDGER_LOG_FORMAT": "xml"}, "LOG_FORMAT is not one of text, json"),
    "another log level": ({"SCRIPTLEDGER_LOG_LEVEL": "loud"}, "LOG_LEVEL is not one of"),
    "yes instead of 1": ({"SCRIPTLEDGER_REQUIRE_ACCOUNTS": "yes"}, "REQUIRE_ACCOUNTS is not a number from 0 to 1"),
    "no password file": ({DATABASE: "mysql://u@h/x", PASSWORD_FILE: "{none}"}, "is not a file that can be read"),
    "a folder as one": ({DATABASE: "mysql://u@h/x", PASSWORD_FILE: "{folder}"}, "is not a file that can be read"),
    "an empty one": ({DATABASE: "mysql://u@h/x", PASSWORD_FILE: "{file}"}, FILE),
    "one of two lines": ({DATABASE: "mysql://u@h/x", PASSWORD_FILE: "{lines}"}, FILE),
    "a model without http": ({"SCRIPTLEDGER_MODEL_URL": f"ftp://u:{SECRET}@h"}, "MODEL_URL is not the address"),
    "a model's time in letters": ({"SCRIPTLEDGER_MODEL_SECONDS": "x"}, "MODEL_SECONDS is not a number from 1"),
}
# Outages, and what is there instead of a database. The page starts all the same, and shows them.
OUTAGES: dict[str, tuple[dict[str, str], str]] = {
    "no database server": ({DATABASE: MYSQL}, "cannot be reached"),
    "no such host": ({DATABASE: f"mysql://u:{SECRET}@no-such-host.invalid/x"}, "cannot be reached"),
    "no file": ({DATABASE: "sqlite:///{folder}/no/where.db"}, "no/where.db"),
    "a folder as a database": ({DATABASE: "sqlite:///{folder}"}, "{folder}"),
    "a file of something else": ({DATABASE: "sqlite:///{lines}"}, "{lines}"),
}


class Place(NamedTuple):
    """Programs with everything they need, and the places and ports that a row of the table names."""

    command_line: CommandLine
    places: dict[str, str]

    def run(self, program: str, environ: dict[str, str]) -> Ran:
        args = [self.filled(str(arg)) for arg in PROGRAMS[program]]
        return self.command_line(*args, timeout=15, **{name: self.filled(value) for name, value in environ.items()})

    def filled(self, text: str) -> str:
        for name, value in self.places.items():
            text = text.replace(f"{{{name}}}", value)
        return text


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "file").touch()
    (folder / "lines").write_text(f"{SECRET}\n{SECRET}\n" * 50)
    (folder / "people").write_text(f"ann:{SECRET}\n")
    for file in ("file", "lines", "people"):
        (folder / file).chmod(0o600)
    with socket.socket() as closed, socket.socket() as free:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        free.bind(("127.0.0.1", 0))
        places = {name: str(folder / name) for name in ("file", "lines", "none")}
        places |= {"folder": str(folder), "closed": str(closed.getsockname()[1]), "free": str(free.getsockname()[1])}
        free.close()
        command_line = CommandLine(
            folder / "home",
            warm=True,
            SCRIPTLEDGER_BROKER_URL=f"redis://127.0.0.1:{places['closed']}/0",
            SCRIPTLEDGER_FLOWER_PASSWORD=SECRET,
            SCRIPTLEDGER_VIEWERS_FILE=str(folder / "people"),
        )
        yield Place(command_line, places)


@pytest.mark.parametrize("wrong", [*TABLE, *OUTAGES])
def test_every_program_says_in_one_sentence_what_is_wrong(place: Place, wrong: str):
    environ, words = {**TABLE, **OUTAGES}[wrong]
    for program in PROGRAMS:
        if program == "the page" and wrong in OUTAGES:
            continue
        ran = place.run(program, environ)
        printed = ran.out + ran.err
        assert "Traceback" not in printed, program
        assert ran.status == UNREACHABLE, (program, printed)
        assert not [part for part in pieces() if part in printed], (program, printed)
        if program == "the doctor":
            assert ran.out.startswith("fault "), ran.out  # a line for each check, the worst first
            printed = " ".join(ran.out.split())
            if wrong in OUTAGES:
                continue  # it has its own words for each check
        else:
            printed = sentence(ran)
        assert place.filled(words) in printed, (program, printed)


def pieces() -> list[str]:
    return [SECRET[start : start + PIECE] for start in range(len(SECRET) - PIECE + 1)]
