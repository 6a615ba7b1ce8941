"""The routes of the page: views for everybody who may sign in, actions for operators."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import structlog
from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from domain.accounts import UnknownRejection
from domain.errors import Conflict, Corrupt, Rejected
from domain.refusals import UnknownScript
from materialization.retry import over_a_live_connection
from repos.database.driver_errors import DriverError
from repos.database.supported_servers import UnsupportedServer
from workers.http.access.authentication import PERSON
from workers.http.access.form_tokens import ForgedForm, FormTokens
from workers.http.access.people import Person
from workers.http.access.request_limits import ARRIVAL_SECONDS
from workers.http.database_threads import DatabaseThreads, TooBusy
from workers.http.page.backfill import backfill
from workers.http.page.dead_letters import dead_letter, dead_letters, replay_matching, replay_one, submission
from workers.http.page.metrics import metrics
from workers.http.page.overview import overview
from workers.http.page.quarantine import history, quarantine, reopen_script
from workers.http.page.rendering import make_templates, render
from workers.http.page.runs import runs
from workers.http.page.visit import MAX_NUMBER, Moved, Plain, Problem, Services, Shown, View, Visit
from workers.http.page.waiting import waiting
from workers.monitoring.overview_reader import reason_of
from workers.process.safe_errors import problem_of

Endpoint = Callable[[Request], Awaitable[Response]]

VIEWS: Mapping[str, View] = {
    "/": overview,
    "/waiting": waiting,
    "/dead-letters": dead_letters,
    "/dead-letters/{number:int}": dead_letter,
    "/submissions/{script:int}/{submission}": submission,
    "/runs": runs,
    "/quarantine": quarantine,
    "/quarantine/{script:int}": history,
    "/backfill": backfill,
}
FOR_PROGRAMS: Mapping[str, View] = {"/metrics": metrics}
ACTIONS: Mapping[str, View] = {
    "/dead-letters/replay": replay_matching,
    "/dead-letters/{number:int}/replay": replay_one,
    "/quarantine/{script:int}/reopen": reopen_script,
}
SECTIONS = (
    ("/", "Overview"),
    ("/waiting", "Waiting"),
    ("/dead-letters", "Dead letters"),
    ("/runs", "Runs"),
    ("/quarantine", "Quarantine"),
    ("/backfill", "Backfill"),
)

log = structlog.get_logger(__name__)


class Page:
    """The operator's page: its views and actions, which work with services in threads."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._threads = DatabaseThreads()
        self._tokens = FormTokens()
        self._templates: Environment = make_templates()

    def routes(self) -> list[Route]:
        """The routes of every view and action."""
        return [
            *(Route(path, self._viewed(view), methods=["GET"]) for path, view in {**VIEWS, **FOR_PROGRAMS}.items()),
            *(Route(path, self._acted(view), methods=["POST"]) for path, view in ACTIONS.items()),
        ]

    async def on_http_error(self, request: Request, error: Exception) -> Response:
        """Show an address that does not exist, or a request that is not allowed."""
        assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker
        sentences = {404: "There is no such page.", 405: "This address does not take such a request."}
        sentences[413] = "The form is too large."
        return self._problem(request, Problem(error.status_code, sentences.get(error.status_code, error.detail)))

    async def on_error(self, request: Request, _error: Exception) -> Response:
        """Show that a request failed; the log has the places in the code."""
        return self._problem(request, Problem(500, "This is a defect of the program; its log says where."))

    def _viewed(self, view: View) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            return await self._answered(request, view, {})

        return endpoint

    def _acted(self, view: View) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            person = _person(request)
            form: Mapping[str, str] = {}
            status = 500
            try:
                form = await self._form(request, person)
                response = await self._answered(request, view, form)
                status = response.status_code
            except Problem as problem:
                response = self._problem(request, problem)
                status = problem.status
            except HTTPException as error:
                # The form is too large; the answer is made where others of this kind are.
                status = error.status_code
                raise
            except ClientDisconnect:
                status = 400
                raise
            finally:
                # Also after a defect: what was done before it stays done.
                self._log(request, person, form, status)
            return response

        return endpoint

    async def _form(self, request: Request, person: Person) -> Mapping[str, str]:
        """The fields of the form of an operator.

        Raises:
            Problem: the person may not act, or the form is not theirs.
        """
        if not person.may_act:
            raise Problem(403, "You are signed in as a viewer: only operators may do this.")
        try:
            async with asyncio.timeout(ARRIVAL_SECONDS):
                body = await request.body()
            return self._tokens.fields(person.name, request.headers, body)
        except TimeoutError:
            raise Problem(408, "The form took too long to arrive.") from None
        except ForgedForm as error:
            raise Problem(403, str(error)) from None

    async def _answered(self, request: Request, view: View, form: Mapping[str, str]) -> Response:
        visit = Visit(_person(request), request.path_params, request.query_params, form)
        if any(isinstance(part, int) and part > MAX_NUMBER for part in visit.path.values()):
            return self._problem(request, Problem(404, "There is nothing with such a number."))
        try:
            return await self._threads.run(self._response, request, view, visit)
        except TooBusy:
            return self._problem(request, Problem(503, "Too many requests wait for the database. Try again soon."))

    def _response(self, request: Request, view: View, visit: Visit) -> Response:
        """What a view returns, as a response; called in a thread."""
        try:
            # An action may have been done before its connection failed.
            reads = request.method in ("GET", "HEAD")
            answer = (
                over_a_live_connection(partial(view, self._services, visit)) if reads else view(self._services, visit)
            )
        except Problem as problem:
            return self._problem(request, problem)
        except (UnknownScript, UnknownRejection) as error:
            return self._problem(request, Problem(404, error.message))
        except (Rejected, Corrupt) as error:
            return self._problem(request, Problem(409, str(error)))
        except (Conflict, UnsupportedServer, *DriverError) as error:
            log.warning("page.database_error", problem=problem_of(error))
            return self._problem(request, Problem(503, database_sentence(error)))
        return self._sent(request, answer)

    def _sent(self, request: Request, answer: Shown | Moved | Plain) -> Response:
        match answer:
            case Moved():
                return RedirectResponse(answer.location, status_code=303)
            case Plain():
                return Response(answer.body, media_type=answer.content_type)
        return self._html(request, answer)

    def _problem(self, request: Request, problem: Problem) -> Response:
        return self._html(request, Shown("problem.html", {"problem": problem}, problem.status))

    def _html(self, request: Request, shown: Shown) -> Response:
        person = _person(request)
        around: dict[str, Any] = {
            "person": person,
            "token": self._tokens.token(person.name),
            "sections": SECTIONS,
            "here": "/" + request.scope["path"].strip("/").partition("/")[0],
            "flower_url": self._services.flower_url,
        }
        return HTMLResponse(render(self._templates, shown.template, {**around, **shown.values}), shown.status)

    def _log(self, request: Request, person: Person, form: Mapping[str, str], status: int) -> None:
        log.warning(
            "page.action",
            by=person.name,
            address=request.client.host if request.client else "",
            action=request.scope["path"],
            status=status,
            **{f"form_{name}": value for name, value in sorted(form.items()) if name in LOGGED},
        )


# The fields of forms that say what was asked for; those with ids and numbers only.
LOGGED = frozenset({"batch", "unverified", "after", "upto", "script", "since", "until"})


def database_sentence(error: Exception) -> str:
    """What is wrong with the database, as one sentence."""
    if isinstance(error, UnsupportedServer):
        return str(error)
    # A message of a lost connection or a lock names only the server; others may quote what was refused.
    reason = reason_of(error) if isinstance(error, Conflict) else problem_of(error)
    return f"The database does not answer as it should ({reason}). Try again; the overview says what to do."


def _person(request: Request) -> Person:
    person = request.scope["state"][PERSON]
    assert isinstance(person, Person)  # noqa: S101 - for the type checker
    return person
