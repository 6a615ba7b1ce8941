"""A unit of work creates the repositories it uses, each once."""

from __future__ import annotations

from repos.unit_of_work import RecordsTransaction, UnitOfWork


def test_only_the_repositories_in_use_are_created(unit_of_work: UnitOfWork) -> None:
    with unit_of_work.reading() as tx:
        before = set(vars(tx))
        heads = tx.heads

        assert tx.heads is heads
        assert set(vars(tx)) - before == {"heads"}
        assert type(tx.commands) is not type(heads)


def test_transactions_share_no_repository(unit_of_work: UnitOfWork) -> None:
    with unit_of_work.reading() as one, unit_of_work.reading() as other:
        assert one.heads is not other.heads


def test_every_repository_of_a_transaction_can_be_created(unit_of_work: UnitOfWork) -> None:
    with unit_of_work.reading() as tx:
        names = [name for name in vars(RecordsTransaction) if not name.startswith("_")]
        repositories = [getattr(tx, name) for name in names if name not in ("after_commit", "committed")]

        assert len({type(repository) for repository in repositories}) == len(repositories) > 30


def test_every_repository_of_a_locked_script_can_be_created(unit_of_work: UnitOfWork) -> None:
    with unit_of_work.script(1) as tx:
        names = [name for name in vars(type(tx)) if not name.startswith("_") and name != "append"]

        assert len({type(getattr(tx, name)) for name in names}) == len(names) > 10
        tx.heads.remove_unborn(1)
