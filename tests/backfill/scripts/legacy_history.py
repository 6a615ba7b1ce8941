"""A script of a legacy application with its saves, for tests of its migration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backfill.scripts.legacy_script import LegacySave, LegacyScript
from backfill.scripts.migrate_script import MigratedScript, ScriptMigration
from backfill.scripts.prove_script import Proof, prove_script
from domain.submissions.origin import Origin
from materialization.history.state_at import state_at
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import SECOND, START, Clock

YEARS_AGO = START - 100_000_000 * SECOND


def json_save(*texts: str, ids: str = "abcdefghijklmnop") -> bytes:
    lines = [f'{{"id":"{line_id}","format":"action","content":"{text}"}}' for line_id, text in zip(ids, texts)]  # noqa: B905 - as many ids as needed
    return f'{{"version":2,"lines":[{",".join(lines)}]}}'.encode()


def saves_of(contents: Sequence[bytes], authors: Sequence[tuple[str, str]] = ()) -> list[LegacySave]:
    saves = []
    for number, content in enumerate(contents, 1):
        author, actor = authors[number - 1] if authors else ("user", "Ann")
        origin = Origin(table="script_versions", key=str(100 + number), number=number, author=author, actor=actor)  # type: ignore[arg-type]
        saves.append(LegacySave(origin, content, YEARS_AGO + number * SECOND))
    return saves


class ListedSaves:
    """Saves in a list. `reads` counts those that were read; the one at `stop` interrupts."""

    def __init__(self, saves: Sequence[LegacySave], *, stop: int | None = None) -> None:
        self.saves = saves
        self.reads = 0
        self.stop = stop

    def __len__(self) -> int:
        return len(self.saves)

    def row(self, place: int) -> tuple[str, str]:
        origin = self.saves[place].origin
        return origin.table, origin.key

    def weight(self, place: int) -> int:  # noqa: ARG002 - each save is one row
        return 1

    def saved_at(self, place: int) -> int | None:
        return self.saves[place].saved_at

    def read(self, start: int) -> Iterator[LegacySave]:
        for place in range(start, len(self.saves)):
            if place == self.stop:
                raise KeyboardInterrupt
            self.reads += 1
            yield self.saves[place]


class Legacy:
    """A script of the legacy application, and its migration."""

    def __init__(self, unit_of_work: UnitOfWork, clock: Clock, contents: Sequence[bytes]) -> None:
        self.unit_of_work = unit_of_work
        self.saves = saves_of(contents)
        with unit_of_work.records() as tx:
            script_id = tx.scripts.new_id()
        self.script = LegacyScript(
            script_id=script_id,
            origin=Origin(table="scripts", key=str(script_id)),
            title="The Ferry",
            owner=1,
            created_at=YEARS_AGO + SECOND,
        )
        self.migration = ScriptMigration(unit_of_work, clock=clock)

    def run(self) -> MigratedScript:
        return self.migration.run(self.script, ListedSaves(self.saves))

    def proof(self) -> Proof:
        with self.unit_of_work.reading() as tx:
            return prove_script(tx, self.script, ListedSaves(self.saves))

    def texts(self, version: int | None = None) -> list[str]:
        with self.unit_of_work.reading() as tx:
            return [line.text for line in state_at(tx, self.script.script_id, version).lines()]

    def head(self) -> int:
        with self.unit_of_work.reading() as tx:
            return tx.heads.require(self.script.script_id).version
