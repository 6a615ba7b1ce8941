"""Rows that came over by an earlier mapping: a later one changes nothing of them, and no certificate claims it."""

from __future__ import annotations

from msgspec.structs import replace

from backfill.certificate.problems import Problems
from backfill.domains.base import BackfillContext
from backfill.domains.chat_logs.batch import MERGED as MERGED_MESSAGES
from backfill.domains.flat.merged_rows import MERGED
from backfill.domains.legacy_rows import kept_columns
from backfill.mapping.decode import decode
from backfill.mapping.model import TableRule
from backfill.mapping.problem import BadMapping
from domain.counting import counted
from repos.backfill.runs import BackfillRunRow
from repos.unit_of_work import RecordsTransaction

# What rows become that are not named after the target of their table.
SECOND_TARGETS = {
    "users": MERGED,
    "chat_messages": MERGED_MESSAGES,
    "elements": "legacy_rows",
    "personas": "legacy_rows",
}
# Targets whose domains keep whole rows too, and compare them.
KEEPING = ("elements", "personas", "legacy_rows")
EMPTY_LEDGER = "only an empty ledger follows it"
MAX_RUNS = 100


def changed_rules(tx: RecordsTransaction, run: BackfillRunRow) -> dict[str, int]:
    """The tables whose rule is another one than in an earlier run, and the last such run.

    Decisions do not count, nor a layout of patches where the earlier rule had none.
    """
    now = {name: replace(rule, decisions=()) for name, rule in decode(run.mapping).tables.items()}
    changed: dict[str, int] = {}
    for earlier in tx.backfill_runs.read(limit=MAX_RUNS):
        if earlier.id >= run.id or earlier.mapping == run.mapping:
            continue
        for name, rule in _rules(earlier).items():
            if name not in now or rule.becomes is None:
                continue
            layout = rule.patch_layout or now[name].patch_layout
            if now[name] != replace(rule, decisions=(), patch_layout=layout):
                changed.setdefault(name, earlier.id)
    return changed


def _rules(run: BackfillRunRow) -> dict[str, TableRule]:
    """The rules of an earlier run; none if an older version wrote them in a way that is no longer read."""
    try:
        return decode(run.mapping).tables
    except BadMapping:
        return {}


def check_earlier_mappings(context: BackfillContext, run: BackfillRunRow, problems: Problems) -> None:
    """Find rows that the ledger has as something else than the mapping says, and name the rules that changed."""
    with context.unit_of_work.reading() as tx:
        for name in context.mapping.tables:
            for sentence in _left_over(context, tx, name):
                problems.add("proof", sentence, name)
        changed = changed_rules(tx, run)
    differing = {each.table for each in problems.kept if each.check == "proof"}
    for name, number in changed.items():
        if name in differing:
            sentence = (
                f"the mapping of the table changed since run {number}: rows that came over by the earlier one stay as "
                f"they are, and {EMPTY_LEDGER}"
            )
            problems.add_first("proof", sentence, name)


def _left_over(context: BackfillContext, tx: RecordsTransaction, name: str) -> list[str]:
    rule, table = context.mapping.tables[name], context.tables.get(name)
    becomes = rule.becomes or "dropped"
    expected = (becomes, SECOND_TARGETS.get(becomes, becomes))
    sentences = [
        f"{counted(count, 'row')} came over as {target.replace('_', ' ')} by an earlier mapping, and by this one does "
        f"not: {EMPTY_LEDGER}"
        for target, count in tx.legacy_keys.targets(name).items()
        if target not in expected
    ]
    if (table is None or not kept_columns(table)) and becomes not in KEEPING and (kept := tx.legacy_rows.count(name)):
        sentences.append(
            f"the ledger keeps {counted(kept, 'row')} by an earlier mapping, and by this one none: {EMPTY_LEDGER}"
        )
    return sentences
