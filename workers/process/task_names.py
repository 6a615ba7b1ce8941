"""The names of the tasks and the queue of each: decorators, routes, bells and guards read them here."""

from __future__ import annotations

DRAIN = "scriptledger.drain"
DRAIN_DEEP = "scriptledger.drain_deep"
DRAIN_ONE_BY_ONE = "scriptledger.drain_one_by_one"
INTAKE = "scriptledger.intake"
SET_ASIDE = "scriptledger.set_aside"
MATERIALIZE = "scriptledger.materialize"
PROPOSE = "scriptledger.propose_edit"
BACKFILL_ITEM = "scriptledger.backfill_item"
RECONCILE = "scriptledger.reconcile"
KEEP_SCHEDULES = "scriptledger.keep_schedules"

# The tasks whose messages carry ids only, by queue, each with the number of its ids.
ID_TASKS: dict[str, dict[str, int]] = {
    "commands": {DRAIN: 1, DRAIN_DEEP: 1, DRAIN_ONE_BY_ONE: 1},
    "materialization": {MATERIALIZE: 2},
    "proposals": {PROPOSE: 1},
    "backfill": {BACKFILL_ITEM: 1},
    "reconcile": {RECONCILE: 0},
    "upkeep": {KEEP_SCHEDULES: 0},
}
# The tasks whose messages carry whole submissions.
SUBMISSION_TASKS = {"intake": (INTAKE, SET_ASIDE)}

QUEUE_OF = {task: queue for tasks in (ID_TASKS, SUBMISSION_TASKS) for queue, names in tasks.items() for task in names}
