"""An SQLite file opened so that nothing of it, nor next to it, changes."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

_WRITE_AHEAD = b"\x02\x02"


def read_only_uri(file: Path) -> str:
    """The URI that opens a file read only.

    A file in write-ahead mode gets two companions from every reader, unless it is opened as one that does not change:
    which is so while it has none.
    """
    still = "&immutable=1" if _is_write_ahead(file) and not file.with_name(f"{file.name}-wal").exists() else ""
    return f"file:{quote(str(file))}?mode=ro{still}"


def _is_write_ahead(file: Path) -> bool:
    """Whether the header of a file says that it is in write-ahead mode."""
    try:
        with file.open("rb") as opened:
            return opened.read(20)[18:] == _WRITE_AHEAD
    except OSError:
        return False  # SQLite reports it
