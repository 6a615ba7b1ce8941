"""The summary of many submissions counts what the user sent."""

from __future__ import annotations

import pytest

from cli.rendering.operate.bulk import BulkReport
from domain.accounts import UserDeleted


def test_dead_letters_are_counted_and_named_by_their_numbers(capsys: pytest.CaptureFixture[str]):
    report = BulkReport("number", "dead letter")
    report.invalid(12, UserDeleted())
    report.print()

    printed = capsys.readouterr()
    assert printed.err.startswith("number 12: user_deleted: ")
    assert printed.out.startswith("1 dead letter in ")
    assert " dead letters/s." in printed.out
