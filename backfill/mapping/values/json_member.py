"""Members of JSON objects in a column, such as the source of an edit in a column of metadata."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from backfill.content.strict_json import parse
from backfill.mapping.model import ColumnRule
from domain.errors import Rejected


def member_reader(rule: ColumnRule) -> Callable[[Any], Any]:
    """A function for the value that a rule is about: the value of the column, or a member of the object in it.

    A member that is missing is NULL. What is no JSON is returned as it is, and so is none of the accepted words.
    """
    if rule.member is None:
        return lambda value: value
    path = rule.member.split(".")

    def read(value: Any) -> Any:
        if value is None:
            return None
        text = value.decode(errors="surrogateescape") if isinstance(value, bytes) else str(value)
        try:
            found, _ = parse(text.encode(errors="surrogateescape"))
        except Rejected:
            return text
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found if found is None or isinstance(found, str) else json.dumps(found)

    return read
