"""Settings of `scriptledger serve`: who may sign in, the address, trusted proxies, and the link to Flower."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, NamedTuple

from workers.http.access.people import DuplicateName, People, Role
from workers.http.access.proxies import MAX_NETWORKS, Network, read_networks
from workers.process.password_file import UnfitFile, read_users
from workers.setting_values import PREFIX, refuse

FILES: Final[Mapping[Role, str]] = {"operator": "OPERATORS_FILE", "viewer": "VIEWERS_FILE"}
FLOWER_URL = "FLOWER_URL"
TRUSTED_PROXIES = "TRUSTED_PROXIES"
# For the child process alone: what the files hold, and where it listens.
_PEOPLE, _LISTENING = f"{PREFIX}SERVE_PEOPLE", f"{PREFIX}SERVE_LISTENING"


class ServeSettings(NamedTuple):
    """The settings; `listening` is `host:port`, or the number of a file descriptor that listens already."""

    people: People
    listening: str
    flower_url: str = ""
    proxies: tuple[Network, ...] = ()

    @classmethod
    def from_env(cls, environ: Mapping[str, str], listening: str) -> ServeSettings:
        """The settings in an environment.

        Raises:
            BadSetting: a variable has an invalid value.
        """
        passwords = {role: _users(name, environ) for role, name in FILES.items()}
        try:
            people = People(passwords)
        except DuplicateName:
            refuse("VIEWERS_FILE", "a file of users who are not operators too")
        url = environ.get(f"{PREFIX}{FLOWER_URL}", "")
        if url and not (url.startswith(("http://", "https://")) and url.isprintable() and len(url) <= 500):
            refuse(FLOWER_URL, "an address that begins with http:// or https://")
        return cls(people, listening, url, _proxies(environ))

    @classmethod
    def of_child(cls, environ: dict[str, str]) -> ServeSettings:
        """The settings that a parent process gave; the passwords are removed from the environment."""
        people = People(json.loads(environ.pop(_PEOPLE)))
        return cls(people, environ[_LISTENING], environ.get(f"{PREFIX}{FLOWER_URL}", ""), _proxies(environ))

    def to_env(self) -> dict[str, str]:
        """The environment variables that give a child process these settings."""
        return {
            _PEOPLE: json.dumps(self.people.passwords),
            _LISTENING: self.listening,
            f"{PREFIX}{FLOWER_URL}": self.flower_url,
            f"{PREFIX}{TRUSTED_PROXIES}": ",".join(map(str, self.proxies)),
            **{f"{PREFIX}{name}": "" for name in FILES.values()},
        }


def _proxies(environ: Mapping[str, str]) -> tuple[Network, ...]:
    try:
        return read_networks(environ.get(f"{PREFIX}{TRUSTED_PROXIES}", ""))
    except ValueError:
        wanted = f"a list of at most {MAX_NETWORKS} addresses or networks with commas, like 10.0.0.7, 192.168.0.0/24"
        refuse(TRUSTED_PROXIES, wanted)


def _users(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    path = environ.get(f"{PREFIX}{name}")
    try:
        return read_users(path) if path else {}
    except UnfitFile as error:
        refuse(name, str(error))
