"""A mutated history file is imported exactly as written, or refused without leaving a row."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Rejected
from materialization.history_files.importer import import_history
from materialization.integrity.verify import verify
from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from tests.materialization.history_files.forged_history import Lines, exported, fitting, parsed, written
from tests.materialization.history_files.refused_history import one_history, rows_in

CODES = {"bad_history_file", "script_number_too_high"}
MUCH = settings(max_examples=max(100, settings().max_examples))

words = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ("", "a-create", "user", "ai", "script.archive", "{}", '{"kind":"script.archive"}', "0" * 64, "\x1b")
    ),
)
numbers = st.one_of(st.integers(-2, 20), st.sampled_from((2**31, 2**40, 2**53, 2**63, 2**64, -(2**63))))
values = st.one_of(words, numbers, st.none(), st.booleans(), st.floats(allow_nan=False), st.just([]), st.just({}))


class Place:
    """The target of imports: an empty database, which is still empty after each refusal."""

    def __init__(self, folder: Path) -> None:
        self.history = one_history(folder)
        self._folder = folder
        self._names = count()
        empty = make_engine(f"sqlite:///{folder}/empty.db")
        upgrade.upgrade(empty)
        empty.dispose()
        self._file, self._unit_of_work, self._url = folder / "h.jsonl", None, ""

    def require_whole_or_nothing(self, data: bytes) -> None:
        """Import a file: its export is identical, or it is refused and the database is empty."""
        with self._database() as unit_of_work:
            self._file.write_bytes(data)
            refusal = None
            try:
                done = import_history(unit_of_work, self._file)
            except Rejected as error:
                refusal = error
            if refusal is not None:
                assert refusal.code in CODES, refusal
                assert refusal.message.isprintable()
                assert set(rows_in(self._url).values()) == {0}
                return
            assert parsed(exported(unit_of_work, done.script_id)) == parsed(data)
            with unit_of_work.reading() as tx:
                assert verify(tx, done.script_id).finding is None
            self._forget()

    @contextmanager
    def _database(self) -> Iterator[UnitOfWork]:
        if self._unit_of_work is None:
            copy = self._folder / f"copy{next(self._names)}.db"
            shutil.copy(self._folder / "empty.db", copy)
            self._url = f"sqlite:///{copy}"
            self._engine = make_engine(self._url)
            self._unit_of_work = UnitOfWork(self._engine)
        yield self._unit_of_work

    def _forget(self) -> None:
        """Use another database for the next file."""
        self._engine.dispose()
        self._unit_of_work = None

    def close(self) -> None:
        if self._unit_of_work is not None:
            self._forget()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("place"))
    yield place
    place.close()


@MUCH
@given(st.data())
def test_bytes_that_are_flipped_dropped_or_doubled(place: Place, data: st.DataObject) -> None:
    history = place.history
    at = data.draw(st.integers(0, len(history) - 1))
    size = data.draw(st.integers(0, 40))
    put = data.draw(st.one_of(st.binary(max_size=4), st.just(history[at : at + size] * 2)))

    place.require_whole_or_nothing(history[:at] + put + history[at + size :])


def drop(lines: list[Any], one: int, _: int) -> None:
    del lines[one]


def double(lines: list[Any], one: int, other: int) -> None:
    lines.insert(other, lines[one])


def swap(lines: list[Any], one: int, other: int) -> None:
    lines[one], lines[other] = lines[other], lines[one]


def cut(lines: list[Any], one: int, _: int) -> None:
    del lines[one:]


@MUCH
@given(st.data(), st.sampled_from((drop, double, swap, cut)), st.booleans())
def test_lines_that_are_dropped_doubled_or_swapped(
    place: Place, data: st.DataObject, change: Callable[[list[Any], int, int], None], fit: bool
) -> None:
    lines = parsed(place.history)
    change(lines, data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(0, len(lines) - 1)))

    place.require_whole_or_nothing(written(fitting(lines) if fit and lines and "format" in lines[0] else lines))


@MUCH
@given(st.data(), st.booleans())
def test_values_that_are_changed(place: Place, data: st.DataObject, fit: bool) -> None:
    lines = parsed(place.history)
    within = data.draw(st.sampled_from(lines))
    inner = next(iter(within.values())) if len(within) == 1 else within
    name = data.draw(st.sampled_from(sorted(inner)))
    others = [each[name] for each in insides(lines) if name in each]
    match data.draw(st.sampled_from(("other", "value", "within", "gone", "more"))):
        case "other":
            inner[name] = data.draw(st.sampled_from(others))
        case "value":
            inner[name] = data.draw(values)
        case "within":
            inner[name] = changed_within(data, inner[name])
        case "gone":
            del inner[name]
        case "more":
            inner[data.draw(words)] = data.draw(values)

    place.require_whole_or_nothing(written(fitted(lines) if fit else lines))


def insides(lines: Lines) -> list[dict[str, Any]]:
    """The content of each line."""
    return [next(iter(line.values())) if len(line) == 1 else line for line in lines]


def changed_within(data: st.DataObject, value: object) -> object:
    """A payload, a cause or an answer with a changed value; any other value unchanged."""
    try:
        decoded = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        return value
    if not isinstance(decoded, dict) or not decoded:
        return value
    name = data.draw(st.sampled_from(sorted(decoded)))
    decoded[name] = data.draw(values)
    return json.dumps(decoded, ensure_ascii=False, separators=(",", ":"))


def fitted(lines: Lines) -> Lines:
    """The lines made consistent, if they can be decoded as commands."""
    try:
        return fitting(lines)
    except (TypeError, ValueError, KeyError, AttributeError):
        return lines


def test_the_file_itself_is_imported(place: Place) -> None:
    place.require_whole_or_nothing(place.history)
    place.require_whole_or_nothing(written(fitting(parsed(place.history))))
