"""The ids, versions and contents that a random command may refer to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from msgspec import UNSET

from domain.commands.base import Target
from domain.script.line import Line, LineFormat
from domain.script.metadata import STATUSES
from domain.script.state import Element, Persona, State

POOL = [f"w{number}" for number in range(8)]

FAVOURITES = ["", "JOHN", "INT. BAR - NIGHT", "é", "e\u0301", "👩\u200d👩\u200d👧", "a\u2028b", "\ufeff", "\t", "   "]
texts = st.sampled_from(FAVOURITES) | st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t"), max_size=12
)
seps = st.sampled_from(["\n", "\n\n", "\r\n", "\r", "", "\n\r\n"])
formats: SearchStrategy[LineFormat] = st.sampled_from(get_args(LineFormat))
# True and 1 on purpose: they are equal in Python, but two values in a script.
scalars: SearchStrategy[str | int | bool] = st.sampled_from(["", "1A", True, False, 0, 1, -1, (1 << 53) - 1])
attrs = st.dictionaries(st.sampled_from(["dual", "scene_number", "x"]), scalars, max_size=2)
payloads = st.dictionaries(
    st.sampled_from(["a", "b", "Ü", ""]),
    st.recursive(
        scalars | st.none() | st.sampled_from([0.0, -0.0, 1.0, 0.1]), lambda inner: st.lists(inner, max_size=2)
    ),
    max_size=2,
)
values = scalars | st.sampled_from([(), ("sea",), ("sea", "two\nlines"), "two\r\nlines"])
metadata = st.dictionaries(st.sampled_from(["author", "draft_date", "pages"]), values, max_size=2)
sources: SearchStrategy[Any] = st.sampled_from(["user", "ai", "system"])


maybe_formats = st.just(UNSET) | formats
maybe_texts = st.just(UNSET) | texts
maybe_seps = st.just(UNSET) | seps
maybe_attrs = st.just(UNSET) | attrs
some_fields: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "title": texts,
        "status": st.sampled_from(STATUSES),
        "author": st.none() | values,
        "pages": st.none() | values,
    },
)
shifts = st.sampled_from(["", "", "", "after", "before"])
fates = st.sampled_from(["stays", "stays", "edited", "goes"])

# The contents of lines, story elements and personas, without their ids.
line_contents = st.tuples(formats, texts, seps, attrs)
element_contents = st.tuples(st.sampled_from(["beat", "theme"]), payloads, sources)
persona_contents = st.tuples(texts, texts, payloads)


class Aim:
    """The ids and versions that a command may refer to, given the states so far."""

    def __init__(self, draw: DrawFn, states: Sequence[State], *, wild: bool) -> None:
        self.draw = draw
        self.states = states
        self.state = states[-1]
        self.wild = wild
        self._drawn = 0

    def line(self) -> str:
        return self.draw(st.sampled_from(self._known(self.state.line_ids())))

    def some_lines(self) -> list[str]:
        known = self._known(self.state.line_ids())
        return self.draw(st.lists(st.sampled_from(known), min_size=1, max_size=4, unique=True))

    def neighbours(self, moving: Sequence[str] = ()) -> tuple[str | None, str | None]:
        """A place in the script, sometimes with other lines between or with one neighbour removed."""
        stay = [None, *(line_id for line_id in self.state.line_ids() if line_id not in moving), None]
        at = self.draw(st.integers(0, len(stay) - 2))
        after, before = stay[at], stay[at + 1]
        shift = self.draw(shifts)
        stray = st.sampled_from([name for name in [*stay, *POOL] if name not in moving])
        if shift == "after" and before is not None:
            after = self.draw(stray)
        if shift == "before" and after is not None:
            before = self.draw(stray)
        return (self.draw(stray), self.draw(stray)) if self.wild else (after, before)

    def element(self) -> str:
        return self.draw(st.sampled_from(self._known(sorted(self.state.elements))))

    def persona(self) -> str:
        return self.draw(st.sampled_from(self._known(sorted(self.state.personas))))

    def new_id(self) -> str:
        """An unused id."""
        if self.wild:
            return self.draw(st.sampled_from(POOL))
        self._drawn += 1
        return f"n{len(self.states)}.{self._drawn}"

    def new_lines(self, limit: int = 3) -> tuple[Line, ...]:
        count = self.draw(st.integers(1, limit))
        return tuple(self.line_called(self.new_id()) for _ in range(count))

    def line_called(self, name: str) -> Line:
        return Line(name, *self.draw(line_contents))

    def element_called(self, name: str) -> Element:
        return Element(name, *self.draw(element_contents))

    def persona_called(self, name: str) -> Persona:
        return Persona(name, *self.draw(persona_contents))

    def expect(self, kind: Any, name: str) -> str | None:
        return self.state.content_hash(kind, name)

    def targets(self, ids: Sequence[str]) -> tuple[Target, ...]:
        return tuple(Target(name, self.expect("line", name)) for name in ids)

    def _known(self, there: Iterable[str]) -> list[str]:
        ids = list(there)
        return ids + POOL if self.wild or not ids else ids
