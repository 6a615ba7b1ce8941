"""The tasks of a proof: an item compared with the source, or a script verified; none depends on another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from backfill.certificate.problems import Problems
from backfill.domains.base import BackfillContext, Difference
from backfill.domains.registry import DOMAINS
from domain.errors import Conflict
from materialization.integrity.audit import audit
from repos.backfill.item import BackfillItem
from repos.database.driver_errors import DriverError
from repos.legacy.errors import SourceError
from repos.unit_of_work import UnitOfWork

PAGE = 1_000
# Without source or ledger there is no verdict.
UNAVAILABLE = (Conflict, SourceError, *DriverError)

# Called with what is read or compared, and a number of rows, items or scripts of it.
Progress = Callable[[str, int], object]


class ProvedItem(NamedTuple):
    """An item of a domain, read again from the ledger and compared with the source."""

    domain: str
    name: str

    @property
    def progress_name(self) -> str:
        """What the progress of such tasks is called."""
        return f"proof of {self.domain}"

    def run(self, context: BackfillContext, problems: Problems) -> None:
        """Name every difference."""
        problems.compared("proof")
        try:
            for table, key, sentence in self._differences(context):
                problems.add("proof", sentence, table, key)
        except UNAVAILABLE:
            raise
        except Exception as error:  # whatever it is, this item is not proved
            # Its sentence may quote a value of a row.
            problems.add("proof", f"{self.domain} cannot be read again: {type(error).__name__}", key=self.name)

    def _differences(self, context: BackfillContext) -> Iterator[Difference]:
        yield from DOMAINS[self.domain].prove(context, self.name)


class VerifiedScript(NamedTuple):
    """A script of the ledger whose log, versions and projections have to follow from each other."""

    script_id: int

    @property
    def progress_name(self) -> str:
        """What the progress of such tasks is called."""
        return "verification"

    def run(self, context: BackfillContext, problems: Problems) -> None:
        """Name the first version that is inconsistent."""
        problems.compared("ledger")
        script = self.script_id
        try:
            found = audit(context.unit_of_work, script).finding
            version = None if found is None else found.version
        except UNAVAILABLE:
            raise
        except Exception:  # whatever it is, this script is not verified
            version = 0
        if version is not None:
            sentence = f"script {script} is inconsistent at version {version}: see `scriptledger verify {script}`"
            problems.add("ledger", sentence)


ProofTask = ProvedItem | VerifiedScript


def proof_tasks(context: BackfillContext) -> Iterator[ProofTask]:
    """All tasks of a run, in the order in which a certificate names what they find."""
    for item in items_of(context):
        yield ProvedItem(item.domain, item.name)
    for script in _scripts(context.unit_of_work):
        yield VerifiedScript(script)


def items_of(context: BackfillContext, **options: Any) -> Iterator[BackfillItem]:
    """The items of a run, read page by page."""
    after = 0
    while True:
        with context.unit_of_work.reading() as tx:
            page = tx.backfill_items.read(context.run_id, after=after, limit=PAGE, **options)
        if not page:
            return
        yield from page
        after = page[-1].id


def _scripts(unit_of_work: UnitOfWork) -> Iterator[int]:
    after = 0
    while True:
        with unit_of_work.reading() as tx:
            scripts = [row.id for row in tx.scripts.read(after=after, limit=PAGE)]
        if not scripts:
            return
        yield from scripts
        after = scripts[-1]
