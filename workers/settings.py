"""Settings: what differs from one installation to the next, read from the environment once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

PREFIX = "SCRIPTLEDGER_"
HOME = Path(".scriptledger")


class Settings(Struct, frozen=True, kw_only=True):
    """Where things are.

    Without a database URL everything lives in an SQLite file in `home`; without a broker URL an embedded broker is
    started for as long as it is needed.
    """

    home: Path = HOME
    database_url: str = ""
    broker_url: str = ""
    pool_size: int = 2

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """The settings an environment names."""
        home = Path(environ.get(f"{PREFIX}HOME") or HOME).absolute()
        return cls(
            home=home,
            database_url=environ.get(f"{PREFIX}DATABASE_URL") or f"sqlite:///{home / 'ledger.db'}",
            broker_url=environ.get(f"{PREFIX}BROKER_URL", ""),
        )

    def to_env(self) -> dict[str, str]:
        """The environment a child process needs to have these settings."""
        return {
            f"{PREFIX}HOME": str(self.home),
            f"{PREFIX}DATABASE_URL": self.database_url,
            f"{PREFIX}BROKER_URL": self.broker_url,
        }
