"""Random submissions of users to scripts of others: refused, and nothing is revealed."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import Rejected
from domain.submissions.answer import encode_answer
from domain.submissions.submission import Submission, check_submission, encode_submission
from tests.domain.strategies import LATER_KINDS, command_at
from tests.workers.producers.foreign_submissions import creation, put, require_nothing_revealed
from tests.workers.writer_setup import WritingRoom

SECRETS = ("Line ", "Ten lines")


@st.composite
def tries(draw: st.DrawFn, room: WritingRoom, user: int) -> Submission:
    """Any commands, matching the script or not, with or without a creation."""
    states = [room.state()]
    kinds = draw(st.lists(st.sampled_from(LATER_KINDS), min_size=1, max_size=5))
    commands = [draw(command_at(kind, states, wild=draw(st.booleans()))) for kind in kinds]
    for _ in range(draw(st.integers(0, 2))):
        owner = draw(st.sampled_from([user, room.user, None]))
        commands.insert(draw(st.integers(0, len(commands))), creation(owner))
    return room.submission(
        *commands,
        base=draw(st.integers(0, 3)),
        apply_rest=draw(st.booleans()),
        after_submission=draw(st.sampled_from([None, "s1", "none"])),
    )


def is_valid(submission: Submission) -> bool:
    """Whether it is valid in itself: an invalid one is refused for its own content, not for the script's."""
    try:
        check_submission(submission)
    except Rejected:
        return False
    return True


@settings(suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_no_submission_of_another_user_is_applied_or_reveals_anything(room: WritingRoom, data: st.DataObject):
    user, token = room.sign_in()
    submission = data.draw(tries(room, user))
    before = room.state()

    try:
        payload = encode_submission(submission)
        room.authenticated.enqueue(token, payload)
    except Rejected as refusal:
        text = f"{refusal.message} {refusal.facts}"
    else:
        raise AssertionError("the submission was enqueued")
    put(room, user, submission)
    room.drain()

    answer = room.answer(submission.submission_id)
    assert answer is not None
    assert answer.outcome == "refused"
    assert answer.refusal is not None
    if is_valid(submission):
        require_nothing_revealed(answer)
    for secret in SECRETS:
        assert secret not in text
        assert secret not in encode_answer(answer).decode()
    after = room.state()
    assert (after.version, after.hash) == (before.version, before.hash)
