"""The pause of drains as commands read it."""

from __future__ import annotations

from cli.client.drain_pauses import current_pause
from repos.database.engine import open_engine
from repos.unit_of_work import UnitOfWork


def test_a_command_that_waits_goes_on_while_the_database_is_away():
    # Nothing listens at this address. What the command does next meets the same outage.
    with open_engine("mysql+pymysql://u@127.0.0.1:1/x") as engine:
        assert current_pause(UnitOfWork(engine)) is None
