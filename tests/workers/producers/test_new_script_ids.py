"""The ids under which users may create scripts."""

from __future__ import annotations

import pytest

from domain.accounts import ScriptNumberNotYours
from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.errors import Rejected
from tests.workers.producers.foreign_submissions import creation, put
from tests.workers.writer_setup import LINES, WritingRoom


class TestNumbers:
    """The script ids that a user may create."""

    def test_an_id_reserved_for_another_user_is_refused(self, room: WritingRoom):
        user, token = room.sign_in()
        with room.unit_of_work.records() as tx:
            numbers = [tx.scripts.new_id(), tx.scripts.new_id(room.user), 10**12]

        for number in numbers:
            with pytest.raises(ScriptNumberNotYours):
                room.authenticated.enqueue(token, room.payload(creation(user), script_id=number, base=0))

    def test_it_is_refused_with_the_head_locked_too(self, room: WritingRoom):
        user, _ = room.sign_in()
        with room.unit_of_work.records() as tx:
            number = tx.scripts.new_id(room.user)
        put(room, user, room.submission(creation(user), script_id=number, base=0, id="squat"))

        room.drain(number)
        rightful = room.ledger.submit(room.submission(creation(room.user), script_id=number, base=0))

        answer = room.answer("squat", number)
        assert answer is not None
        assert answer.refusal is not None
        assert answer.refusal.code == "script_number_not_yours"
        assert rightful.outcome == "applied"

    def test_edits_of_a_missing_script_do_not_stay_pending(self, room: WritingRoom):
        _, token = room.sign_in()
        with pytest.raises(Rejected) as caught:
            room.authenticated.enqueue(
                token, room.payload(LinesInsert(after=None, before=None, lines=LINES), script_id=10**12)
            )
        assert caught.value.code == "unknown_script"
