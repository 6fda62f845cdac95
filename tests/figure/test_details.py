"""Parts of a run, insets, annotations, and rates that a logarithmic axis cannot show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.lines import Line2D

from lrviz.errors import SpecError
from lrviz.figure import FigureOptions, draw
from lrviz.figure.drawing import Chart
from lrviz.spec import TrainingLoop
from lrviz.trace import Trace
from tests.figure.test_drawing import assert_readable, cosine, lines, shown, xy
from tests.traces import trace

SIZES = [(10.0, 5.0), (4.0, 3.0), (3.3, 2.5)]
LOOP = TrainingLoop(10, 100)
WARMED = np.r_[np.linspace(1e-4, 1e-2, 101)[:100], cosine(900, 1e-2)]
CUT = np.repeat([1e-2, 1e-3, 5e-4], [300, 300, 400])


def run(lr: Any, label: str = "run", **how: Any) -> Trace:
    return trace(lr, label=label, loop=LOOP, **how)


def crossed(axes: Axes, box: tuple[float, float, float, float]) -> bool:
    """Whether a curve passes through a box, in pixels."""
    for line in lines(axes):
        x, y = axes.transData.transform(xy(line)).T
        at = np.linspace(box[0], box[2], 50)
        inside = np.interp(at, x, y, left=np.nan, right=np.nan)
        if ((inside > box[1]) & (inside < box[3])).any():
            return True
    return False


def texts(figure: Chart) -> dict[str, tuple[float, float, float, float]]:
    return {text.get_text(): box for text, box in shown(figure) if text in figure.axes[0].texts}


@pytest.mark.parametrize("unit", ["step", "epoch"])
def test_a_part_of_the_run_fills_the_axes(unit: Any) -> None:
    figure = draw([run(WARMED)], FigureOptions(span=(200, 400), x=unit))
    (axes,) = figure.axes
    scale = 100 if unit == "epoch" else 1
    assert axes.get_xlim() == pytest.approx((197 / scale, 403 / scale))
    (line,) = lines(axes)
    np.testing.assert_allclose(xy(line), np.column_stack([np.arange(200, 401) / scale, WARMED[200:401]]))
    assert axes.get_ylim()[1] == pytest.approx(1.05 * WARMED[200:401].max())
    assert_readable(figure)


def test_a_run_that_ends_before_the_part_is_left_out() -> None:
    short = trace(cosine(100), label="short", loop=TrainingLoop(1, 100))
    for layout in ("overlay", "grid"):
        figure = draw([short, run(WARMED, "long")], FigureOptions(span=(500, 2000), layout=layout))
        (axes,) = figure.axes
        assert [line.get_label() for line in lines(axes)] == ["long"]
        assert axes.get_xlim()[1] == pytest.approx(1007.5)
    with pytest.raises(SpecError, match="nothing to draw from step 1,000 to 2,000 of 1,000"):
        draw([run(WARMED)], FigureOptions(span=(1000, 2000)))


@pytest.mark.parametrize("log", [False, True])
def test_the_limits_of_the_rate_axis(log: bool) -> None:
    (axes,) = draw([run(WARMED)], FigureOptions(ylim=(1e-4, 5e-3), log=log)).axes
    assert axes.get_ylim() == (1e-4, 5e-3)
    assert lines(axes)[0].get_clip_on()


@pytest.mark.parametrize("size", SIZES)
def test_an_inset_is_in_the_empty_part(size: tuple[float, float]) -> None:
    figure = draw([run(WARMED)], FigureOptions(inset="warmup", size=size))
    (axes,) = figure.axes
    insets: Any = axes.child_axes
    if not insets:
        assert figure.notes == ("the curves leave no place for the inset: a larger figure may have one",)
        assert size != SIZES[0]
        return
    (inset,) = insets
    assert_readable(figure)  # this draws the figure, which places the inset
    (line,) = lines(inset)
    assert xy(line)[-1, 0] == 130
    np.testing.assert_allclose(xy(line)[:, 1], WARMED[:131])
    frame: Any = inset.get_window_extent().extents
    outside: Any = axes.get_window_extent().extents
    assert not crossed(axes, frame)
    assert (frame[:2] >= outside[:2]).all()
    assert (frame[2:] <= outside[2:]).all()
    shade: Any = axes.patches[0].get_extents().extents
    assert [round(edge) for edge in shade[[0, 2]]] == [
        round(edge) for edge in axes.transData.transform([(0, 0), (130, 0)])[:, 0]
    ]


def test_an_inset_of_any_part() -> None:
    figure = draw([run(WARMED, "a"), run(cosine(1000, 1e-2), "b")], FigureOptions(inset=(900, 1000)))
    insets: Any = figure.axes[0].child_axes
    (inset,) = insets
    low, high = inset.get_ylim()
    assert low < WARMED[-1] < WARMED[900] < high < 1e-3
    assert [line.get_color() for line in lines(inset)] == [line.get_color() for line in lines(figure.axes[0])]


def test_an_inset_of_a_warm_up_that_no_curve_has() -> None:
    figure = draw([run(cosine(1000))], FigureOptions(inset="warmup"))
    assert not figure.axes[0].child_axes
    assert figure.notes == ("no curve has a warm-up, so there is no inset",)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("log", [False, True])
def test_annotations_are_beside_the_curve(size: tuple[float, float], log: bool) -> None:
    figure = draw([run(CUT)], FigureOptions(annotate=True, size=size, log=log))
    assert_readable(figure)
    found = texts(figure)
    peak = "1e-2" if log else "0.01"
    assert set(found) == {f"peak {peak}", "×0.1", "×0.5", "final 5e-4"}
    for box in found.values():
        assert not crossed(figure.axes[0], box)
    dots = [xy(artist) for artist in figure.artists if isinstance(artist, Line2D) and artist.get_marker() == "o"]
    at = figure.axes[0].transData.inverted().transform([dot[0] * figure.dpi for dot in dots])
    np.testing.assert_allclose(at, [[0, 1e-2], [300, 1e-3], [600, 5e-4], [999, 5e-4]], rtol=1e-6, atol=1e-9)


def test_annotations_of_a_warm_up_and_of_many_cuts() -> None:
    def found(lr: np.ndarray) -> list[str]:
        return list(texts(draw([run(lr)], FigureOptions(annotate=True))))

    assert found(WARMED) == ["end of warm-up, peak 0.01", "final 3.05e-8"]
    twice = np.r_[np.linspace(1e-4, 5e-3, 100), np.linspace(5e-3, 1e-3, 400), np.linspace(1e-3, 1e-2, 500)]
    assert set(found(twice)) == {"peak 0.01", "end of warm-up", "final 0.01"}
    assert "×0.9, the first of 19 cuts" in found(1e-2 * 0.9 ** (np.arange(1000) // 50))
    assert found(np.full(1000, 1e-2)) == ["constant 0.01"]


def test_annotations_of_several_curves_have_their_colours_and_avoid_labels_and_inset() -> None:
    traces = [run(WARMED, "warm-up, cosine"), run(CUT, "two cuts")]
    figure = draw(traces, FigureOptions(annotate=True, inset=(0, 150)))
    assert_readable(figure)
    drawn = {text.get_text(): text.get_color() for text in figure.axes[0].texts}
    assert drawn["×0.1"] == drawn["two cuts"]
    assert drawn["end of warm-up, peak 0.01"] == drawn["warm-up, cosine"]
    assert "of more than 5 curves none is annotated" in draw([run(CUT)] * 6, FigureOptions(annotate=True)).notes


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [2, 3])
def test_lines_to_annotations_pass_no_text(count: int, size: tuple[float, float]) -> None:
    steps = np.repeat(1e-2 * 0.5 ** np.arange(5), 200)
    stable = np.r_[np.full(900, 1e-2), np.linspace(1e-2, 1e-4, 100)]
    traces = [run(WARMED, "warm-up, cosine"), run(steps, "halved"), run(stable, "stable, decay")][:count]
    figure = draw(traces, FigureOptions(annotate=True, size=size))
    boxes = texts(figure)
    leaders = [artist for artist in figure.artists if (artist.get_gid() or "").startswith("leader-")]
    assert leaders
    for leader in leaders:
        assert isinstance(leader, Line2D)
        points = xy(leader) * figure.dpi
        line = points[0] + np.linspace(0.1, 0.9, 50)[:, None] * (points[-1] - points[0])
        for text, (left, bottom, right, top) in boxes.items():
            inside = (left < line[:, 0]) & (line[:, 0] < right) & (bottom < line[:, 1]) & (line[:, 1] < top)
            assert not inside.any() or leader.get_marker() == "o", text


def test_an_inset_is_beside_the_part_that_it_shows() -> None:
    start, loop = np.linspace(1e-5, 1e-3, 201)[:200], TrainingLoop(50, 100)
    tails = cosine(4800, 1e-3), np.r_[np.linspace(1e-3, 0.0, 4500), np.zeros(300)]
    labels = "warm-up 200 -> CosineAnnealingLR(T_max=4800)", "warm-up 200 -> LinearLR(start_factor=1.0, end_factor=0.0)"
    traces = [trace(np.r_[start, tail], label=label, loop=loop) for tail, label in zip(tails, labels, strict=True)]
    figure = draw(traces, FigureOptions(inset="warmup"))
    shown(figure)
    insets: Any = figure.axes[0].child_axes
    box: Any = insets[0].get_tightbbox().extents
    shade: Any = figure.axes[0].patches[0].get_extents().extents
    assert box[0] >= shade[2] or box[2] <= shade[0]


def triangles(axes: Axes) -> list[Any]:
    return [artist for artist in axes.collections if isinstance(artist, PathCollection)]


def test_rates_of_0_are_marked_at_the_foot_of_a_logarithmic_axis() -> None:
    zero = np.r_[cosine(500, 1e-2, 1e-4), np.zeros(500)]
    figure = draw([run(zero, "zero"), run(cosine(1000, 1e-2, 1e-4), "positive")], FigureOptions(log=True))
    (axes,) = figure.axes
    (triangle,) = triangles(axes)
    assert triangle.get_offsets()[0, 0] == 500
    assert 0 < triangle.get_offsets()[0, 1] < 0.03
    assert len(triangle.get_facecolor()) == 0  # open
    assert figure.notes == ("Open triangle: the first rate of 0, below the logarithmic axis",)
    assert [text.get_text() for text in figure.texts] == list(figure.notes)
    drawn = xy(lines(axes)[0])
    assert (drawn[drawn[:, 0] >= 501, 1] < axes.get_ylim()[0]).all()
    assert not draw([run(zero, "zero")]).notes
    assert not triangles(draw([run(zero, "zero")]).axes[0])


def test_rates_below_a_logarithmic_axis_are_marked_and_curves_share_a_mark() -> None:
    low = [run(np.r_[np.full(500, rate), np.full(500, 1e-6)], f"{rate}") for rate in (1e-2, 2e-2)]
    figure = draw(low, FigureOptions(log=True, ylim=(1e-4, 1e-1)))
    (triangle,) = triangles(figure.axes[0])
    assert triangle.get_offsets()[0, 0] == 500
    assert figure.notes == ("Open triangle: the first rate under 1e-4, below the logarithmic axis",)
