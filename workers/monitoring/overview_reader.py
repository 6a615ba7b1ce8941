"""Overview reader: asks database and broker, and never fails: an outage is a part of the overview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from domain.errors import Conflict
from materialization.clock import system_clock
from materialization.retry import over_a_live_connection
from repos.database.driver_errors import DriverError
from repos.database.engine import Engine
from repos.database.supported_servers import UnsupportedServer
from repos.scheduling.activity_counts import MINUTE_MICROS, ActivityCount, Measure
from repos.scheduling.backlog_rows import BacklogRead, PendingSubmissions
from repos.scheduling.role_heartbeats import RoleHeartbeat
from repos.schema.revision import found_revision, wanted_revision
from repos.server_checks.readiness import NO_ANSWER, write_problem
from repos.unit_of_work import UnitOfWork
from workers.messaging.broker_check import BrokerUnreachable, SignInFailed
from workers.messaging.broker_trouble import change_for, meaning_of
from workers.messaging.queue_lengths import read_queues
from workers.monitoring import overview_runs
from workers.monitoring.overview import (
    READ_ONLY,
    Activity,
    DeadLetters,
    Host,
    Lag,
    Latency,
    Minute,
    Overview,
    Pause,
    Quarantined,
    Reconciler,
    Role,
    RoleCondition,
    ScheduleState,
    Schema,
    Server,
    Waiting,
)
from workers.monitoring.role_heartbeat import BEAT_ROLE, MISSING_SECONDS
from workers.monitoring.server_advice import BROKER_SIGN_IN, LET_WRITE, UNLOCK, database_advice
from workers.process.answer_counters import LATENCY_BOUNDS_MS, UNBOUNDED
from workers.process.roles import ROLES
from workers.process.schedule_names import INTERVALS

SECOND = 1_000_000
# For an engine that reads the overview: a database that hangs is away.
ANSWER_SECONDS = 5
# Rates are those of the current minute and of this many before it.
WINDOW_MINUTES = 5
HISTORY_MINUTES = 60
RECENT_SECONDS = 3_600
# A host that was not seen for this long was replaced: each new container has a new name.
GONE_SECONDS = 3_600
# A slot may be taken this much later than it is due: the ticks come every 15 s.
SLOT_GRACE_SECONDS = 60
LEASE = "reconciler"
# Needed only by producers without the database, by a model, and by a move: missing only while messages wait for them.
OPTIONAL_ROLES = frozenset({"intake", "proposals", "backfill"})


class OverviewReader:
    """Reads the overview of one installation.

    Without a broker URL the installation is an embedded one whose broker does not run at the moment.
    """

    def __init__(self, engine: Engine, broker_url: str, *, embedded: bool = False) -> None:
        self._engine = engine
        self._broker_url = broker_url
        self._embedded = embedded

    def read(self) -> Overview:
        """The overview as it is now; both servers are asked at the same time, so that two outages take no longer."""
        with ThreadPoolExecutor(max_workers=1) as threads:
            pending = threads.submit(self._broker)
            schema, database, backlog = self._database()
            broker, queued = pending.result()
        if backlog is None:
            return self._empty(database, broker, schema)
        return self._filled(backlog, (database, broker), schema, queued)

    def _database(self) -> tuple[Schema, Server, BacklogRead | None]:
        """The schema, the database, and what was read, if anything."""
        needed = wanted_revision()
        try:
            return over_a_live_connection(lambda: self._read_database(needed))
        except (Conflict, UnsupportedServer, *DriverError) as error:
            return Schema(None, needed), Server(reason_of(error), database_advice(error)), None

    def _read_database(self, needed: str) -> tuple[Schema, Server, BacklogRead | None]:
        schema = Schema(found_revision(self._engine), needed)
        if schema.found != needed:
            return schema, Server(), None
        # The clock of the database is known only afterwards; that of this host chooses the minutes.
        now = system_clock()
        since = now - now % MINUTE_MICROS - HISTORY_MINUTES * MINUTE_MICROS
        with UnitOfWork(self._engine).reading() as tx:
            read = tx.backlog.read(recently=now - RECENT_SECONDS * SECOND, since=since)
        return schema, self._taking_writes(read), read

    def _taking_writes(self, read: BacklogRead) -> Server:
        """The database, and why it takes no writes: a lock on all tables ends the heartbeats of every role."""
        if read.is_read_only:
            return Server(READ_ONLY)
        alive = {row.role for row in read.heartbeats if _age(read.now, row.seen_at) <= MISSING_SECONDS}
        silent = {row.role for row in read.heartbeats if row.state != "stopped"} - alive
        problem = write_problem(self._engine) if silent else None
        if problem is None:
            return Server()
        advice = UNLOCK if problem.startswith(NO_ANSWER) else LET_WRITE
        return Server(f"it takes no writes ({problem.partition(': ')[2] or problem})", advice)

    def _broker(self) -> tuple[Server, dict[str, int]]:
        if not self._broker_url:
            return Server("" if self._embedded else "no broker is configured"), {}
        try:
            lengths, refusal = read_queues(self._broker_url)
        except SignInFailed as error:
            return Server(str(error), BROKER_SIGN_IN), {}
        except BrokerUnreachable as error:
            return Server(str(error)), {}
        if refusal:
            return Server(f"it refuses messages ({refusal}: {meaning_of(refusal)})", change_for(refusal)), lengths
        return Server(), lengths

    def _empty(self, database: Server, broker: Server, schema: Schema) -> Overview:
        return Overview(
            at=system_clock(),
            embedded=self._embedded,
            database=database,
            broker=broker,
            schema=schema,
            activity=_activity([], [], system_clock()),
        )

    def _filled(
        self, read: BacklogRead, servers: tuple[Server, Server], schema: Schema, queued: dict[str, int]
    ) -> Overview:
        database, broker = servers
        now = read.now
        quarantined = [each for each in read.pending if each.health == "quarantined"]
        others = [each for each in read.pending if each.health != "quarantined"]
        lag = read.lag
        return Overview(
            at=now,
            embedded=self._embedded,
            database=database,
            broker=broker,
            schema=schema,
            roles=tuple(self._roles(read.heartbeats, now, queued, is_up=database.is_up)),
            pause=_pause(read),
            waiting=_waiting(others, now),
            waiting_quarantined=_waiting(quarantined, now),
            activity=_activity(read.activity, read.totals, now),
            lag=Lag(lag.scripts, lag.versions, _age(now, lag.since)),
            dead_letters=tuple(DeadLetters(*row) for row in read.dead_letters),
            quarantined_count=read.quarantined,
            quarantined=tuple(Quarantined(*row) for row in read.quarantines),
            runs=tuple(overview_runs.runs(read)),
            proposals=overview_runs.proposals(read),
            reconciler=_reconciler(read, now),
            schedules=tuple(_schedules(read, now)),
        )

    def _roles(
        self, heartbeats: Sequence[RoleHeartbeat], now: int, queued: dict[str, int], *, is_up: bool
    ) -> Iterable[Role]:
        # A database that takes no writes takes no heartbeats: then each role is as it was at the last one.
        silence = 0.0 if is_up else min((_age(now, row.seen_at) for row in heartbeats), default=0.0)
        hosts = {name: tuple(_listed(_hosts(heartbeats, name, now))) for name in (*ROLES, BEAT_ROLE)}
        for name in (*ROLES, BEAT_ROLE):
            length = queued.get(ROLES[name].queue) if name in ROLES else None
            # An embedded installation that does not run starts its workers when a command needs them.
            required = not self._embedded and (name not in OPTIONAL_ROLES or bool(length))
            yield Role(name, _condition(hosts[name], MISSING_SECONDS + silence), required, hosts[name], length)


def _pause(read: BacklogRead) -> Pause | None:
    return None if read.pause is None else Pause(read.pause.paused_at, read.pause.paused_by, read.pause.reason)


def _waiting(pending: Sequence[PendingSubmissions], now: int) -> Waiting:
    return Waiting(
        sum(each.number for each in pending),
        sum(each.scripts for each in pending),
        max((_age(now, each.oldest_at) for each in pending), default=0.0),
    )


def _hosts(heartbeats: Sequence[RoleHeartbeat], role: str, now: int) -> Iterable[Host]:
    for row in heartbeats:
        if row.role == role:
            yield Host(row.host, row.state, row.started_at, row.seen_at, _age(now, row.seen_at))


def _listed(hosts: Iterable[Host]) -> list[Host]:
    """Those that run or were seen lately; if there are none, the one seen last, for its role is missing."""
    by_age = sorted(hosts, key=lambda host: host.seen_seconds)
    listed = [host for host in by_age if host.seen_seconds <= GONE_SECONDS] or by_age[:1]
    return sorted(listed, key=lambda host: host.name)


def _condition(hosts: Sequence[Host], missing_seconds: float) -> RoleCondition:
    alive = [host for host in hosts if host.state != "stopped" and host.seen_seconds <= missing_seconds]
    if any(host.state == "consuming" for host in alive):
        return "running"
    return "disconnected" if alive else "missing"


def _reconciler(read: BacklogRead, now: int) -> Reconciler:
    for lease in read.leases:
        if lease.name == LEASE:
            # The rest of the holder distinguishes processes, which mean nothing on another host.
            return Reconciler(lease.holder.partition(":")[0], lease.expires_at, lease.expires_at > now)
    return Reconciler()


def _schedules(read: BacklogRead, now: int) -> Iterable[ScheduleState]:
    last = {slot.schedule: slot for slot in read.slots}
    for name, every in INTERVALS.items():
        slot = last.get(name)
        if slot is None:
            yield ScheduleState(name, every, None, "never", late=False)
        else:
            due = slot.slot_at + (2 * every + SLOT_GRACE_SECONDS) * SECOND
            yield ScheduleState(name, every, slot.slot_at, slot.state, late=due < now)


def _activity(rows: Sequence[ActivityCount], totals: Sequence[ActivityCount], now: int) -> Activity:
    this_minute = now - now % MINUTE_MICROS
    start = this_minute - WINDOW_MINUTES * MINUTE_MICROS
    window = [row for row in rows if row.minute_at >= start]
    minutes = sorted({row.minute_at for row in rows})
    return Activity(
        minutes=tuple(
            Minute(minute, _by_label("outcome", of_minute), _by_label("refusal", of_minute))
            for minute in minutes
            for of_minute in [[row for row in rows if row.minute_at == minute]]
        ),
        window_seconds=(now - start) / SECOND,
        outcomes=_by_label("outcome", window),
        refusals=_by_label("refusal", window),
        latency=_latency(window),
        total_outcomes=_by_label("outcome", totals),
        total_refusals=_by_label("refusal", totals),
        total_latency=_latency(totals),
    )


def _by_label(measure: Measure, rows: Iterable[ActivityCount]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for row in rows:
        if row.measure == measure:
            counted[row.label] += row.amount
    return dict(sorted(counted.items()))


def _latency(rows: Sequence[ActivityCount]) -> Latency:
    counts = _by_label("latency", rows)
    labels = (*map(str, LATENCY_BOUNDS_MS), UNBOUNDED)
    micros = sum(_by_label("latency_sum", rows).values())
    return Latency(LATENCY_BOUNDS_MS, tuple(counts.get(label, 0) for label in labels), micros / SECOND)


def _age(now: int, moment: int | None) -> float:
    # Clocks of producers may be ahead.
    return 0.0 if moment is None else max(0.0, (now - moment) / SECOND)


def reason_of(error: Exception) -> str:
    """The message of a server, without its number."""
    cause = error.__cause__ or error
    return str(cause.args[-1] if cause.args else cause).rstrip(".") or type(cause).__name__
