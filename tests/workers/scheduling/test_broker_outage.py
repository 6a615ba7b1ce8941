"""A schedule that cannot send its messages: an outage of the broker in the log, not a defect with its places."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.services.redis_server import RedisServer
from workers.messaging.broker_check import BrokerUnreachable
from workers.messaging.broker_connections import producing_app
from workers.messaging.run_messages import FanOut
from workers.process import outages
from workers.scheduling.slot_runner import Schedule, SlotRunner


def test_a_schedule_that_does_not_reach_the_broker_fails_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_slot: int) -> Mapping[str, object]:
        raise BrokerUnreachable("AuthenticationError: the password is refused")

    outage = outages.Outage("broker")
    monkeypatch.setattr(outages, "broker", lambda: outage)
    with open_engine(f"sqlite:///{tmp_path}/ledger.db") as engine, capture_logs() as lines:
        upgrade(engine)
        runner = SlotRunner(UnitOfWork(engine))
        [result] = runner.tick(Schedule("every-minute", every=60, lease=300, missed="once", run=run))

    assert result.outcome == "failed"
    assert [(line["event"], line["server"]) for line in lines] == [("server.unreachable", "broker")]


def test_a_refused_password_is_named_and_not_shown(redis_server: RedisServer) -> None:
    app = producing_app(redis_server.url.replace("redis://", "redis://stranger:hidden-word@"))
    # By default kombu tries again for six seconds.
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "max_retries": 0}

    with pytest.raises(BrokerUnreachable, match="the password is refused") as raised:
        FanOut(app).waiting()

    assert "hidden-word" not in str(raised.value)


def test_the_outage_ends_when_the_broker_takes_the_connection_again(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    outage = outages.Outage("broker", lambda: now)
    monkeypatch.setattr(outages, "broker", lambda: outage)
    with capture_logs() as lines:
        now = 100.0
        outage.failed("AuthenticationError: the password is refused")
        now += outages.QUIET_SECONDS
        assert FanOut(producing_app(redis_server.url)).waiting() == 0

    assert [line["event"] for line in lines] == ["server.unreachable", "server.reachable"]
