"""Metrics: the overview in the format of Prometheus.

Every number comes from the database, where all pool processes of all hosts added their counts, so any one process can
be asked, and none is named in a label. `PROBLEM` is the judgement of `scriptledger status`; the alert rules use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from workers.monitoring.overview import Activity, Latency, Overview
from workers.monitoring.problems.problem import SEVERITIES, Problem

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
SECOND = 1_000_000
PROBLEM = "scriptledger_problem"
OUTCOMES = ("applied", "partly", "no_op", "refused")

# One value of a metric, with those of its labels.
Value = tuple[Sequence[str], float]


def metrics_text(overview: Overview, problems: Sequence[Problem]) -> bytes:
    """All metrics. Without the database, or with another schema, those it would tell have no samples."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected([*_judged(overview, problems), *_counted(overview)]))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _judged(overview: Overview, problems: Sequence[Problem]) -> Iterator[Metric]:
    found = {(problem.code, problem.subject) for problem in problems}
    absent = {(code, "") for code in SEVERITIES if all(code != each for each, _ in found)}
    yield _gauge(
        "problem",
        "1 while `scriptledger status` shows this problem, with the role, schedule or kind of run it is about.",
        ("problem", "severity", "subject"),
        [
            ((code, SEVERITIES[code], subject), float((code, subject) in found))
            for code, subject in sorted(found | absent)
        ],
    )
    servers = (("database", overview.database), ("broker", overview.broker))
    yield _gauge(
        "server_up",
        "Whether a server can be used.",
        ("server",),
        [((name,), float(each.is_up)) for name, each in servers],
    )
    yield _gauge(
        "schema_current",
        "Whether the database has the schema that this program needs.",
        (),
        [((), float(overview.schema.found == overview.schema.needed))],
    )


def _counted(overview: Overview) -> Iterator[Metric]:
    known = bool(overview.roles)
    yield from _roles(overview)
    yield from _submissions(overview, known=known)
    yield from _activity(overview.activity, known=known)
    yield from _scripts(overview, known=known)
    yield from _scheduled(overview, known=known)


def _roles(overview: Overview) -> Iterator[Metric]:
    roles = overview.roles
    yield _gauge(
        "role_up",
        "Whether a worker of a role, or beat, runs and takes messages.",
        ("role",),
        [((role.name,), float(role.condition == "running")) for role in roles],
    )
    yield _gauge(
        "role_required",
        "Whether people cannot write, or readers read, without a role.",
        ("role",),
        [((role.name,), float(role.required)) for role in roles],
    )
    yield _gauge(
        "role_last_seen_seconds",
        "Seconds since a role was last seen on a host.",
        ("role", "host"),
        [((role.name, host.name), host.seen_seconds) for role in roles for host in role.hosts],
    )
    yield _gauge(
        "queue_messages",
        "Messages in the queue of a role.",
        ("role",),
        [((role.name,), role.queued) for role in roles if role.queued is not None],
    )


def _submissions(overview: Overview, *, known: bool) -> Iterator[Metric]:
    groups = (("false", overview.waiting), ("true", overview.waiting_quarantined)) if known else ()
    yield _gauge(
        "submissions_pending",
        "Submissions without an answer; those of quarantined scripts apart.",
        ("quarantined",),
        [((label,), each.count) for label, each in groups],
    )
    yield _gauge(
        "scripts_pending",
        "Scripts with submissions without an answer.",
        ("quarantined",),
        [((label,), each.scripts) for label, each in groups],
    )
    yield _gauge(
        "submission_oldest_seconds",
        "The age of the oldest submission without an answer.",
        ("quarantined",),
        [((label,), each.oldest_seconds) for label, each in groups],
    )
    yield _gauge(
        "drains_paused",
        "Whether an operator paused all drains.",
        (),
        [((), float(overview.pause is not None))] if known else (),
    )
    yield _gauge(
        "dead_letters",
        "Refused submissions that are stored, by code.",
        ("code",),
        [((each.code,), each.count) for each in overview.dead_letters],
    )


def _activity(activity: Activity, *, known: bool) -> Iterator[Metric]:
    outcomes = [((outcome,), activity.total_outcomes.get(outcome, 0)) for outcome in OUTCOMES] if known else ()
    yield _counter("answers", "Answered submissions, by outcome.", "outcome", outcomes)
    refusals = [((code,), count) for code, count in activity.total_refusals.items()]
    yield _counter("refusals", "Refused submissions, by code.", "code", refusals)
    histogram = HistogramMetricFamily(
        "scriptledger_answer_latency_seconds", "Seconds from the arrival of a submission in the inbox to its answer."
    )
    if known:
        histogram.add_metric([], _buckets(activity.total_latency), activity.total_latency.sum_seconds)
    yield histogram


def _buckets(latency: Latency) -> list[tuple[str, float]]:
    buckets: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip((*latency.bounds_ms, None), latency.counts, strict=True):
        total += count
        buckets.append(("+Inf" if bound is None else str(bound / 1_000), total))
    return buckets


def _scripts(overview: Overview, *, known: bool) -> Iterator[Metric]:
    lag = overview.lag
    for name, about, value in (
        (
            "readers_lag_seconds",
            "For how long readers have not seen the first version they are behind by.",
            lag.seconds,
        ),
        ("readers_lag_versions", "By how many versions readers are behind, at most.", lag.versions),
        ("readers_lag_scripts", "How many scripts readers see behind their heads.", lag.scripts),
        ("quarantined_scripts", "Scripts that take no edits because they are quarantined.", overview.quarantined_count),
    ):
        yield _gauge(name, about, (), [((), value)] if known else ())


def _scheduled(overview: Overview, *, known: bool) -> Iterator[Metric]:
    runs = [run for run in overview.runs if run.finished_at is None]
    yield _gauge(
        "run_items",
        "Scripts, items or versions of the runs that are not finished.",
        ("kind", "state"),
        [
            ((kind, state), sum(getattr(run, state) for run in runs if run.kind == kind))
            for kind in sorted({run.kind for run in runs})
            for state in ("total", "done", "failed")
        ],
    )
    waiting = overview.proposals
    yield _gauge(
        "proposals_waiting",
        "Proposals that wait for a model or for a person.",
        ("for",),
        [(("model",), waiting.queued), (("person",), waiting.proposed)] if known else (),
    )
    yield _gauge(
        "proposal_oldest_seconds",
        "The age of the oldest proposal that waits for a model.",
        (),
        [((), waiting.oldest_queued_seconds)] if known else (),
    )
    yield _gauge(
        "reconciler_active",
        "Whether a reconciler holds the lease.",
        (),
        [((), float(overview.reconciler.is_held))] if known else (),
    )
    yield _gauge(
        "schedule_last_slot_timestamp_seconds",
        "When a schedule was last due and ran, as a Unix time.",
        ("schedule",),
        [((each.name,), each.slot_at / SECOND) for each in overview.schedules if each.slot_at is not None],
    )


def _gauge(name: str, about: str, labels: Sequence[str], values: Iterable[Value]) -> Metric:
    family = GaugeMetricFamily(f"scriptledger_{name}", about, labels=labels)
    for held, value in values:
        family.add_metric(held, value)
    return family


def _counter(name: str, about: str, label: str, values: Iterable[Value]) -> Metric:
    family = CounterMetricFamily(f"scriptledger_{name}", about, labels=(label,))
    for held, value in values:
        family.add_metric(held, value)
    return family
