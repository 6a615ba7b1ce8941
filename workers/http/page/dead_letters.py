"""The pages of dead letters: search, one of them, and sending them again."""

from __future__ import annotations

import re
import secrets

from materialization.submissions.resubmit import rejection
from repos.submissions.dead_letter_search import MAX_COUNT, LetterFilter
from workers.http.page.visit import ROWS_PER_PAGE, Moved, Problem, Services, Shown, Visit
from workers.producers.producer import UnknownSubmission, look

# Characters of a payload that are shown; `scriptledger rejected show` prints all of it.
MAX_SHOWN = 20_000
# Reasons that are listed after sending many.
MAX_REASONS = 20
# Of a submission's id.
MAX_NAME = 64
_BATCH = re.compile(r"[0-9a-f]{16}", re.ASCII)


def dead_letters(services: Services, visit: Visit) -> Shown:
    """The dead letters that match, the newest first."""
    wanted, before = _filter(visit), visit.number("before")
    with services.unit_of_work.reading() as tx:
        rows = tx.rejected_search.latest(wanted, before=before, limit=ROWS_PER_PAGE + 1)
        count = tx.rejected_search.count(wanted)
        newest = rows if not before else tx.rejected_search.latest(wanted, limit=1)
    shown = rows[:ROWS_PER_PAGE]
    return Shown(
        "dead_letters.html",
        {
            "rows": shown,
            "count": min(count, MAX_COUNT),
            "more_than_counted": count > MAX_COUNT,
            "next": shown[-1].id if len(rows) > ROWS_PER_PAGE else 0,
            "before": before,
            "upto": newest[0].id if newest else 0,
            "filter": _query(visit),
            "batch": secrets.token_hex(8),
        },
    )


def dead_letter(services: Services, visit: Visit) -> Shown:
    """One dead letter, with its payload."""
    number = visit.path["number"]
    with services.unit_of_work.reading() as tx:
        row = rejection(tx, number)
    text = row.payload[: 4 * MAX_SHOWN].decode(errors="replace")
    return Shown(
        "dead_letter.html",
        {
            "row": row,
            "payload": text[:MAX_SHOWN],
            "is_cut": len(text) > MAX_SHOWN or len(row.payload) > 4 * MAX_SHOWN,
            "batch": secrets.token_hex(8),
        },
    )


def replay_one(services: Services, visit: Visit) -> Moved:
    """Send one dead letter again."""
    replay = services.replays.one(visit.path["number"], _batch(visit))
    return Moved(f"/submissions/{replay.script_id}/{replay.submission_id}")


def replay_matching(services: Services, visit: Visit) -> Shown:
    """Send those that match again, as many as one request may take."""
    if visit.form.get("sure") != "yes":
        raise Problem(400, "Nothing was sent: confirm that all of them are meant.")
    wanted, batch, upto = _filter(visit), _batch(visit), visit.number("upto")
    part = services.replays.part(wanted, batch, after=visit.number("after"), upto=upto)
    return Shown(
        "replayed.html",
        {
            "part": part,
            "refused": part.refused[:MAX_REASONS],
            "upto": upto,
            "batch": batch,
            "filter": _query(visit),
        },
    )


def submission(services: Services, visit: Visit) -> Shown:
    """What became of a submission."""
    script_id, name = visit.path["script"], visit.path["submission"]
    if len(name) > MAX_NAME:
        raise Problem(404, "There is no such submission.")
    with services.unit_of_work.reading() as tx:
        try:
            answer = look(tx, script_id, name)
        except UnknownSubmission as unknown:
            raise Problem(404, unknown.message) from unknown
        head = tx.heads.get(script_id)
    is_quarantined = head is not None and head.health == "quarantined"
    return Shown(
        "submission.html",
        {"script_id": script_id, "name": name, "answer": answer, "is_quarantined": is_quarantined},
    )


def _batch(visit: Visit) -> str:
    batch = visit.form.get("batch", "")
    if not _BATCH.fullmatch(batch):
        raise Problem(400, "The form is incomplete: reload the page.")
    return batch


def _filter(visit: Visit) -> LetterFilter:
    script = visit.number("script")
    if visit.text("script") and not script:
        # Without a script all would match.
        raise Problem(400, "There is no script 0.")
    return LetterFilter(script, visit.text("code"), visit.moment("since"), visit.moment("until"))


def _query(visit: Visit) -> dict[str, str]:
    """The fields of the filter as they were given."""
    given = {name: visit.text(name) for name in ("script", "code", "since", "until")}
    return {name: text for name, text in given.items() if text}
