"""The operator's page on a private database, served by the real server in a thread, and people who visit it."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import quote, urlencode

from hypercorn.asyncio import serve

from domain.submissions.submission import encode_submission
from materialization.clock import system_clock
from repos.database.engine import make_engine, open_engine
from repos.schema.upgrade import upgrade
from repos.submissions.dead_letter_search import LetterFilter
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import UnitOfWork
from tests.workers.writer_setup import WritingRoom
from workers.http.access.people import People
from workers.http.access.proxies import Network
from workers.http.application import make_application
from workers.http.page.overview import SharedOverview
from workers.http.page.visit import OverviewSource, Services
from workers.http.server import listening_socket, server_config
from workers.monitoring.overview_reader import OverviewReader
from workers.producers.replays import Replays

ANNA, BEN = ("anna", "pässwörd:1"), ("ben", "密码")
_numbers = count(1)
NO_BROKER = "redis://127.0.0.1:1/0"
FORM = "application/x-www-form-urlencoded"


class Seen(NamedTuple):
    """A response."""

    status: int
    text: str
    headers: Mapping[str, str]

    def field(self, name: str) -> str:
        """The value of a hidden field."""
        found = re.search(f'name="{name}" value="([^"]*)"', self.text)
        assert found is not None, self.text
        return found[1]


class Site:
    """The page, which an operator (anna) and a viewer (ben) may use, and a room that writes to its database."""

    def __init__(
        self,
        folder: Path,
        *,
        flower_url: str = "",
        overview: OverviewSource | None = None,
        proxies: tuple[Network, ...] = (),
    ) -> None:
        self._file = folder / "ledger.db"
        self.engine = make_engine(f"sqlite:///{self._file}", pool_size=8)
        self._flower_url = flower_url
        self._proxies = proxies
        # What the first page shows instead of what is so.
        self.overview = overview
        self._ready, self._stopped = Event(), asyncio.Event()
        self._thread = Thread(target=self._run)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self._file.write_bytes(_migrated())
        self.room = WritingRoom(UnitOfWork(self.engine))
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(20)
        self.engine.dispose()

    @property
    def unit_of_work(self) -> UnitOfWork:
        """Units of work on its database."""
        return self.room.unit_of_work

    @property
    def signed_in(self) -> str:
        """The address for a browser, with the operator's password."""
        return f"http://anna:{quote(ANNA[1], safe='')}@127.0.0.1:{self.port}"

    def refuse(self, *, code: str = "stale_line", message: str = "Line 1 was changed.", **more: Any) -> int:
        """Add a dead letter that can be sent again; returns its number."""
        name = more.pop("submission_id", f"refused-{next(_numbers)}")
        edit = self.room.edit(1, more.pop("text", "Sent again."))
        payload = more.pop("payload", None) or encode_submission(self.room.submission(edit, id="refused"))
        when = more.pop("rejected_at", system_clock())
        with self.unit_of_work.records() as tx:
            row = DeadLetter(0, self.room.script_id, name, code, message, payload, when, **more)
            tx.rejected.put([row])
        with self.unit_of_work.reading() as tx:
            return tx.rejected_search.latest(LetterFilter(), limit=1)[0].id

    def refuse_many(self, number: int) -> list[int]:
        """Add dead letters; returns their numbers."""
        first = self.refuse()
        payload = encode_submission(self.room.submission(self.room.edit(1, "x"), id="refused"))
        with self.unit_of_work.records() as tx:
            row = DeadLetter(0, self.room.script_id, "many", "stale_line", "One of many.", payload, system_clock())
            tx.rejected.put([row] * (number - 1))
        return [*range(first, first + number)]

    def token(self, who: tuple[str, str] = ANNA) -> str:
        """The token in the forms of an operator; the site has a dead letter."""
        return self.get("/dead-letters", who).field("token")

    def get(self, path: str, who: tuple[str, str] | None = ANNA, **headers: str) -> Seen:
        """A page as a person sees it."""
        return self.request("GET", path, who, headers=headers)

    def post(self, path: str, fields: Mapping[str, object], who: tuple[str, str] = ANNA, **headers: str) -> Seen:
        """What happens after a person sent a form."""
        given = {"Content-Type": FORM, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.request("POST", path, who, body=urlencode(fields), headers=given)

    def request(
        self,
        method: str,
        path: str,
        who: tuple[str, str] | None = None,
        *,
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Seen:
        """The response to any request."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {**signed_in(who), **(headers or {})})
            response = connection.getresponse()
            text = response.read().decode()
            return Seen(response.status, text, {name.lower(): value for name, value in response.getheaders()})
        finally:
            connection.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        listening = listening_socket("127.0.0.1:0")
        self.port = listening.getsockname()[1]
        unit_of_work = self.room.unit_of_work
        shared = SharedOverview(OverviewReader(self.engine, NO_BROKER), fresh_seconds=0)
        replays = Replays(unit_of_work, self.room.producer)
        services = Services(unit_of_work, replays, self.overview or shared, self._flower_url)
        people = People({"operator": dict([ANNA]), "viewer": dict([BEN])})
        self._ready.set()
        await serve(
            make_application(services, people, self._proxies),  # type: ignore[arg-type]
            server_config(listening),
            shutdown_trigger=self._stopped.wait,
        )


@cache
def _migrated() -> bytes:
    """The file of a migrated database."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        with open_engine(f"sqlite:///{file}") as engine:
            upgrade(engine)
        return file.read_bytes()


def signed_in(who: tuple[str, str] | None) -> dict[str, str]:
    """The header with a name and a password."""
    if who is None:
        return {}
    return {"Authorization": f"Basic {b64encode(':'.join(who).encode()).decode()}"}
