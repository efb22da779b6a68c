"""Figures beside the contests."""

from partialc.benching.measurement import Measurement, measurements_json, timed


def test_a_figure_is_held_against_its_bar() -> None:
    met, missed = Measurement("build", 2.0, "s", 2.0), Measurement("build", 2.5, "s", 2)
    assert met.is_met
    assert not missed.is_met
    assert str(met) == "build: at most 2 s: 2 s met"
    assert str(missed) == "build: at most 2 s: 2.5 s MISSED"


def test_a_figure_without_a_bar_is_only_told() -> None:
    told = Measurement("whole solve", 0.125, "s")
    assert told.is_met
    assert str(told) == "whole solve: 0.125 s"
    (data,) = measurements_json([told])
    assert data == {
        "name": "whole solve",
        "value": 0.125,
        "unit": "s",
        "most": None,
        "met": True,
    }


def test_a_call_is_timed_by_the_clock() -> None:
    times = iter([1.0, 3.5])
    assert timed(lambda: "result", lambda: next(times)) == ("result", 2.5)
