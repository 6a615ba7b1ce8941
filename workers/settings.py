"""Settings of an installation, read from the environment once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from repos.database.database_url import UnfitUrl, checked
from workers.messaging import broker_url
from workers.model_settings import ModelSettings
from workers.process.log_choices import FORMATS, INFO, LEVELS, TEXT
from workers.process.password_file import UnfitFile, read_password, with_password
from workers.setting_values import PREFIX, choice, number, refuse

HOME = Path(".scriptledger")
# Variables that name a file with a secret; a child process gets the content.
FILES = ("DATABASE_PASSWORD_FILE", "BROKER_PASSWORD_FILE", "LEGACY_PASSWORD_FILE", "MODEL_KEY_FILE")


class Settings(ModelSettings, frozen=True, kw_only=True):
    """The settings. Each field is the variable SCRIPTLEDGER_<NAME>, in capitals."""

    home: Annotated[Path, Meta(description="The folder of the embedded database, its broker and the logs.")] = HOME
    database_url: Annotated[
        str,
        Meta(
            description="The database, as `mysql://user:password@host/name` (MySQL or MariaDB) or `sqlite:///file`. "
            "After `?`, a server takes `unix_socket` and the [TLS](../operations/deploy.md#tls-to-the-database) "
            "options. Empty: an SQLite file in the home, created and migrated automatically."
        ),
    ] = ""
    broker_url: Annotated[
        str,
        Meta(
            description="The broker, as `redis://host:6379/0`. Empty: an embedded broker and its workers run while "
            "they are needed."
        ),
    ] = ""
    legacy_url: Annotated[
        str,
        Meta(
            description="The legacy database that `scriptledger legacy` and `scriptledger backfill` read, as "
            "`mysql://user:password@host/name` or `sqlite:///file`. Workers of the role backfill need it; it is never "
            "stored."
        ),
    ] = ""
    pool_size: Annotated[
        int, Meta(description="The maximum number of database connections of a process; a rebuild needs two.")
    ] = 2
    require_accounts: Annotated[
        int,
        Meta(
            description="1: workers start only where [database accounts](../migration/gates.md#database-accounts) are "
            "installed. 0: they start without, too."
        ),
    ] = 0
    keep_rejected_days: Annotated[
        int, Meta(description="How many days a rejected submission stays in the dead letters.")
    ] = 90
    ai_delete_percent: Annotated[
        int,
        Meta(description="The percentage of a script's lines an AI run may delete without consent, from 1 to 100."),
    ] = 20
    log_format: Annotated[
        str, Meta(description="The format of the logs of workers: `text`, or `json` with one object a line.")
    ] = TEXT
    log_level: Annotated[
        str,
        Meta(description="The least level that is logged: `debug` (with ticks), `info`, `warning` or `error`."),
    ] = INFO

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """The settings in an environment.

        Raises:
            BadSetting: a variable has an invalid value.
        """
        home = Path(environ.get(f"{PREFIX}HOME") or HOME).absolute()
        return cls(
            home=home,
            database_url=_database_url(_with_password("DATABASE", environ)) or _sqlite_in(home),
            broker_url=_broker_url(_with_password("BROKER", environ)),
            legacy_url=_with_password("LEGACY", environ),
            pool_size=number("POOL_SIZE", environ.get(f"{PREFIX}POOL_SIZE", ""), least=2) or 2,
            require_accounts=number("REQUIRE_ACCOUNTS", environ.get(f"{PREFIX}REQUIRE_ACCOUNTS", ""), least=0, most=1),
            keep_rejected_days=number("KEEP_REJECTED_DAYS", environ.get(f"{PREFIX}KEEP_REJECTED_DAYS", "")) or 90,
            ai_delete_percent=number("AI_DELETE_PERCENT", environ.get(f"{PREFIX}AI_DELETE_PERCENT", ""), most=100)
            or 20,
            log_format=choice("LOG_FORMAT", environ.get(f"{PREFIX}LOG_FORMAT", ""), FORMATS),
            log_level=choice("LOG_LEVEL", environ.get(f"{PREFIX}LOG_LEVEL", ""), LEVELS),
            **cls.model_from_env(environ, partial(_read, "MODEL_KEY_FILE", environ)),
        )

    def to_env(self) -> dict[str, str]:
        """The environment variables that give a child process these settings."""
        return {
            f"{PREFIX}HOME": str(self.home),
            f"{PREFIX}DATABASE_URL": self.database_url,
            f"{PREFIX}BROKER_URL": self.broker_url,
            f"{PREFIX}LEGACY_URL": self.legacy_url,
            f"{PREFIX}POOL_SIZE": str(self.pool_size),
            f"{PREFIX}REQUIRE_ACCOUNTS": str(self.require_accounts),
            f"{PREFIX}KEEP_REJECTED_DAYS": str(self.keep_rejected_days),
            f"{PREFIX}AI_DELETE_PERCENT": str(self.ai_delete_percent),
            f"{PREFIX}LOG_FORMAT": self.log_format,
            f"{PREFIX}LOG_LEVEL": self.log_level,
            **self.model_to_env(),
            **dict.fromkeys((f"{PREFIX}{name}" for name in FILES), ""),
        }

    @property
    def embedded_broker(self) -> bool:
        """Whether the program starts its own broker and workers."""
        return not self.broker_url

    @property
    def embedded_database(self) -> bool:
        """Whether the database is the SQLite file in the home, which the program creates and migrates."""
        return self.database_url == _sqlite_in(self.home)

    @property
    def sqlite_file(self) -> Path | None:
        """The file of an SQLite database; None for a server."""
        scheme, _, path = self.database_url.partition(":///")
        return Path(path) if scheme == "sqlite" else None

    def __repr__(self) -> str:
        """Without passwords: settings end up in logs."""
        shown = f"database={without_password(self.database_url)}, broker={without_password(self.broker_url)}"
        return f"Settings(home={self.home}, {shown}, pool_size={self.pool_size})"


def without_password(url: str) -> str:
    """A URL that is safe to show: without user, password, query, or the driver name, which is added internally."""
    scheme, mark, rest = url.partition("?")[0].partition("://")
    scheme = scheme.removesuffix("+pymysql")
    # A password may contain anything, even an unescaped slash; if the rest begins with a slash, it has no password.
    return scheme + mark + (rest if rest.startswith("/") else rest.rpartition("@")[2])


def _sqlite_in(home: Path) -> str:
    return f"sqlite:///{home / 'ledger.db'}"


def _with_password(server: str, environ: Mapping[str, str]) -> str:
    """The URL of a server, with the password from a file where one is named."""
    url, name = environ.get(f"{PREFIX}{server}_URL", ""), f"{server}_PASSWORD_FILE"
    password = _read(name, environ)
    if not password:
        return url
    try:
        return with_password(url, password)
    except UnfitFile as error:
        refuse(name, str(error))


def legacy_url(url: str, environ: Mapping[str, str]) -> str:
    """The URL of a legacy database that a command was given, with the password from its file if it has none.

    Raises:
        BadSetting: the file holds no password.
    """
    _, mark, rest = url.partition("://")
    user, at, _ = rest.partition("/")[0].rpartition("@")
    if not mark or not at or ":" in user:
        return url
    return _with_password("LEGACY", {**environ, f"{PREFIX}LEGACY_URL": url})


def _read(name: str, environ: Mapping[str, str]) -> str:
    path = environ.get(f"{PREFIX}{name}")
    try:
        return read_password(path) if path else ""
    except UnfitFile as error:
        refuse(name, str(error))


def _database_url(url: str) -> str:
    try:
        return url and checked(url)
    except UnfitUrl as error:
        refuse("DATABASE_URL", str(error))


def _broker_url(url: str) -> str:
    if url and not broker_url.is_broker_url(url):
        refuse("BROKER_URL", broker_url.wanted(url))
    return url
