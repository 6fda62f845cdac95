"""The numbers of a page: exact, and not too many."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from lrviz import figure
from lrviz.artifacts.data import figure_data
from lrviz.figure import FigureOptions, Places
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_run
from lrviz.trace import Trace

NOWHERE = Places(720, 360, 0, ())


def data_of(traces: list[Trace], places: Places = NOWHERE) -> Any:
    labels = [[trace.label] * trace.lr.shape[1] for trace in traces]
    text = figure_data(traces, places, labels, "step", sheet=False)
    assert text.isascii()
    assert not set("<>&") & set(text)
    return json.loads(text)


def test_a_short_run_is_whole() -> None:
    trace = simulate(read_run("plateau @ epochs=2, steps_per_epoch=4"))
    data = data_of([trace])
    assert data["runs"] == [{"updates": 8, "per_epoch": 4}]
    (series,) = data["series"]
    assert series["lr"] == trace.lr[:, 0].tolist()
    assert series["metric"][0] is None  # NaN before the first
    assert trace.metric is not None
    assert series["metric"][1:] == trace.metric[1:].tolist()


@pytest.mark.parametrize(("count", "updates"), [(1, 20_000), (4, 20_000), (40, 4_000)])
def test_a_long_run_has_exact_values_at_some_steps(count: int, updates: int) -> None:
    texts = [f"warm-restarts(T_0={100 + 7 * i}) @ epochs=1, steps_per_epoch={updates}" for i in range(count)]
    traces = [simulate(read_run(text)) for text in texts]
    data = data_of(traces)
    steps = data["runs"][0]["steps"]
    assert (steps[0], steps[-1]) == (0, updates - 1)
    assert steps == sorted(set(steps))
    assert 60 <= len(steps) <= 1_200
    for one, trace in zip(data["series"], traces, strict=True):
        assert one["lr"] == trace.lr[steps, 0].tolist()
    assert max(data["series"][0]["lr"]) == traces[0].lr.max() or count == 40


@pytest.mark.parametrize("unit", ["step", "epoch"])
@pytest.mark.parametrize("span", [(100, 300), (500, 9_500)])
def test_a_part_of_a_run_has_the_steps_that_are_shown(unit: Any, span: tuple[int, int]) -> None:
    trace = simulate(read_run("warm-restarts(T_0=700) @ epochs=10, steps_per_epoch=1000"))
    places = figure.places(figure.draw([trace], FigureOptions(span=span, x=unit)))
    (run,) = json.loads(figure_data([trace], places, [["a"]], unit, sheet=False))["runs"]
    assert (run["steps"][0], run["steps"][-1]) == span
    assert len(run["steps"]) == 201 or span[0] == 500


def test_epochs_of_unequal_updates() -> None:
    trace = simulate(read_run("cosine @ steps_per_epoch=13, grad_accum=4, accum_remainder=carry"))
    (run,) = data_of([trace])["runs"]
    assert run == {"updates": 13, "per_epoch": 13, "epochs": 4}  # as page.js counts them:
    assert [((step + 1) * run["epochs"] - 1) // run["per_epoch"] for step in range(13)] == trace.epoch.tolist()


def test_runs_of_different_lengths_have_steps_of_their_own() -> None:
    texts = ["cosine", "step @ epochs=2", "linear @ steps_per_epoch=4", "exponential @ epochs=2"]
    data = data_of([simulate(read_run(text)) for text in texts])
    assert [run["updates"] for run in data["runs"]] == [32, 16, 16]
    assert [one["run"] for one in data["series"]] == [0, 1, 2, 1]


@pytest.mark.parametrize("metric", ["1,inf,0.5", "inf", "-inf,1,nan"])
@pytest.mark.parametrize("layout", ["overlay", "grid"])
def test_values_that_json_cannot_hold(metric: str, layout: str) -> None:
    traces = [simulate(read_run("plateau", Fields({"metric": metric})))]
    places = figure.places(figure.draw(traces, FigureOptions(layout=layout)))
    (series,) = data_of(traces, places)["series"]
    assert None in series["metric"][1:]


@pytest.mark.parametrize("layout", ["overlay", "grid"])
def test_panels_are_where_the_axes_are(layout: str) -> None:
    traces = [simulate(read_run(text)) for text in ("cosine", "onecycle", "plateau", "step @ lr=0.1")]
    drawn = figure.draw(traces, FigureOptions(layout=layout, momentum=True, log=True))
    places = figure.places(drawn)
    panels = data_of(traces, places)["panels"]
    assert len(panels) == len(drawn.axes)
    width, height = 72 * drawn.get_size_inches()
    for panel, place, axes in zip(panels, places.panels, drawn.axes, strict=True):
        x0, y0, x1, y1 = axes.get_position().extents
        wanted = [x0 * width, (1 - y1) * height, (x1 - x0) * width, (y1 - y0) * height]
        assert panel["box"] == pytest.approx(wanted, abs=0.01)
        assert (panel["x"], panel["y"]) == (list(axes.get_xlim()), list(axes.get_ylim()))
        assert panel["log"] == (axes.get_yscale() == "log")
        assert len(panel["curves"]) == len(axes.get_lines())
        assert math.isclose(place.view.left, place.box.left - 3) or place.view.left < place.box.left
    kinds = {kind for panel in panels for _, kind in panel["curves"]}
    assert kinds == {"lr", "momentum", "metric"}
    keys = {key for panel in panels for key, _ in panel["curves"]}
    assert keys == {"0.0", "1.0", "2.0", "3.0"}
    if layout == "grid":  # what a panel has no labels for, it has from another
        for panel, place in zip(panels, places.panels, strict=True):
            assert panel["labels"].count(False) == len(place.borrowed)
