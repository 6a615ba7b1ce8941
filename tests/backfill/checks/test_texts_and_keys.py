"""The pure parts of checks: what is double encoded, which hours a zone lacks, how keys are compared and shown."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from backfill.checks.registry import CHECKS
from backfill.checks.text import double_encoded, holds_secret
from backfill.checks.times import hour_problem, is_zero
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import TableRule
from backfill.runs.scan.headline import day_in_words
from backfill.scanning.key_index import KeyIndex, number_of
from repos.legacy.catalog import Column, Table

# A JSON Web Token that nothing ever signed.
TOKEN = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ3cml0ZXIifQ.{'x' * 43}"


@pytest.mark.parametrize(
    "text", ["Café", "Zürich – “naïve” …", "Привет", "🎬 emoji", "日本語", "Ἀθῆναι", "1 € for 2 £"]
)
def test_text_that_was_encoded_twice_is_recognised_and_its_first_reading_is_not(text: str) -> None:
    encoded = "".join(
        bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in text.encode()
    )

    assert double_encoded(encoded) == text
    assert double_encoded(text) is None


@pytest.mark.parametrize("text", ["", "plain", "Ângela", "SÃO PAULO", "à", "Ã la carte", "100 °C ± 5", "«guillemets»"])
def test_accents_alone_are_not_taken_for_double_encoding(text: str) -> None:
    assert double_encoded(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "INT. CAFÉ—NIGHT",
        "JOSÉ’S FLAT, “CHÂTEAU RENÉ”, NESCAFÉ™, CAFÉ·BAR",
        "Je suis désolé\xa0», dit-il. À\xa0«\xa0LA CORÉE\xa0»\xa0! JAMAIS AU CAFÉ\xa0!",
        "“… the café…” and ‘one more café’”",
        "É… é como cantó…’”, AMANHÃ… IRMÃ”",
        "Viel Spaß… groß\xa0– “muß”",
        "på…” ë\xa0»",
    ],
)
def test_punctuation_after_a_letter_is_not_taken_for_double_encoding(text: str) -> None:
    assert double_encoded(text) is None


@pytest.mark.parametrize(
    ("text", "once"),
    [
        ("sÄ… by", "są by"),
        ("Å›wiat", "świat"),
        ("PÃ…SKE", "PÅSKE"),
        ("Ã–sterreich", "Österreich"),
        ("voilÃ\xa0", "voilà"),
        ("Ù…Ù†", "من"),
        ("Ð”Ð°", "Да"),
        ("æ„›", "愛"),
        ("Itâ€™s JOSÃ‰â€™s", "It’s JOSÉ’s"),
    ],
)
def test_letters_that_look_like_punctuation_are_recognised(text: str, once: str) -> None:
    assert double_encoded(text) == once


@pytest.mark.parametrize(
    "text",
    [
        f"Bearer {TOKEN}",
        f'{{"text": "see\\n{TOKEN}"}}',
        f"id_{TOKEN}",
        "eyJ" * 1_000 + TOKEN,
        "sk-" + "q7Z" * 14,
        "ghp_" + "q7Z" * 14,
        "AKIA" + "Q7Z0" * 4,
        "-----BEGIN RSA PRIVATE KEY-----",
        "$2b$12$" + "q7Z" * 17 + "./",
    ],
)
def test_secrets_are_recognised_in_texts(text: str) -> None:
    assert holds_secret(f"INT. OFFICE\n\n{text}")


@pytest.mark.parametrize(
    "text",
    ["eyJhbGci", "eyJhbGciOiJIUzI1NiJ9", "see file.eyJ", "eyJa.eyJb.", TOKEN[:30], "task-" + "q" * 19, "$2b$12$q7Z"],
)
def test_texts_that_resemble_secrets_are_none(text: str) -> None:
    assert not holds_secret(text)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("2022-03-13 02:30:00", "this hour was skipped"),
        ("2022-11-06 01:30:00.250", "this hour came twice"),
        ("2022-07-01 02:30:00", None),
        ("0000-00-00 00:00:00", None),
        ("nonsense", None),
    ],
)
def test_hours_that_a_zone_skips_or_repeats(value: str, problem: str | None) -> None:
    assert hour_problem(value, ZoneInfo("America/Chicago")) == problem


def test_zero_dates() -> None:
    zero = ["0000-00-00 00:00:00", "2023-00-10 00:00:00", "2023-02-00", "0000-01-01 00:00:00"]
    valid = ["2023-01-01 00:00:00", "2000-10-10", None, "2023-01-01 00:00:00-00:00", ""]

    assert all(map(is_zero, zero))
    assert not any(map(is_zero, valid))


def test_keys_are_compared_as_databases_do() -> None:
    assert number_of(7) == number_of("7") == number_of(Decimal("7.0")) == 7
    assert len({number_of(key) for key in (7, "07", "7 ", "seven", Decimal("7.5"), -7, 1 << 70, "", None)}) == 9


def test_an_index_groups_and_finds_keys_in_any_order() -> None:
    index = KeyIndex()
    for key, value in ((5, 1), (3, 2), (5, 3), (-9, 4)):
        index.add(key, value)

    assert (index.get(3), index.get(-9), index.get(4)) == (2, 4, None)
    assert list(index.groups()) == [[1, 3]]
    again = KeyIndex()
    again.load(index.dump())
    assert list(again.keys()) == [-9, 3, 5, 5]


def table(name: str, key: tuple[str, ...], *columns: str) -> Table:
    described = tuple(Column(column, "varchar(64)", "text", nullable=False) for column in columns)
    return Table(name, described, primary_key=key)


def test_keys_that_may_be_secrets_are_shown_as_keyed_hashes() -> None:
    sessions = MappedTable(table("sessions", ("session_token",), "session_token"), TableRule(schema=""), b"a" * 32)
    keyless = MappedTable(table("notes", (), "author", "note"), TableRule(schema=""), b"a" * 32)
    other = MappedTable(table("notes", (), "author", "note"), TableRule(schema=""), b"b" * 32)
    plain = MappedTable(table("scripts", ("id",), "id"), TableRule(schema=""), b"a" * 32)

    assert sessions.shown_key(("abc123",)).startswith("#")
    assert keyless.shown_key(("Ana",)).startswith("#")
    assert keyless.shown_key(("Ana",)) != other.shown_key(("Ana",))
    assert plain.shown_key(("ckq1-x",)) == "ckq1-x"
    assert plain.shown_key(("ana@example.org",)).startswith("#")
    assert plain.shown_key((12,)) == "12"


@pytest.mark.parametrize(
    ("name", "columns", "key", "shown"),
    [
        ("sessions", ("id", "user_id", "payload"), "id", False),
        ("django_session", ("session_key", "session_data"), "session_key", False),
        ("visits", ("sessionId", "at"), "sessionId", False),
        ("Session", ("id", "sessionToken"), "id", True),
        ("scripts", ("id", "title"), "id", True),
    ],
)
def test_the_key_of_a_sign_in_is_shown_only_where_another_column_is_its_token(
    name: str, columns: tuple[str, ...], key: str, shown: bool
) -> None:
    found = MappedTable(table(name, (key,), *columns), TableRule(schema=""), b"a" * 32).shown_key(("abcDEF123",))

    assert found.startswith("#") is not shown


def test_every_code_has_a_check_with_a_title_and_what_it_blocks() -> None:
    assert list(CHECKS) == [f"L{number:02}" for number in range(1, 46)]
    assert [code for code, check in CHECKS.items() if not check.title or check.title.endswith(".")] == []
    assert [code for code, check in CHECKS.items() if check.decision == "block" and not check.blocks] == []


def test_days_are_written_in_words() -> None:
    assert day_in_words("2023-02-06 10:00:00") == "6 February 2023"
    assert day_in_words("0000-00-00") == day_in_words("") == "an unknown day"
