"""The benchmark itself: its figures come from a durable database, and its verdicts are right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from tests.benchmarks.frame import Figures, Goal, Pair, measure
from tests.benchmarks.plot import Curve, draw_curves, draw_ratios
from tests.benchmarks.report import table, write_json
from tests.benchmarks.run import benchmarks
from tests.benchmarks.stage import DURABILITY, NotDurableError, Stage
from tests.services.mariadb import MariaDB

AT_LEAST_HALF = Goal("rate", "commands/s", "at least", 0.5)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def pair(ours: list[float], theirs: list[float], *goals: Goal) -> Pair:
    def side(rates: Iterator[float]) -> Figures:
        return {"rate": next(rates)}

    mine, its = iter(ours), iter(theirs)
    return Pair("X", "what", lambda: side(mine), lambda: side(its), goals, rounds=len(ours), warm_up=False)


@pytest.mark.services
@pytest.mark.slow
def test_figures_are_taken_with_full_durability(tmp_path: Path):
    with Stage(tmp_path) as stage:
        assert stage.durability() == {
            "innodb_flush_log_at_trx_commit": 1,
            "sync_binlog": 1,
            "log_bin": 1,
            "innodb_doublewrite": 1,
            "foreign_key_checks": 1,
            "check_constraint_checks": 1,
        }
        stage.mariadb.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 2")
        with pytest.raises(NotDurableError):
            stage.durability()


@pytest.mark.services
@pytest.mark.slow
def test_no_figure_is_taken_on_a_database_that_is_not_durable(tmp_path: Path):
    stage = Stage(tmp_path)
    stage.mariadb.discard()
    stage.mariadb = MariaDB()
    with pytest.raises(NotDurableError), stage:
        pass


def test_the_ratio_is_the_median_over_the_turns():
    [result] = measure(pair([1, 9, 3], [2, 10, 10], AT_LEAST_HALF))
    assert (result.ours, result.reference, result.ratio, result.spread) == (3, 10, 0.5, (0.3, 0.9))
    assert result.met


def test_a_goal_that_is_not_reached_is_missed():
    goals = (AT_LEAST_HALF, Goal("rate", "ms", "at most", 1.0, of="ours"))
    assert [result.met for result in measure(pair([4.0], [10.0], *goals))] == [False, False]


def test_ours_and_the_reference_take_turns():
    order: list[str] = []

    def side(name: str) -> Figures:
        order.append(name)
        return {"rate": 1.0}

    measure(Pair("X", "", lambda: side("ours"), lambda: side("reference"), (AT_LEAST_HALF,), rounds=2))
    assert order == ["ours", "reference"] * 3


def test_every_benchmark_has_a_key_of_its_own():
    keys = [module.KEY for module in benchmarks()]
    assert len(keys) == len(set(keys))
    assert [module.KEY for module in benchmarks(["B3"])] == ["B3"]
    with pytest.raises(SystemExit, match="no benchmark B99"):
        benchmarks(["B99"])


def test_what_was_measured_is_written_with_the_settings_it_was_measured_under(tmp_path: Path):
    results = measure(pair([4.0], [10.0], AT_LEAST_HALF))
    write_json(tmp_path / "build" / "bench.json", results, [], DURABILITY, quick=False)
    written = msgspec.json.decode((tmp_path / "build" / "bench.json").read_bytes())
    assert written["durability"] == DURABILITY
    assert (written["results"][0]["ratio"], written["results"][0]["met"]) == (0.4, False)
    assert "MISSED" in table(results)


def test_plots_show_every_ratio_and_every_point(tmp_path: Path):
    results = measure(pair([4.0], [10.0], AT_LEAST_HALF, Goal("rate", "x", "at most", 2.0)))
    draw_ratios(tmp_path / "bench.svg", results)
    draw_curves(tmp_path / "growth.svg", [Curve("By <length>", "µs", (("50", 1.0), ("500", 2.5)))])

    bars, curve = (ElementTree.parse(tmp_path / name).getroot() for name in ("bench.svg", "growth.svg"))
    words = [text.text for text in bars.iter("{http://www.w3.org/2000/svg}text")]
    assert "0.4 × (goal ≥ 0.5 ×)" in words
    assert "0.4 × (goal ≤ 2 ×)" in words
    assert len(list(curve.iter("{http://www.w3.org/2000/svg}circle"))) == 2
