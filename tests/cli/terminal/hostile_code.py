"""A folder of code with odd names and texts, of which one file does not parse."""

from __future__ import annotations

import os
from pathlib import Path

from tests.cli.terminal.hostile_ledger import HOSTILE


def write_code(folder: Path) -> str:
    """Write the code into a folder of its own."""
    code = folder / "code"
    code.mkdir()
    (code / "n\x1b]0;OWNED\x07\u202e.js").write_text(f"db.query(`UPDATE \x1b[2J\u202e SET a = 1`); // {HOSTILE}")
    (code / os.fsdecode(b"n\xff\x1b[2J.py")).write_text("conn.execute('DELETE FROM \x9b31m')\ndef (")
    (code / "gates.toml").write_text("format = 1\n")
    return str(code)
