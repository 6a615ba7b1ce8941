"""A copy of a ledger full of hostile text, files of odd names and contents, and a terminal to print on."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from tests.cli.running import CommandLine
from tests.cli.terminal.hostile_code import write_code
from tests.cli.terminal.hostile_ledger import HOSTILE
from tests.cli.warm import run_warm

ODD_NAME = "n\x1b]0;OWNED\x07\u202e\x9b31m\n.fountain"
ODD_BYTES = os.fsdecode(b"n\xff\x1b[2J.fountain")


class Place:
    """A copy of the ledger, and files of odd names and contents."""

    def __init__(self, ledger: Path, folder: Path) -> None:
        shutil.copytree(ledger, folder / "home")
        self.command_line = CommandLine(folder / "home", warm=True, SCRIPTLEDGER_MODEL_URL="scripted:")
        self._folder = folder
        self._files = {
            "odd": self._file(ODD_NAME, b"INT. FERRY\n\nIt rains.\n"),
            "bytes": self._file(ODD_BYTES, b"INT. FERRY\n"),
            "fdx": self._file("a.fdx", b"<x\x1b]0;OWNED\x07/>"),
            "bad_fdx": self._file("b.fdx", "<!DOCTYPE a [<!ENTITY a SYSTEM 'x\u009b31m'>]><FinalDraft/>".encode()),
            "submission": self._file("s.json", json.dumps({"script_id": 1, HOSTILE: HOSTILE}).encode()),
            "history": self._file("h.jsonl", json.dumps({"format": "scriptledger-history", HOSTILE: 1}).encode()),
            "odd_name": ODD_NAME,
            "legacy": self._legacy("legacy.db", HOSTILE.replace("\0", "")),
            "frozen": str(folder / "frozen.json"),
            "code": write_code(folder),
            "mapping": str(folder / "legacy.toml"),
        }
        self.command_line("legacy", "map", f"sqlite:///{self._files['legacy']}", "-o", self._files["mapping"])
        other = self._legacy("other.db", "plain")
        self.command_line("legacy", "freeze", f"sqlite:///{other}", "-o", self._files["frozen"])

    def _legacy(self, name: str, text: str) -> str:
        """A legacy database whose names, defaults and values are a text."""
        file = self._folder / name
        quoted = text.replace('"', '""')
        value = text.replace("'", "''")
        with closing(sqlite3.connect(file)) as connection:
            for table in ("", quoted):
                connection.execute(
                    f'CREATE TABLE "scripts{table}" (id INTEGER PRIMARY KEY, user_id INTEGER, title VARCHAR(99), '
                    f"\"{quoted}\" TEXT DEFAULT '{value}', content TEXT, created_at DATETIME)"
                )
                connection.execute(f'INSERT INTO "scripts{table}" VALUES (1, 7, ?, ?, ?, ?)', [text] * 4)
            connection.commit()
        return str(file)

    def args(self, name: str, args: list[object]) -> list[str]:
        return [*name.split(), *(self._filled(str(arg)) for arg in args)]

    def on_a_terminal(self, args: list[str]) -> str:
        """What a command prints on a terminal, both outputs in one."""
        outside, inside = os.openpty()
        printed: list[bytes] = []
        reading = threading.Thread(target=_read, args=(outside, printed))
        reading.start()
        terminal = Path(os.ttyname(inside))
        environ = {**self.command_line.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
        run_warm(args, environ, self._folder, (Path(os.devnull), terminal, terminal), 120)
        os.close(inside)
        reading.join()
        os.close(outside)
        return b"".join(printed).decode()

    def _file(self, name: str, data: bytes) -> str:
        (self._folder / name).write_bytes(data)
        return str(self._folder / name)

    def _filled(self, arg: str) -> str:
        for name, value in self._files.items():
            arg = arg.replace(f"{{{name}}}", value)
        return arg


def _read(outside: int, printed: list[bytes]) -> None:
    while True:
        try:
            part = os.read(outside, 65536)
        except OSError:  # Linux raises this at the end of the output
            return
        if not part:
            return
        printed.append(part)
