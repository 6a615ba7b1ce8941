"""Real editing sessions, keystroke by keystroke, one command per submission and transaction.

`make test` replays two of them completely, `make traces` all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.traces.compare import Stored, replayed
from tests.traces.replay import Played, commands_of
from tests.traces.session import Session, read_session

# Sessions so long, over texts so large, that storing each version whole is not practical.
LONG = {"rustcode", "automerge-paper"}
SESSIONS = [
    "sveltecomponent",
    "json-crdt-patch",
    "json-crdt-blog-post",
    "clownschool_flat",
    "friendsforever_flat",
    "rustcode",
    "automerge-paper",
]

Say = Callable[[str], None]


@pytest.mark.services
@pytest.mark.full
@pytest.mark.timeout(600)
def test_a_whole_session_on_mariadb(traces: Path, mariadb_url: str, say: Say) -> None:
    say(figures("sveltecomponent", *replayed(recorded(traces, "sveltecomponent"), mariadb_url)))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_whole_session_on_sqlite(traces: Path, fast_sqlite_url: str, say: Say) -> None:
    say(figures("json-crdt-patch", *replayed(recorded(traces, "json-crdt-patch"), fast_sqlite_url)))


@pytest.mark.full
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", SESSIONS)
def test_every_session_on_sqlite(traces: Path, fast_sqlite_url: str, name: str, say: Say) -> None:
    played, stored = replayed(recorded(traces, name), fast_sqlite_url)

    say(figures(name, played, stored))
    assert stored.deltas <= 1.5 * stored.payloads
    if name in LONG:
        assert (stored.deltas + stored.keyframes) * 200 <= played.snapshots


@pytest.mark.slow
@pytest.mark.parametrize("name", SESSIONS)
def test_every_session_is_understood(traces: Path, name: str) -> None:
    session = recorded(traces, name)

    *_, (_, editor) = commands_of(session)

    assert editor.page.text() == session.end_content


def recorded(traces: Path, name: str) -> Session:
    return read_session(traces / f"{name}.json.gz")


def figures(name: str, played: Played, stored: Stored) -> str:
    """The figures of a session in two lines."""
    count = played.versions
    less = played.snapshots / (stored.deltas + stored.keyframes)
    with_log = played.snapshots / sum(stored)
    return (
        f"{name}: {count:,} commands, {count / played.seconds:,.0f}/s\n"
        f"  bytes a version: command {stored.payloads / count:.1f}, delta {stored.deltas / count:.1f}, keyframes "
        f"{stored.keyframes / count:.1f}; whole texts {played.snapshots / count:,.0f}: {less:.0f} times deltas and "
        f"keyframes, {with_log:.0f} times these and the log"
    )


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print despite pytest, which hides the output of passing tests."""

    def aloud(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}")

    return aloud
