"""Domains made for tests: items of any name, whose slices do what a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from backfill.domains.base import BackfillContext, Counts, Difference, Domain, ItemWork

Slice = Callable[[ItemWork], bool]


def one_slice(work: ItemWork) -> bool:
    """Count one row and be done."""
    record(work, b"end")
    return True


def only_slice(work: ItemWork) -> bool:
    """The same in one transaction, which closes the item."""
    record(work, b"end", last=True)
    return True


def record(work: ItemWork, checkpoint: bytes, *, last: bool = False) -> None:
    """Record one row of the table `ideas`."""
    with work.context.unit_of_work.records() as tx:
        work.refresh(tx)
        work.record(tx, checkpoint, {"ideas": Counts(migrated=1)}, last=last)
    work.committed()


class Made(Domain):
    """A domain with these items; with `by_slice` the first slice of each claims it."""

    def __init__(
        self, name: str, items: list[str], *needs: str, does: Slice = one_slice, by_slice: bool = False
    ) -> None:
        self.name = name  # type: ignore[misc]
        self.needs = needs  # type: ignore[misc]
        self.names = items
        self.does = does
        self.by_slice = by_slice

    def items(self, context: BackfillContext) -> Iterator[str]:  # noqa: ARG002 - items need no source
        yield from self.names

    def is_claimed_by_slice(self, name: str) -> bool:  # noqa: ARG002 - the same for all
        return self.by_slice

    def migrate(self, work: ItemWork) -> bool:
        return self.does(work)

    def prove(self, context: BackfillContext, name: str) -> Iterator[Difference]:  # noqa: ARG002 - nothing to compare
        yield from ()
