"""A replay of a user's dead letter from the command line is sent for that user."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import pytest

from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.errors import Rejected
from domain.submissions.submission import Submission, encode_submission
from materialization.clock import system_clock
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.unit_of_work import UnitOfWork
from tests.cli.running import CommandLine
from tests.workers.writer_setup import SilentBell
from workers.producers.authenticated_producer import AuthenticatedProducer
from workers.producers.producer import Producer
from workers.settings import Settings

pytestmark = pytest.mark.slow

_numbers = count(1)


class Writer(NamedTuple):
    """A user who is signed in, and a script of theirs."""

    user: int
    token: str
    script: int


@pytest.fixture
def unit_of_work(scriptledger: CommandLine) -> Iterator[UnitOfWork]:
    settings = Settings.from_env({"SCRIPTLEDGER_HOME": str(scriptledger.home)})
    engine = make_engine(settings.database_url)
    yield UnitOfWork(engine)
    engine.dispose()


@pytest.fixture
def producer(unit_of_work: UnitOfWork) -> AuthenticatedProducer:
    return AuthenticatedProducer(unit_of_work, Producer(unit_of_work, SilentBell()))  # type: ignore[arg-type]


def writer(unit_of_work: UnitOfWork) -> Writer:
    now = system_clock()
    with unit_of_work.records() as tx:
        user = tx.users.add(f"writer{next(_numbers)}@room.example", now, name="Rosa")
        token = tx.sign_ins.open(user, now, until=now + 10**12).token
        script = tx.scripts.new_id(user)
    create = ScriptCreate(title="Ferry", owner=user)
    assert Ledger(unit_of_work).submit(submission(script, 0, create)).outcome == "applied"
    return Writer(user, token, script)


def submission(script: int, base: int, command: ScriptCreate | ScriptSetMetadata) -> Submission:
    return Submission(
        script_id=script,
        submission_id=f"sent-{next(_numbers)}",
        author="user",
        actor="Another user",
        base_version=base,
        commands=(command,),
    )


def test_a_script_of_another_user_is_refused(
    scriptledger: CommandLine, unit_of_work: UnitOfWork, producer: AuthenticatedProducer
):
    owner, other = writer(unit_of_work), writer(unit_of_work)
    with pytest.raises(Rejected):
        producer.enqueue(
            other.token, encode_submission(submission(owner.script, 1, ScriptSetMetadata(fields={"title": "Taken"})))
        )
    (letter,) = scriptledger("rejected", "list", "--script", owner.script, "--json").json["rejected"]
    assert (letter["code"], letter["user"]) == ("not_your_script", other.user)

    ran = scriptledger("rejected", "replay", letter["number"], "--json")

    assert (ran.status, ran.json["error"]["code"]) == (1, "not_your_script")
    assert len(scriptledger("log", owner.script, "--json").json["commands"]) == 1


def test_an_own_script_is_edited_in_the_user_s_name(
    scriptledger: CommandLine, unit_of_work: UnitOfWork, producer: AuthenticatedProducer
):
    owner = writer(unit_of_work)
    ahead = submission(owner.script, 9, ScriptSetMetadata(fields={"title": "Ferry, again"}))
    producer.enqueue(owner.token, encode_submission(ahead))
    Ledger(unit_of_work).drain(owner.script)
    assert producer.wait(owner.token, owner.script, ahead.submission_id, timeout=30).outcome == "refused"
    (letter,) = scriptledger("rejected", "list", "--script", owner.script, "--json").json["rejected"]

    assert scriptledger("rejected", "replay", letter["number"], "--base", 1).status == 0

    last = scriptledger("log", owner.script, "--json").json["commands"][-1]
    assert (last["actor"], last["cause"]) == ("Rosa", {"replays": ahead.submission_id})
