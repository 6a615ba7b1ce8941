"""Diagnosis: the results of all checks, also where a setting is invalid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from workers.checks.examination import examine_broker, examine_database, examine_machine
from workers.checks.finding import SEVERITY, Result, fault, fine
from workers.process.roles import Role
from workers.setting_values import PREFIX, BadSetting
from workers.settings import Settings


def diagnose(environ: Mapping[str, str], roles: Sequence[Role] = ()) -> list[Result]:
    """The results of all checks on the settings in an environment, the worst first."""
    chosen, bad = _usable_settings(environ)
    results = [Result("settings", "values", fault(sentence, "Correct this variable.")) for sentence in bad.values()]
    if not bad:
        results.append(Result("settings", "values", fine("Every setting has a valid value.")))
    if chosen is not None:
        results += _examined(chosen, bad, roles)
    return sorted(results, key=lambda result: SEVERITY[result.finding.level])


def _examined(chosen: Settings, bad: Mapping[str, str], roles: Sequence[Role]) -> Iterator[Result]:
    if not any(name.startswith(f"{PREFIX}DATABASE_") for name in bad):
        yield from examine_database(chosen, roles)
    if not any(name.startswith(f"{PREFIX}BROKER_") for name in bad):
        yield from examine_broker(chosen, roles)
    yield from examine_machine(chosen)


def _usable_settings(environ: Mapping[str, str]) -> tuple[Settings | None, dict[str, str]]:
    """The settings without the invalid ones, and the sentence about each of these."""
    left, bad = dict(environ), dict[str, str]()
    while True:
        try:
            return Settings.from_env(left), bad
        except BadSetting as error:
            name = str(error).partition(" ")[0]
            if name in bad or name not in left:
                # The sentence is about several variables together, or about none.
                return None, {**bad, name: str(error)}
            bad[name] = str(error)
            del left[name]
