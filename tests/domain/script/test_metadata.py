"""Metadata of a script: which fields and values are accepted, and up to which size."""

from __future__ import annotations

import msgspec
import pytest

from domain.commands.kinds.script_create import ScriptCreate
from domain.refusals import BadMetadata, BadPayload, TextTooLong
from domain.script.metadata import (
    MAX_ENTRIES,
    MAX_FIELDS,
    MAX_METADATA_BYTES,
    MAX_TITLE,
    MAX_VALUE,
    check_metadata,
    check_whole_metadata,
)
from domain.script.state import Value

WHOLE: dict[str, Value] = {"title": "The Noon Ferry", "status": "draft"}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "one line",
        "three\nlines\r\n\tof text",
        "x" * MAX_VALUE,
        (),
        ("sea", "ghosts"),
        ("a\nb",),
        ("",) * MAX_ENTRIES,
        True,
        7,
    ],
)
def test_texts_of_several_lines_lists_and_numbers_are_accepted(value: Value):
    check_whole_metadata({**WHOLE, "description": value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "two\nlines"),
        ("title", "x" * (MAX_TITLE + 1)),
        ("title", ("a",)),
        ("status", ("draft",)),
        ("description", "x" * (MAX_VALUE + 1)),
        ("description", "a\x00b"),
        ("tags", ("",) * (MAX_ENTRIES + 1)),
        ("tags", ("x" * MAX_VALUE, "y")),
        ("tags", ("a\x1b",)),
        ("tags", ("\ud800",)),
        ("Tags", ()),
        ("owner", ()),
    ],
)
def test_other_values_are_refused_by_the_name_of_their_field(name: str, value: Value):
    with pytest.raises(BadMetadata) as refused:
        check_metadata({name: value})
    assert refused.value.facts["name"] == name


def test_all_fields_together_have_a_limit_in_number_and_size():
    with pytest.raises(BadPayload):
        check_whole_metadata({**WHOLE, **{f"f{number}": "" for number in range(MAX_FIELDS)}})
    half = {f"f{number}": "é" * MAX_VALUE for number in range(MAX_METADATA_BYTES // MAX_VALUE // 2 + 1)}
    with pytest.raises(TextTooLong):
        check_whole_metadata({**WHOLE, **half})


def test_a_list_is_decoded_from_json_and_only_of_texts():
    data = b'{"title": "A", "metadata": {"tags": ["sea", "ghosts"]}}'
    assert msgspec.json.decode(data, type=ScriptCreate).metadata == {"tags": ("sea", "ghosts")}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(data.replace(b'"sea"', b"7"), type=ScriptCreate)
