"""The reference page of settings and worker roles."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.inspect import Metadata, StructType, type_info

from workers.process.roles import ROLES
from workers.setting_values import PREFIX
from workers.settings import Settings

HEAD = """# Settings

Everything that differs between installations is an environment variable, read once when a process starts. Without any,
everything is embedded.
"""
OTHERS = {
    "SCRIPTLEDGER_DATABASE_PASSWORD_FILE": "A file with the password, for a database URL without one.",
    "SCRIPTLEDGER_BROKER_PASSWORD_FILE": "The same for the broker.",
    "SCRIPTLEDGER_MODEL_KEY_FILE": "A file with the key of the model, instead of the variable.",
    "SCRIPTLEDGER_DEBUG": "If not empty, a command that fails prints a traceback instead of one sentence.",
    "SCRIPTLEDGER_HEARTBEAT": "A file that one worker, or beat, touches while it works, with reports next to it: for "
    "[health checks](../operations/deploy.md#health-checks).",
    "SCRIPTLEDGER_FLOWER_PASSWORD": "The password that `scriptledger flower` requires; `dev` generates its own.",
    "SCRIPTLEDGER_FLOWER_URL": "The address of Flower that the page of `scriptledger serve` links to; empty: no link.",
    "SCRIPTLEDGER_OPERATORS_FILE": "A file with a line `name:password` for each person who may act on the page of "
    "`scriptledger serve`.",
    "SCRIPTLEDGER_VIEWERS_FILE": "The same for those who may only look.",
    "SCRIPTLEDGER_TRUSTED_PROXIES": "The addresses or networks, with commas, of proxies in front of "
    "`scriptledger serve` that set X-Forwarded-For; empty: none.",
    "NO_COLOR": "If not empty, no colours, as in every program that respects it.",
}


def page() -> str:
    """The page, as Markdown."""
    return "\n".join([HEAD, *_settings(), *_roles()])


def _settings() -> Iterator[str]:
    rows = ["| variable | meaning | default |", "| --- | --- | --- |"]
    info = type_info(Settings)
    assert isinstance(info, StructType)  # noqa: S101 - for the type checker
    # The model comes last: most installations have none.
    for field in sorted(info.fields, key=lambda field: field.name.startswith("model")):
        assert isinstance(field.type, Metadata)  # noqa: S101 - every setting is described
        about = (field.type.extra_json_schema or {})["description"]
        empty = "embedded" if field.name in ("database_url", "broker_url") else ""
        default = f"`{field.default}`" if field.default not in ("", None) else empty
        rows.append(f"| `{PREFIX}{field.name.upper()}` | {about} | {default} |")
    rows += [f"| `{name}` | {about} | |" for name, about in OTHERS.items()]
    yield "\n".join(rows) + "\n"


def _roles() -> Iterator[str]:
    yield "## Worker roles\n"
    rows = ["| role | queue | pool | a message survives the crash of its worker |", "| --- | --- | --- | --- |"]
    for role in ROLES.values():
        survives = "yes" if role.acknowledges else "no, but the database row that it announces does"
        rows.append(f"| `{role.name}` | `{role.queue}` | {role.pool} | {survives} |")
    yield "\n".join(rows) + "\n"
