"""Retired ids behave like a dictionary, unpacked or not, and equal ones have equal packed bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.script.retired_ids import Retired

MANY = 700
IDS = st.text("abc", min_size=1, max_size=2)
STEPS = st.lists(st.tuples(st.sampled_from(["remove", "bring back", "keyframe"]), st.lists(IDS, max_size=4)))


@given(STEPS)
def test_it_behaves_like_a_dictionary(steps: list[tuple[str, list[str]]]) -> None:
    retired, known = Retired(), dict[str, int]()
    for version, (step, ids) in enumerate(steps, 1):
        if step == "remove":
            retired = retired.and_all(ids, version)
            known |= dict.fromkeys(ids, version)
        elif step == "bring back":
            for name in ids:
                retired = retired.without(name)
                known.pop(name, None)
        elif step == "keyframe":
            retired = Retired.packed(retired.pack())
        for name in ids:
            assert (name in retired, retired.get(name)) == (name in known, known.get(name))
    assert dict(retired) == known
    assert retired == Retired.of(known)
    assert retired.pack() == Retired.of(known).pack()


def test_a_value_is_immutable() -> None:
    one = Retired().and_all(["a"], 1)
    two = one.and_all(["b"], 2).without("a")

    assert (dict(one), dict(two)) == ({"a": 1}, {"b": 2})
    assert dict(one.and_all(["c"], 3)) == {"a": 1, "c": 3}


def test_many_changes_are_merged_without_a_difference() -> None:
    retired = Retired()
    for version in range(1, MANY):
        retired = retired.and_all([f"l{version}"], version)
        if version % 100 == 0:
            assert len(retired) == version

    assert list(retired) == [f"l{version}" for version in range(1, MANY)]
    assert retired.weight() == MANY - 1
