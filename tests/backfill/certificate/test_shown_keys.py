"""Keys in a certificate: ids and hashes are shown, and no text of a row."""

from __future__ import annotations

import pytest

from backfill.certificate.problems import Problems
from backfill.translate.row_keys import origin_key, row_key

KEY = b"a key"
LONG = origin_key(["x" * 500])


@pytest.mark.parametrize(
    ("key", "shown"),
    [("[7]", "7"), (row_key(["ab-1", 2]), "ab-1/2"), (LONG, LONG), ("#0123456789abcdef", "#0123456789abcdef")],
)
def test_an_id_and_a_hash_are_shown_as_they_are(key: str, shown: str) -> None:
    assert Problems(KEY).shown(key) == shown


@pytest.mark.parametrize("value", ["ada@example.org", "#ada@example.org", "# secret", "#0123"])
def test_any_other_text_is_shown_as_a_hash(value: str) -> None:
    for key in (value, row_key([value])):
        shown = Problems(KEY).shown(key)
        assert shown != value
        assert len(shown) == len("#0123456789abcdef")
