"""Settings of an installation, read from the environment once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from domain.errors import LedgerError
from repos.database.database_url import UnfitUrl, checked, is_host
from workers.messaging import broker_url
from workers.process.password_file import UnfitFile, read_password, with_password

PREFIX = "SCRIPTLEDGER_"
HOME = Path(".scriptledger")
MAX_DIGITS = 9
# Variables that name a file with a secret; a child process gets the content.
FILES = ("DATABASE_PASSWORD_FILE", "BROKER_PASSWORD_FILE", "MODEL_KEY_FILE")
# The model URL of the rule-based stand-in, for tests and demos.
SCRIPTED = "scripted:"


class BadSetting(LedgerError):
    """An environment variable has an invalid value; the message names the variable and the expected value."""


class Settings(Struct, frozen=True, kw_only=True):
    """The settings. Each field is the variable SCRIPTLEDGER_<NAME>, in capitals."""

    home: Annotated[Path, Meta(description="The folder of the embedded database, its broker and the logs.")] = HOME
    database_url: Annotated[
        str,
        Meta(
            description="The database, as `mysql://user:password@host/name` (MySQL or MariaDB) or `sqlite:///file`. "
            "After `?`, a server takes `unix_socket` and the [TLS](../operations.md#tls-to-the-database) options. "
            "Empty: an SQLite file in the home, created and migrated automatically."
        ),
    ] = ""
    broker_url: Annotated[
        str,
        Meta(
            description="The broker, as `redis://host:6379/0`. Empty: an embedded broker and its workers run while "
            "they are needed."
        ),
    ] = ""
    pool_size: Annotated[
        int, Meta(description="The maximum number of database connections of a process; a rebuild needs two.")
    ] = 2
    keep_rejected_days: Annotated[
        int, Meta(description="How many days a rejected submission stays in the dead letters.")
    ] = 90
    ai_delete_percent: Annotated[
        int,
        Meta(description="The percentage of a script's lines an AI run may delete without consent, from 1 to 100."),
    ] = 20
    model_url: Annotated[
        str,
        Meta(
            description="The model that drafts proposals: an OpenAI-compatible URL like `https://host/v1`, or "
            "`scripted:` for a stand-in that only follows quoted rules. Empty: no proposals."
        ),
    ] = ""
    model: Annotated[str, Meta(description="The name of the model at that URL.")] = ""
    model_key: Annotated[str, Meta(description="The API key for that URL. It is never shown.")] = ""

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
            pool_size=_count("POOL_SIZE", environ.get(f"{PREFIX}POOL_SIZE", ""), least=2) or 2,
            keep_rejected_days=_count("KEEP_REJECTED_DAYS", environ.get(f"{PREFIX}KEEP_REJECTED_DAYS", "")) or 90,
            ai_delete_percent=_percent("AI_DELETE_PERCENT", environ.get(f"{PREFIX}AI_DELETE_PERCENT", "")) or 20,
            model_url=_model_url(environ.get(f"{PREFIX}MODEL_URL", "")),
            model=_model(environ.get(f"{PREFIX}MODEL", "")),
            model_key=_key(environ.get(f"{PREFIX}MODEL_KEY", "") or _read("MODEL_KEY_FILE", environ)),
        )

    def to_env(self) -> dict[str, str]:
        """The environment variables that give a child process these settings."""
        return {
            f"{PREFIX}HOME": str(self.home),
            f"{PREFIX}DATABASE_URL": self.database_url,
            f"{PREFIX}BROKER_URL": self.broker_url,
            f"{PREFIX}POOL_SIZE": str(self.pool_size),
            f"{PREFIX}KEEP_REJECTED_DAYS": str(self.keep_rejected_days),
            f"{PREFIX}AI_DELETE_PERCENT": str(self.ai_delete_percent),
            f"{PREFIX}MODEL_URL": self.model_url,
            f"{PREFIX}MODEL": self.model,
            f"{PREFIX}MODEL_KEY": self.model_key,
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
        _refuse(name, str(error))


def _read(name: str, environ: Mapping[str, str]) -> str:
    path = environ.get(f"{PREFIX}{name}")
    try:
        return read_password(path) if path else ""
    except UnfitFile as error:
        _refuse(name, str(error))


def _database_url(url: str) -> str:
    try:
        return url and checked(url)
    except UnfitUrl as error:
        _refuse("DATABASE_URL", str(error))


def _broker_url(url: str) -> str:
    if url and not broker_url.is_broker_url(url):
        _refuse("BROKER_URL", broker_url.wanted(url))
    return url


def _count(name: str, value: str, *, least: int = 1) -> int:
    if value and not (value.isdecimal() and value.isascii() and len(value) <= MAX_DIGITS and int(value) >= least):
        _refuse(name, f"a number from {least}")
    return int(value or 0)


def _percent(name: str, value: str) -> int:
    percent = _count(name, value)
    if percent > 100:
        _refuse(name, "a number from 1 to 100")
    return percent


def _model_url(url: str) -> str:
    if url and url != SCRIPTED and not _is_address(url):
        wanted = f"the address of a model, like https://host/v1, or {SCRIPTED}"
        hint = f" (a key belongs in {PREFIX}MODEL_KEY)" if set("@?#") & set(url) else ""
        _refuse("MODEL_URL", wanted + hint)
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:  # without its message, which may quote a key
        return False
    is_http = parts.scheme in ("http", "https") and host is not None and is_host(host)
    return is_http and url.isprintable() and not set("@?#") & set(url)


def _model(name: str) -> str:
    if not name.isprintable():
        _refuse("MODEL", "the name of a model: letters, digits and marks on one line")
    return name


def _key(key: str) -> str:
    # The key is sent in a header; an error would quote a character that is not allowed there.
    if not all("!" <= character <= "~" for character in key):
        _refuse("MODEL_KEY", "a key: letters, digits and marks without white space")
    return key


def _refuse(name: str, wanted: str) -> NoReturn:
    # Without the value: it may contain a password.
    raise BadSetting(f"{PREFIX}{name} is not {wanted}.")
