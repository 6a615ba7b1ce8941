"""The Celery app. It is configured on first use; importing it reads neither the environment nor a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import structlog
from billiard import current_process
from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import Celery, signals

from domain.errors import Conflict
from gates.database.accounts.start_check import AccountsMissing, forbidden_access
from workers import bootstrap
from workers.celery_settings import celery_settings
from workers.checks.start_checks import check_beat, check_worker
from workers.draining.drain_log import DrainLog
from workers.draining.drain_runner import Draining, next_task
from workers.draining.suspect_slots import SuspectSlots
from workers.draining.taken_bells import TakenBells
from workers.messaging.bell import Bell
from workers.messaging.broker_connections import forget_connections
from workers.monitoring.health import forget_reports
from workers.monitoring.heartbeat import Consuming, Heartbeat
from workers.process import outages, worker_logs
from workers.process.roles import ROLES, BadQueuesError, roles_of, transport_options
from workers.process.task_names import DRAIN, DRAIN_DEEP, DRAIN_ONE_BY_ONE
from workers.setting_values import BadSetting
from workers.stopping.deadline import GRACE_SECONDS, EndInTime
from workers.stopping.orderly_stop import OrderlyStop, wake

log = structlog.get_logger(__name__)
app = Celery("scriptledger", include=["workers.tasks"], amqp="workers.transport.redis_transport:AMQP")
app.config_from_object(celery_settings)
app.steps["worker"].add(Heartbeat)
app.steps["consumer"].add(Consuming)
app.steps["consumer"].add(OrderlyStop)
worker_logs.connect()


signals.celeryd_init.connect(lambda **_: forget_reports(), weak=False)


@app.on_configure.connect(weak=False)
def find_broker(sender: Celery, **_: Any) -> None:
    """Set the broker URL from the environment, which is read now and not at import."""
    sender.conf.broker_url = bootstrap.settings().broker_url or None


@signals.celeryd_init.connect(weak=False)
@signals.beat_init.connect(weak=False)
def refuse_bad_settings(**_: Any) -> None:
    """Exit on a bad setting. `find_broker` cannot: Celery logs its error and continues with a default broker."""
    try:
        bootstrap.settings()
    except BadSetting as error:
        raise SystemExit(f"scriptledger: {error}") from None


@signals.celeryd_init.connect(weak=False)
def choose_acknowledgement(conf: Any, options: dict[str, Any], **_: Any) -> None:
    """Set the acknowledgement mode that the queues of this worker need; exit if they need different modes."""
    try:
        conf.broker_transport_options = transport_options(_served(conf, options), dict(conf.broker_transport_options))
    except BadQueuesError as error:
        raise SystemExit(f"scriptledger: {error}") from None


@signals.celeryd_init.connect(weak=False)
def refuse_unlimited_account(**_: Any) -> None:
    """Exit if the database account of this worker may do what its role must not, where accounts are installed."""
    chosen = bootstrap.settings()
    try:
        allowed = forbidden_access(chosen.database_url, required=bool(chosen.require_accounts))
    except AccountsMissing as error:
        raise SystemExit(f"scriptledger: SCRIPTLEDGER_REQUIRE_ACCOUNTS is set, and {error}.") from None
    except Conflict as error:
        if chosen.require_accounts:
            raise SystemExit(f"scriptledger: the database account cannot be checked: {error}.") from None
        log.warning("worker.account_not_checked", reason=str(error))
        return
    if allowed:
        raise SystemExit(
            f"scriptledger: the database account of this worker may {', '.join(allowed)}: `scriptledger gates status` "
            "shows what it has too much, and `scriptledger gates install` revokes it."
        )


@signals.celeryd_init.connect(weak=False)
def refuse_faults(conf: Any, options: dict[str, Any], **_: Any) -> None:
    """Exit if the database or the broker cannot be used; warn where something may go wrong."""
    check_worker(bootstrap.settings(), roles_of(_served(conf, options)))


@signals.beat_init.connect(weak=False)
def refuse_faulty_broker(**_: Any) -> None:
    """The same for beat; one that a worker has started was checked with it."""
    if current_process().name == "MainProcess":
        check_beat(bootstrap.settings())


signals.beat_init.connect(worker_logs.report_beat, weak=False)


@signals.celeryd_init.connect(weak=False)
def load_before_forking(conf: Any, options: dict[str, Any], **_: Any) -> None:
    """Load what only workers of the backfill need, before they fork: a third of all imports."""
    if ROLES["backfill"].queue in _served(conf, options):
        import_module("workers.backfill.item_runner")


@cache
def bell() -> Bell:
    """The bell of this process, with a connection that stays open."""
    return Bell(app)


@cache
def draining() -> Draining:
    """The drain runner of this process."""
    log = DrainLog()
    bootstrap.ledger().report_to(log.add)
    return Draining(bootstrap.ledger(), bell(), taken_bells(), log, bootstrap.pauses())


@signals.worker_ready.connect(weak=False)
def stop_in_time(**_: Any) -> None:
    """Limit how long a stop takes, now that Celery's own signal handlers are installed."""
    EndInTime.install(app.conf.worker_soft_shutdown_timeout + GRACE_SECONDS, wake())


def hand_over(tasks: Iterable[tuple[str, Sequence[Any]]]) -> None:
    """Ring again for the scripts of drains that this worker took and does not finish, given by id and arguments."""
    scripts = [script for task_id, args in tasks for script in (args[0], *taken_bells().of(task_id))]
    delivered = bell().ring_all(dict.fromkeys(scripts))
    log.info("worker.handed_over", scripts=len({*scripts}), delivered=delivered)


OrderlyStop.hand_over = staticmethod(hand_over)


@signals.worker_process_init.connect(weak=False)
def after_fork(**_: Any) -> None:
    """Discard everything inherited from the parent, so that a pool process builds its own."""
    bootstrap.start_afresh()
    bell.cache_clear()
    draining.cache_clear()
    forget_connections()


@signals.celeryd_init.connect(weak=False)
def share_with_pool(conf: Any, options: dict[str, Any], **_: Any) -> None:
    """Create the memory and locks that pool processes share with the main process, before they are forked."""
    conf.worker_concurrency = options.get("concurrency") or conf.worker_concurrency
    taken_bells()
    suspect_slots()
    outages.database()
    outages.broker()
    bootstrap.answer_counters()
    bootstrap.pauses()


@cache
def taken_bells() -> TakenBells:
    """The bells that the drains of this node have taken."""
    return TakenBells()


@cache
def suspect_slots() -> SuspectSlots:
    """The limit on how many processes of this node try suspects at a time."""
    return SuspectSlots(int(app.conf.worker_concurrency or os.cpu_count() or 1))


@signals.task_failure.connect(weak=False)
def try_one_by_one(sender: Any, task_id: str, exception: BaseException, args: Sequence[Any], **_: Any) -> None:
    """Ring again after a drain killed its pool process, or was killed with it for exceeding its time limit.

    Called in the main process, which survives. Any script whose bell the drain had taken may be the cause: each is
    drained alone. Where that fails too, its submissions are counted before they are tried.
    """
    ended = isinstance(exception, WorkerLostError | TimeLimitExceeded)
    if ended and sender.name in (DRAIN, DRAIN_DEEP, DRAIN_ONE_BY_ONE):
        scripts = list(dict.fromkeys([args[0], *taken_bells().of(task_id)]))
        for script_id in scripts:
            bell().ring(script_id, next_task(scripts))


def _served(conf: Any, options: dict[str, Any]) -> list[str]:
    """The queues of this worker."""
    queues = _names(options.get("queues")) or [queue.name for queue in conf.task_queues]
    left_out = _names(options.get("exclude_queues"))
    return [queue for queue in queues if queue not in left_out]


def _names(option: str | Sequence[str] | None) -> Sequence[str]:
    return option.split(",") if isinstance(option, str) else option or ()
