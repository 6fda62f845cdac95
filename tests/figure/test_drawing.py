"""Figures by their artists: what is drawn, where, and that no text lies on another."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import same_color, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from lrviz.errors import SpecError
from lrviz.figure import FigureOptions, backend, draw, drawing, places, render
from lrviz.figure.curves import Curve
from lrviz.figure.drawing import Chart
from lrviz.figure.grid import columns_for, rows_of
from lrviz.figure.overlaps import interleave_dashes
from lrviz.figure.style import luminance
from lrviz.notation import SchedulerCall
from lrviz.spec import TrainingLoop
from lrviz.trace import Trace
from tests.traces import trace

LOOP = TrainingLoop(epochs=4, steps_per_epoch=8)
LONG = (
    "SequentialLR(schedulers=[LinearLR(start_factor=0.1, total_iters=5), CosineAnnealingLR(T_max=27), "
    "ConstantLR(factor=0.5, total_iters=10), PolynomialLR(total_iters=8, power=2)], milestones=[5, 15, 25])"
)


def cosine(n: int = 32, high: float = 1e-3, low: float = 0.0, period: int | None = None) -> np.ndarray:
    return low + (high - low) * (1 + np.cos(np.pi * np.arange(n) / (period or n))) / 2


def halving(n: int = 32, size: int = 4) -> np.ndarray:
    return 1e-3 * 0.5 ** (np.arange(n) // size)


def many(count: int, label: str = "cosine(T_max={0}, eta_min=0)") -> list[Trace]:
    return [trace(cosine(period=8 + i), label=label.format(8 + i), loop=LOOP) for i in range(count)]


def shown(figure: Figure) -> list[tuple[Text, tuple[float, float, float, float]]]:
    """Every text that can be seen, with its box in pixels."""
    assert isinstance(figure, Chart)
    FigureCanvasAgg(figure)
    with backend.style_applied(figure.style):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Line2D, "draw", lambda *_: None)
            figure.draw_without_rendering()  # places the texts
        texts = [text for text in figure.findobj(Text) if text.get_visible()]
        boxes = [(text, text.get_window_extent()) for text in texts if text.get_text()]
    return [(text, (box.x0, box.y0, box.x1, box.y1)) for text, box in boxes if box.width > 0]


def assert_readable(figure: Figure) -> None:
    """No text is clipped by the edge, and none lies on another."""
    width, height = figure.get_size_inches() * figure.dpi
    boxes = shown(figure)
    for text, (left, bottom, right, top) in boxes:
        assert left >= -1, f"{text.get_text()!r} is cut off at the left"
        assert bottom >= -1, f"{text.get_text()!r} is cut off at the bottom"
        assert right <= width + 1, f"{text.get_text()!r} is cut off at the right"
        assert top <= height + 1, f"{text.get_text()!r} is cut off at the top"
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        apart = a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 1 or b[3] <= a[1] + 1
        assert apart, f"{one.get_text()!r} lies on {other.get_text()!r}"


def lines(axes: Axes) -> list[Line2D]:
    return list(axes.get_lines())


def texts(figure: Figure) -> list[str]:
    return [" ".join(text.get_text().split()) for text, _ in shown(figure)]


def xy(line: Line2D) -> np.ndarray:
    return np.asarray(line.get_xydata())


def test_a_smooth_curve_is_drawn_through_every_update() -> None:
    lr = cosine()
    (axes,) = draw([trace(lr, label="cosine", loop=LOOP)]).axes
    (line,) = lines(axes)
    np.testing.assert_array_equal(xy(line), np.column_stack([np.arange(32), lr]))
    assert line.get_marker() == "o"
    assert axes.get_xlabel() == "Step (8 per epoch)"
    assert axes.get_ylabel() == "Learning rate"
    assert axes.get_title(loc="left") == "cosine"
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim() == pytest.approx((-3e-5, 1.05e-3))
    assert axes.spines["top"].get_visible()  # the axis of epochs
    assert axes.spines["top"].get_gid() == "top-1-line"  # which a page hides with its labels
    assert not axes.spines["right"].get_visible()


def test_a_drop_is_upright_at_the_first_step_of_the_new_rate() -> None:
    (axes,) = draw([trace(halving(), loop=LOOP)]).axes
    (line,) = lines(axes)
    points = xy(line)
    at = np.flatnonzero(np.diff(points[:, 1]))
    assert points[at, 0].tolist() == points[at + 1, 0].tolist() == [4, 8, 12, 16, 20, 24, 28]
    every = line.get_markevery()
    assert isinstance(every, list)
    np.testing.assert_array_equal(points[every], np.column_stack([np.arange(32), halving()]))


def on_top(figure: Figure, name: str = "Epoch") -> list[str]:
    """The labels at the height of the name of the second axis, from left to right."""
    boxes = shown(figure)
    height = next((box[1] for text, box in boxes if text.get_text() == name), None)
    found = [(box[0], text.get_text()) for text, box in boxes if height is not None and abs(box[1] - height) < 6]
    return [label for _, label in sorted(found) if label != name]


def test_ticks_of_steps_are_round_and_epochs_are_on_top() -> None:
    figure = draw([trace(cosine(), loop=LOOP)])
    assert on_top(figure) == ["0", "1", "2", "3", "4"]
    assert_readable(figure)
    (axes,) = figure.axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "5", "10", "15", "20", "25", "30"]
    where = {text.get_text(): text.get_position()[0] for text in axes.texts}
    assert [where[str(epoch)] for epoch in range(5)] == [0, 8, 16, 24, 32]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["0", "2e-4", "4e-4", "6e-4", "8e-4", "1e-3"]


@pytest.mark.parametrize("options", [FigureOptions(x="epoch"), FigureOptions(style="cheatsheet")], ids=["x", "guide"])
def test_epochs_are_not_shown_twice(options: FigureOptions) -> None:
    figure = draw([trace(cosine(), loop=LOOP)], options)
    assert not figure.axes[0].texts
    assert not figure.axes[0].spines["top"].get_visible()


@pytest.mark.parametrize("size", [None, (10.0, 5.0), (4.0, 3.0), (3.3, 2.5)])
def test_a_grid_has_epochs_above_its_first_row(size: tuple[float, float] | None) -> None:
    loop = TrainingLoop(epochs=12, steps_per_epoch=781)
    runs = [trace(cosine(9372), label=f"curve {i}", loop=loop) for i in range(6)]
    figure = draw(runs, FigureOptions(layout="grid", columns=3, size=size))
    assert_readable(figure)
    assert ["0" in [text.get_text() for text in axes.texts] for axes in figure.axes] == [True] * 3 + [False] * 3
    assert all(len(axes.get_xticklabels()) > (size != (3.3, 2.5)) for axes in figure.axes[3:])


@pytest.mark.parametrize("size", [(10.0, 5.0), (4.0, 3.0), (3.3, 2.5)])
def test_labels_of_panels_over_one_another_do_not_touch(size: tuple[float, float]) -> None:
    slope = cosine(46_890, high=0.01)
    loop = TrainingLoop(epochs=30, steps_per_epoch=1563)
    lr = np.repeat([0.01, 0.001, 0.0001], 15_630)
    run = trace(lr, label="plateau", loop=loop, momentum=[0.95 - 10 * slope], metric=slope)
    options = FigureOptions(size=size, momentum=True)
    assert_readable(draw([run], options))
    assert_readable(draw([run], replace(options, layout="grid", columns=3)))


@pytest.mark.parametrize(
    ("high", "ticks", "title"),
    [
        (0.03, ["0", "0.005", "0.01"], "cosine(eta_min=0.005, T_max=32)"),
        (1e-3, ["0", "2e-4", "4e-4"], "cosine(eta_min=5e-3, T_max=32)"),
    ],
)
def test_a_title_writes_rates_as_the_axis_does(high: float, ticks: list[str], title: str) -> None:
    made = trace(cosine(high=high), loop=LOOP)
    for written in (0.005, 5e-3):
        call = SchedulerCall("cosine", kwargs=(("eta_min", written), ("T_max", 32)))
        (axes,) = draw([Trace(replace(made.spec, scheduler=call), made.lr)]).axes
        assert [label.get_text() for label in axes.get_yticklabels()][:3] == ticks
        assert axes.get_title(loc="left") == title


def test_long_numbers_of_notation_are_shown_in_brief() -> None:
    def run(gamma: float, name: str = "") -> Trace:
        made = trace(cosine(), label=name, loop=LOOP)
        call = SchedulerCall("ExponentialLR", kwargs=(("gamma", gamma),))
        return Trace(replace(made.spec, scheduler=call, derived=" @ " in name), made.lr)

    def titles(*traces: Trace) -> list[str]:
        grid = draw(traces, FigureOptions(layout="grid")).axes
        together = [str(line.get_label()) for line in lines(draw(traces).axes[0])]
        assert [axes.get_title(loc="left").replace("\n", "") for axes in grid] == together
        return together

    exact = "ExponentialLR(gamma=0.8659643233600653)"
    assert titles(run(0.8659643233600653)) == ["ExponentialLR(gamma=0.866)"]
    assert titles(run(0.8659643233600653, "mine: 0.8659643233600653")) == ["mine: 0.8659643233600653"]
    assert titles(run(0.8659643233600653, f"{exact} @ lr=1e-3")) == ["ExponentialLR(gamma=0.866) @ lr=1e-3"]
    assert titles(run(0.8659643233600653), run(0.86596432)) == [
        "gamma=0.8659643233600653",
        "gamma=0.86596432",
    ]


def test_an_axis_of_epochs_puts_runs_of_different_steps_over_each_other() -> None:
    one = trace(cosine(32), label="a", loop=LOOP)
    two = trace(cosine(64), label="b", loop=TrainingLoop(epochs=4, steps_per_epoch=16))
    (axes,) = draw([one, two], FigureOptions(x="epoch")).axes
    assert axes.get_xlabel() == "Epoch"
    assert [xy(line)[-1, 0] for line in lines(axes)] == [31 / 8, 63 / 16]
    (axes,) = draw([one, two]).axes
    assert axes.get_xlabel() == "Step"


def test_axes_of_a_run_that_stops_inside_an_epoch_and_of_epochs_of_unequal_updates() -> None:
    stopped = TrainingLoop(max_steps=350, steps_per_epoch=100)
    carried = TrainingLoop(epochs=4, steps_per_epoch=350, grad_accum=4, accum_remainder="carry")
    for loop, axis in ((stopped, "Step (100 per epoch)"), (carried, "Step")):
        one = trace(cosine(350), loop=loop)
        (axes,) = draw([one], FigureOptions(x="epoch")).axes
        assert xy(lines(axes)[0])[-1, 0] == pytest.approx(349 * loop.exact_epochs / 350)
        assert axes.get_xlim()[1] == pytest.approx(loop.exact_epochs, rel=0.05)
        for figure in (axes.figure, draw([one])):
            assert isinstance(figure, Figure)
            assert_readable(figure)
        assert figure.axes[0].get_xlabel() == axis


@pytest.mark.parametrize(
    ("steps", "curves", "marked"),
    [
        pytest.param(64, 1, True, id="few"),
        pytest.param(65, 1, False, id="many-steps"),
        pytest.param(32, 9, False, id="many-curves"),
        pytest.param(1, 1, True, id="one-step"),
    ],
)
def test_markers_only_where_there_are_few_steps(steps: int, curves: int, marked: bool) -> None:
    loop = TrainingLoop(epochs=1, steps_per_epoch=steps)
    traces = [trace(cosine(steps, period=10 + i), label=f"c{i}", loop=loop) for i in range(curves)]
    (axes,) = draw(traces).axes
    assert [line.get_marker() != "None" for line in lines(axes)] == [marked] * curves


@pytest.mark.parametrize(
    ("count", "label"),
    [
        pytest.param(6, "T_max={0}", id="short-labels"),
        pytest.param(8, "CosineAnnealingLR(T_max={0}, eta_min=0.0001)", id="eight"),
        pytest.param(24, "CosineAnnealingLR(T_max={0}, eta_min=0.0001)", id="twenty-four"),
        pytest.param(7, LONG + " {0}", id="long-labels"),
    ],
)
@pytest.mark.parametrize("size", [None, (4.0, 3.0)])
def test_more_curves_have_a_legend_beside_the_axes(count: int, label: str, size: tuple[float, float] | None) -> None:
    figure = draw(many(count, label), FigureOptions(size=size))
    (legend,) = figure.legends
    assert len(legend.get_texts()) == count
    assert_readable(figure)
    inside, outside = figure.axes[0].get_window_extent(), legend.get_window_extent()
    assert not inside.overlaps(outside)
    assert inside.height > 0.25 * figure.bbox.height
    if size is None:
        named = [text.get_text().replace("\n", " ") for text in legend.get_texts()]
        assert len(set(named)) == count


@pytest.mark.parametrize(
    ("layout", "style"),
    [("overlay", "lrviz"), ("overlay", "dark"), ("overlay", "cheatsheet"), ("overlay", "dark_background"),
     ("grid", "lrviz"), ("grid", "dark_background")],
)  # fmt: skip
def test_too_many_curves_to_name_are_thin_and_told_by_their_order(layout: str, style: str) -> None:
    rates = [cosine(high=1e-4 * (i + 1)) for i in range(40)]
    run = trace(*rates, label="cosine", names=[f"g{i}" for i in range(40)], loop=LOOP)
    figure = draw([run], FigureOptions(layout=layout, style=style))
    found = lines(figure.axes[0])
    assert not any(dashes(line) or line.get_marker() != "None" for line in found)
    (width,) = {line.get_linewidth() for line in found}
    (usual,) = {line.get_linewidth() for line in lines(draw([*many(2)], FigureOptions(style=style)).axes[0])}
    assert width == usual / 2
    light = [luminance(to_rgb(str(line.get_color()))) for line in found]
    steps = np.diff(light)
    assert (steps <= 0).all() or (steps >= 0).all()
    ground = luminance(to_rgb(figure.axes[0].get_facecolor()))
    assert all((max(ground, value) + 0.05) / (min(ground, value) + 0.05) >= 3 for value in light)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["g0", "38 more between", "g39"]
    handles = [str(handle.get_color()) for handle in legend.findobj(Line2D)]
    assert [handles[0], handles[-1]] == [str(found[0].get_color()), str(found[-1].get_color())]
    assert len(set(handles)) > 5
    assert_readable(figure)


def test_as_many_curves_as_can_be_named_are_named() -> None:
    assert len(draw(many(24)).legends[0].get_texts()) == 24
    assert [text.get_text() for text in draw(many(25)).legends[0].get_texts()][1] == "23 more between"


def test_a_label_that_begins_with_an_underscore_is_named_all_the_same() -> None:
    figure = draw(many(7, "_{0}"))
    assert "_8" in texts(figure)


@pytest.mark.parametrize("label", [LONG, "a b " * 300], ids=["notation", "words"])
@pytest.mark.parametrize("size", [None, (4.0, 3.0), (1.0, 1.0)])
def test_a_long_title_wraps(label: str, size: tuple[float, float] | None) -> None:
    figure = draw([trace(cosine(), label=label, loop=LOOP)], FigureOptions(size=size))
    title = figure.axes[0].get_title(loc="left")
    assert 1 <= title.count("\n") <= 2
    if size != (1.0, 1.0):
        assert_readable(figure)


def test_a_word_wider_than_the_figure_is_shortened_and_not_broken() -> None:
    figure = draw([trace(cosine(), label="x" * 5000, loop=LOOP)], FigureOptions(size=(4.0, 3.0)))
    assert re.fullmatch("x+…x+", figure.axes[0].get_title(loc="left"))
    assert_readable(figure)


@pytest.mark.parametrize(("count", "size"), [(1, None), (2, (12.0, 9.0)), (5, None), (17, None), (17, (12.0, 9.0))])
def test_a_grid_has_a_panel_for_each_trace(count: int, size: tuple[float, float] | None) -> None:
    traces = many(count, "CosineAnnealingLR(T_max={0}, eta_min=0.0001)")
    figure = draw(traces, FigureOptions(layout="grid", size=size))
    assert len(figure.axes) == count
    assert [" ".join(axes.get_title(loc="left").split()) for axes in figure.axes] == [t.label for t in traces]
    assert_readable(figure)
    assert figure.get_supxlabel() == "Step (8 per epoch)"
    assert figure.get_supylabel() == "Learning rate"
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    for one, other in itertools.combinations(figure.axes, 2):
        assert not one.get_window_extent().overlaps(other.get_window_extent())


def test_a_grid_labels_its_axes_at_the_left_and_at_the_foot() -> None:
    figure = draw(many(5), FigureOptions(layout="grid", columns=3))
    shown(figure)
    with_x = [any(tick.get_text() for tick in axes.get_xticklabels()) for axes in figure.axes]
    with_y = [any(tick.get_text() for tick in axes.get_yticklabels()) for axes in figure.axes]
    assert with_x == [False, False, True, True, True]
    assert with_y == [True, False, False, True, False]


def test_a_grid_of_different_lengths_and_free_axes() -> None:
    traces = [trace(cosine(32), label="a", loop=LOOP), trace(cosine(64, high=0.1), label="b"), *many(1)]
    figure = draw(traces, FigureOptions(layout="grid", share_y=False))
    assert_readable(figure)
    assert len({axes.get_xlim() for axes in figure.axes}) == 2
    assert len({axes.get_ylim() for axes in figure.axes}) == 2
    assert all(any(tick.get_text() for tick in axes.get_yticklabels()) for axes in figure.axes)


@pytest.mark.parametrize(
    ("count", "columns"), [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3), (6, 3), (8, 4), (9, 3), (17, 5), (24, 5), (100, 10)]
)
def test_columns_of_a_grid(count: int, columns: int) -> None:
    assert columns_for([1] * count) == columns


@pytest.mark.parametrize(
    ("sizes", "columns", "rows"),
    [
        pytest.param([1, 1, 1, 1], 2, ["00 10", "20 30"], id="one panel each"),
        pytest.param([1, 1, 2, 1], 3, ["00 10 30", "20 21"], id="a later trace fills the row"),
        pytest.param([1, 2, 2], 2, ["00 10", "11 20", "21"], id="none fits"),
        pytest.param([1, 3, 1], 2, ["00 20", "10 11", "12"], id="more panels than columns"),
        pytest.param([1, 2], 1, ["00", "10", "11"], id="one column"),
    ],
)
def test_panels_of_a_trace_are_side_by_side(sizes: list[int], columns: int, rows: list[str]) -> None:
    assert [" ".join(f"{trace}{panel}" for trace, panel in row) for row in rows_of(sizes, columns)] == rows


def test_parameter_groups_are_lines_with_their_names() -> None:
    one = trace(cosine(high=1e-4), cosine(), label="cosine", names=("backbone", "head"), loop=LOOP)
    figure = draw([one])
    assert [line.get_label() for line in lines(figure.axes[0])] == ["backbone", "head"]
    assert {"backbone", "head", "cosine"} <= set(texts(figure))
    assert_readable(figure)
    both = draw([one, trace(halving(), label="step", loop=LOOP)])
    assert [line.get_label() for line in lines(both.axes[0])] == ["cosine: backbone", "cosine: head", "step"]
    grid = draw([one, one], FigureOptions(layout="grid"))
    assert [text.get_text() for text in grid.legends[0].get_texts()] == ["backbone", "head"]
    assert len({line.get_color() for axes in grid.axes for line in lines(axes)}) == 2
    assert_readable(grid)


def moving(**how: Any) -> Trace:
    return trace(cosine(), label="onecycle", loop=LOOP, momentum=[0.95 - 0.1 * np.sin(np.arange(32) / 10)], **how)


def test_momentum_has_a_thinner_panel_under_the_rates_when_asked_for() -> None:
    (alone,) = draw([moving()]).axes
    assert alone.get_xlabel()
    figure = draw([moving(momentum_name="betas[0]")], FigureOptions(momentum=True))
    rates, momentum = figure.axes
    assert momentum.get_ylabel() == "beta1"
    assert momentum.get_xlabel()
    assert not rates.get_xlabel()
    assert rates.get_xlim() == momentum.get_xlim()
    assert rates.get_position().y0 > momentum.get_position().y1
    assert momentum.get_position().height < 0.5 * rates.get_position().height
    np.testing.assert_array_equal(xy(lines(momentum)[0])[:, 1], moving().momentum[:, 0])  # type: ignore[index]
    assert_readable(figure)


def test_momentum_asked_of_a_trace_without_it_is_no_panel() -> None:
    assert len(draw(many(1), FigureOptions(momentum=True)).axes) == 1


def cuts(axes: Axes) -> Any:
    """The marks of cuts."""
    (marks,) = [artist for artist in axes.collections if isinstance(artist, LineCollection)]
    return marks


def test_a_metric_has_a_panel_and_each_cut_is_marked() -> None:
    lr = np.repeat([0.1, 0.01, 0.001], [12, 12, 8])
    metric = np.r_[np.full(8, np.nan), np.repeat([1.0, 0.5, 0.5], 8)]
    figure = draw([trace(lr, label="plateau", loop=LOOP, metric=metric)])
    rates, under = figure.axes
    assert under.get_ylabel() == "Metric"
    for axes in (rates, under):
        assert sorted(segment[0][0] for segment in cuts(axes).get_segments()) == [12, 24]
    drawn = xy(lines(under)[0])
    assert np.nanmin(drawn[:, 1]) == 0.5
    assert np.isnan(drawn[0, 1])
    assert_readable(figure)


def test_a_cut_stands_in_the_unit_of_the_axis() -> None:
    metric = np.linspace(1.0, 0.5, 32)
    figure = draw([trace(np.repeat([0.1, 0.01], [12, 20]), loop=LOOP, metric=metric)], FigureOptions(x="epoch"))
    assert [segment[0][0] for segment in cuts(figure.axes[0]).get_segments()] == [12 / LOOP.updates_per_epoch]


def test_a_cut_has_the_colour_of_its_curve_and_shares_a_place_with_others() -> None:
    metric = np.linspace(1.0, 0.5, 32)
    runs = [
        trace(np.repeat([0.1, 0.01, 0.001], sizes), label=str(sizes), loop=LOOP, metric=metric)
        for sizes in ([12, 12, 8], [12, 6, 14])
    ]
    figure = draw(runs)
    one, two = (str(line.get_color()) for line in lines(figure.axes[0]))
    marks = cuts(figure.axes[0])
    found = [
        (segment[0][0], next(name for name in (one, two) if same_color(colour, name)), style)
        for segment, colour, style in zip(marks.get_segments(), marks.get_colors(), marks.get_linestyle(), strict=True)
    ]
    assert sorted((x, name) for x, name, _ in found) == sorted([(12, one), (12, two), (24, one), (18, two)])
    (offset, first), (other, second) = [style for x, _, style in found if x == 12]
    assert first == second
    assert first[1] == pytest.approx(3 * first[0])
    assert (other - offset) % (4 * first[0]) == pytest.approx(2 * first[0])
    groups = draw([trace(runs[0].lr[:, 0], runs[0].lr[:, 0], names="ab", loop=LOOP, metric=metric)])
    neutral = cuts(groups.axes[0]).get_colors()[0]
    assert not any(same_color(neutral, str(line.get_color())) for line in lines(groups.axes[0]))


def test_a_lone_value_of_a_metric_is_a_dot() -> None:
    nan = np.nan
    metric = np.r_[nan, 0.9, nan, 0.8, 0.8, nan, nan, 0.6, np.full(23, nan), 0.5]
    figure = draw([trace(cosine(), label="plateau", loop=LOOP, metric=metric)])
    joined, dots = lines(figure.axes[1])
    np.testing.assert_array_equal(xy(joined)[:, 1], metric)
    np.testing.assert_array_equal(xy(dots), [[1, 0.9], [7, 0.6], [31, 0.5]])
    assert (dots.get_linestyle(), dots.get_marker()) == ("None", "o")
    assert same_color(str(dots.get_color()), str(joined.get_color()))
    for suffix in (".png", ".svg"):
        assert render(figure, suffix)


def test_panels_of_every_kind_in_a_grid() -> None:
    metric = np.r_[np.full(8, np.nan), np.repeat([1.0, 0.5, 0.5], 8)]
    plateau = trace(np.repeat([0.1, 0.01], 16), label="plateau", loop=LOOP, metric=metric)
    figure = draw([plateau, moving(), *many(2)], FigureOptions(layout="grid", momentum=True))
    assert len(figure.axes) == 6
    assert_readable(figure)


@pytest.mark.parametrize("size", [None, (9.0, 7.0)])
def test_panels_of_a_grid_are_of_one_height_whatever_they_show(size: tuple[float, float] | None) -> None:
    metric = np.linspace(1.0, 0.5, 32)
    plateau = trace(np.repeat([1e-3, 1e-4], 16), label="plateau", loop=LOOP, metric=metric)
    options = FigureOptions(layout="grid", columns=3, size=size, momentum=True)
    figure = draw([plateau, *many(2), moving(metric=metric), *many(2)], options)
    named = [axes.get_title(loc="left").replace("\n", " ").partition(":")[0] for axes in figure.axes]
    assert [n for n in named if n in ("Momentum", "Metric")] == ["Metric", "Momentum", "Metric"]
    assert len(figure.axes) == 9
    boxes = [axes.get_window_extent() for axes in figure.axes]
    assert {round(box.height) for box in boxes} == {round(boxes[0].height)}
    for row in (boxes[:3], boxes[3:6], boxes[6:]):
        assert len({round(box.y0) for box in row}) == 1
    rates = [axes for axes, name in zip(figure.axes, named, strict=True) if name not in ("Momentum", "Metric")]
    assert len({tuple(axes.get_yticks()) for axes in rates}) == 1
    assert_readable(figure)


def test_a_metric_that_is_never_a_number_has_no_panel() -> None:
    assert len(draw([trace(cosine(), loop=LOOP, metric=np.full(32, np.nan))]).axes) == 1


def dashes(line: Line2D) -> tuple[float, ...]:
    pattern = line._unscaled_dash_pattern[1]  # type: ignore[attr-defined]
    return tuple(pattern or ())


@pytest.mark.parametrize("count", [2, 3, 4])
def test_curves_on_one_another_take_turns(count: int) -> None:
    traces = [trace(cosine(), label=f"same {i}", loop=LOOP) for i in range(count)]
    figure = draw([*traces, trace(halving(), label="other", loop=LOOP)])
    first, *rest, other = lines(figure.axes[0])
    assert not dashes(first)
    assert not dashes(other)
    strokes = {(dashes(line)[0], sum(dashes(line)), line.get_zorder()) for line in rest}
    assert len(strokes) == 1
    assert first.get_zorder() == rest[0].get_zorder()  # the later are drawn over the first
    (stroke, whole, _) = strokes.pop()
    assert whole == count * stroke
    assert len({line._unscaled_dash_pattern[0] for line in rest}) == count - 1  # type: ignore[attr-defined]
    assert len({line.get_color() for line in (first, *rest, other)}) == count + 1
    assert_readable(figure)


def test_momenta_and_metrics_on_one_another_take_turns_too() -> None:
    momentum = 0.95 - 0.1 * np.sin(np.arange(32) / 10)
    shifted = [momentum, momentum, momentum - 0.003]  # apart to the eye on an axis that does not begin at 0
    one = trace(*[cosine()] * 3, label="onecycle", names=("a", "b", "c"), loop=LOOP, momentum=shifted)
    figure = draw([one], FigureOptions(momentum=True))
    rates, under = (lines(axes) for axes in figure.axes)
    assert [bool(dashes(line)) for line in rates] == [False, True, True]
    assert [bool(dashes(line)) for line in under] == [False, True, False]
    metric = np.r_[np.nan, np.linspace(1.0, 0.5, 31)]
    pair = [trace(cosine(), label=label, loop=LOOP, metric=metric) for label in "ab"]
    assert [bool(dashes(line)) for line in lines(draw(pair).axes[1])] == [False, True]


def test_each_of_twelve_curves_in_one_place_has_a_line_in_the_legend() -> None:
    names = [f"g{i}" for i in range(12)]
    (legend,) = draw([trace(*[cosine()] * 12, label="cosine", names=names, loop=LOOP)]).legends
    handles = legend.get_lines()
    assert len(handles) == 12
    assert not dashes(handles[0])
    assert {dashes(handle) for handle in handles[1:]} == {(4.0, 2.0)}
    assert {handle._unscaled_dash_pattern[0] for handle in handles} == {0}  # type: ignore[attr-defined]


def test_curves_near_one_another_only_for_a_while_stay_solid() -> None:
    made = [Curve("a", np.arange(4.0), np.array([1, 1, 1, y]), "k") for y in (0.0, 0.5)]
    assert interleave_dashes(tuple(made), log=False) == tuple(made)


def test_nine_curves_have_as_many_looks() -> None:
    found = lines(draw(many(24)).axes[0])
    assert len({(line.get_color(), dashes(line)) for line in found}) == 24


def test_eight_decades_on_a_logarithmic_axis() -> None:
    figure = draw(
        [trace(np.geomspace(0.1, 1e-9, 32), label="a"), trace(cosine(high=0.1), label="b")], FigureOptions(log=True)
    )
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    assert_readable(figure)
    ticks = [tick.get_text() for tick in axes.get_yticklabels()]
    assert all(re.fullmatch(r"1e-\d", tick) for tick in ticks)
    assert len(ticks) >= 5
    low, high = axes.get_ylim()
    assert 1e-10 < low < 1e-9
    assert 0.1 < high < 1


@pytest.mark.parametrize(
    ("lr", "low", "high"),
    [
        pytest.param(np.r_[np.full(16, 1e-3), np.zeros(16)], 5e-4, 1.1e-3, id="zeros"),
        pytest.param(cosine(1_000_000), 1e-10, 5e-3, id="a-long-cosine"),
        pytest.param(np.r_[np.geomspace(1e-3, 1e-5, 31), 4e-9], 1e-9, 5e-3, id="a-last-step-far-below"),
        pytest.param(np.geomspace(1e-3, 1e-300, 32), 1e-16, 5e-3, id="three-hundred-decades"),
        pytest.param(0.1 * 0.999 ** np.arange(32), 0.09, 0.11, id="less-than-a-decade"),
        pytest.param(np.full(32, 1e-3), 1e-5, 1e-1, id="constant"),
    ],
)
def test_a_logarithmic_axis_shows_what_matters(lr: np.ndarray, low: float, high: float) -> None:
    figure = draw([trace(lr, label="curve")], FigureOptions(log=True))
    (axes,) = figure.axes
    assert low <= axes.get_ylim()[0] < lr.max() < axes.get_ylim()[1] <= high
    shown(figure)
    assert sum(bool(tick.get_text()) for tick in axes.get_yticklabels()) >= 2
    assert_readable(figure)


def test_a_logarithmic_axis_shows_every_step_of_a_short_run() -> None:
    lr = np.r_[np.geomspace(1e-3, 1e-5, 31), 4e-9]
    (axes,) = draw([trace(lr, label="curve")], FigureOptions(log=True)).axes
    assert axes.get_ylim()[0] < 4e-9


@pytest.mark.parametrize("log", [False, True])
def test_a_rate_of_zero_throughout_lies_on_a_linear_axis(log: bool) -> None:
    figure = draw([trace(np.zeros(32), label="nothing", loop=LOOP)], FigureOptions(log=log))
    (axes,) = figure.axes
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim()[0] < 0 < axes.get_ylim()[1]
    assert_readable(figure)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_shortest_runs(n: int) -> None:
    for options in (FigureOptions(), FigureOptions(log=True), FigureOptions(x="epoch"), FigureOptions(layout="grid")):
        figure = draw([trace(np.full(n, 1e-3), label="short"), trace(np.full(n, 1e-3), label="too")], options)
        assert_readable(figure)
        assert len(xy(lines(figure.axes[0])[0])) == n


@pytest.mark.parametrize("size", [1.7e308, 1e-20, 5e-324])
@pytest.mark.parametrize("options", [FigureOptions(), FigureOptions(log=True), FigureOptions(style="cheatsheet")])
def test_rates_of_any_size(size: float, options: FigureOptions) -> None:
    values = size * np.linspace(1.0, 0.5, 32)
    run = trace(values, label="curve", loop=LOOP, momentum=[values], metric=values)
    figure = draw([run], replace(options, momentum=True, dpi=50))
    assert len(figure.axes) == 3
    assert all(np.isfinite([*axes.get_ylim()]).all() for axes in figure.axes)
    assert_readable(figure)


def test_metrics_of_any_size_beside_one_another() -> None:
    ends = [size * np.linspace(1.0, -1.0, 32) for size in (1.7e308, 1.7e308, 5e-324)]
    figure = draw([trace(cosine(), label=str(i), loop=LOOP, metric=metric) for i, metric in enumerate(ends)])
    assert np.isfinite([*figure.axes[1].get_ylim()]).all()
    assert_readable(figure)


@pytest.mark.parametrize("metric", [np.full(32, 0.5), np.zeros(32), 1e16 + np.arange(32.0), -np.arange(32.0)])
def test_metrics_that_hardly_move(metric: np.ndarray) -> None:
    (_, under) = draw([trace(cosine(), label="curve", metric=metric)]).axes
    low, high = under.get_ylim()
    assert low < metric.min() <= metric.max() < high
    assert len(under.get_yticks()) >= 2


def test_text_of_the_users_own_is_data() -> None:
    evil = ["$\\frac{1}{2}$ <script>alert(1)</script>", "a\nb\x1b[31m", "_x $ %s {} \\n", "学習率 \u202e🙂", "$x$"]
    figure = draw([trace(halving(size=2 + i), label=label, loop=LOOP) for i, label in enumerate(evil)])
    assert "$\\frac{1}{2}$ <script>alert(1)</script>" in texts(figure)
    assert "a b\\x1b[31m" in texts(figure)
    assert_readable(figure)
    title = draw([trace(cosine(), loop=LOOP)], FigureOptions(title="$\\alpha$ <b>\n"))
    assert title.axes[0].get_title(loc="left") == "$\\alpha$ <b>"
    for suffix in (".png", ".svg", ".pdf"):
        assert render(figure, suffix)


def test_a_title_of_the_users_own() -> None:
    assert draw(many(3), FigureOptions(title="Three")).axes[0].get_title(loc="left") == "Three"
    assert draw(many(3)).axes[0].get_title(loc="left") == ""
    assert draw(many(3), FigureOptions(title="Three", layout="grid")).get_suptitle() == "Three"


def test_a_million_steps_are_drawn_with_few_points_that_keep_the_extremes() -> None:
    restarts = np.tile(cosine(20_000, low=1e-5), 50)
    (line,) = lines(draw([trace(restarts, label="restarts")]).axes[0])
    points = xy(line)
    assert len(points) < 8000
    tops = points[points[:, 1] == 1e-3, 0]
    assert set(range(0, 1_000_000, 20_000)) <= set(tops.astype(int).tolist())
    upright = np.flatnonzero((np.diff(points[:, 0]) == 0) & (np.diff(points[:, 1]) > 9e-4))
    assert points[upright, 0].astype(int).tolist() == list(range(20_000, 1_000_000, 20_000))


def test_cyclic_curves_are_thinner_than_smooth_ones_and_below_them() -> None:
    cyclic = trace(cosine(4000, period=100), label="cyclic")
    smooth = trace(cosine(4000), label="smooth")
    (axes,) = draw([cyclic, smooth, trace(cosine(4000, period=1000), label="two cycles")]).axes
    busy, *others = lines(axes)
    (width,) = {line.get_linewidth() for line in others}
    assert busy.get_linewidth() < 0.7 * width
    assert all(busy.get_zorder() < line.get_zorder() for line in others)


@pytest.mark.parametrize("layout", ["overlay", "grid"])
def test_more_cycles_than_can_be_told_apart_are_a_band(layout: str) -> None:
    n, cycle = 20_000, 40
    top = np.geomspace(1e-3, 1e-4, n)
    sawtooth = 1e-4 + (top - 1e-4) * (np.arange(n) % cycle) / (cycle - 1)
    figure = draw([trace(sawtooth, label="saw"), trace(cosine(n), label="smooth")], FigureOptions(layout=layout))
    axes = figure.axes[0]
    (band,) = axes.patches
    assert band.get_gid() == "band-0.0-lr"
    assert [curve.key for curve in places(figure).panels[0].curves][:1] == ["0.0"]
    low, high = (xy(line) for line in lines(axes)[:2])
    assert (low[:, 1] == 1e-4).all()
    np.testing.assert_allclose(high[1:-1, 1], np.interp(high[1:-1, 0], np.arange(n), top), rtol=0.03)
    assert band.get_zorder() < lines(figure.axes[-1])[-1].get_zorder()
    assert figure.notes == ("Band: the range of cycles too close to be told apart",)
    assert [text.get_text() for text in figure.texts if text.get_gid() == "notes"] == list(figure.notes)
    assert_readable(figure)
    assert not draw([trace(sawtooth[:4000], label="saw")]).axes[0].patches
    zoomed = draw([trace(sawtooth, label="saw")], FigureOptions(span=(4000, 5000)))
    assert not zoomed.axes[0].patches
    assert not zoomed.notes


@pytest.mark.parametrize(
    "sizes", [(2, 4, 8), (3, 3, 3), (4, 4, 4), (20, 40, 80), (1000, 1000, 1000)], ids=lambda sizes: f"{sizes}"
)
@pytest.mark.parametrize("suffix", [None, ".svg"])
def test_every_restart_of_a_curve_is_upright(sizes: tuple[int, ...], suffix: str | None) -> None:
    lr = np.concatenate([cosine(size) for size in sizes])
    figure = draw([trace(lr, label="restarts"), *many(8)])
    points: list[np.ndarray] = []
    if suffix is None:
        points.append(xy(lines(figure.axes[0])[0]))
    else:  # curves are reduced while a vector figure is written
        with drawing._reduced_curves(figure):
            points.append(xy(lines(figure.axes[0])[0]))
    (drawn,) = points
    rises = np.flatnonzero(np.diff(drawn[:, 1]) > 1e-4)
    assert drawn[rises, 0].tolist() == drawn[rises + 1, 0].tolist() == list(np.cumsum(sizes[:-1]))


def test_drops_on_consecutive_steps_are_both_upright() -> None:
    points = xy(lines(draw([trace(np.r_[np.full(9, 1e-2), 1e-3, np.full(9, 1e-4)])]).axes[0])[0])
    drops = np.flatnonzero(np.diff(points[:, 1]))
    assert points[drops, 0].tolist() == points[drops + 1, 0].tolist() == [9, 10]


def test_the_guides_own_look() -> None:
    figure = draw([trace(cosine(), loop=LOOP)], FigureOptions(style="cheatsheet"))
    (axes,) = figure.axes
    (line,) = lines(axes)
    assert tuple(figure.get_size_inches()) == (10, 5)
    assert same_color(str(line.get_color()), "black")
    assert line.get_marker() == "o"
    assert axes.get_ylim() == pytest.approx((0, 1.1e-3))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Steps", "Learning Rate")
    assert axes.get_xticks().tolist() == [0, 8, 16, 24, 32]
    (minor,) = (artist for artist in figure.artists if str(artist.get_gid()).startswith("minor-xticks"))
    assert isinstance(minor, Line2D)
    assert sorted([*axes.get_xticks(), *np.asarray(minor.get_xdata())]) == list(range(33))
    assert not axes.spines["top"].get_visible()


@pytest.mark.parametrize("layout", ["overlay", "grid"])
@pytest.mark.parametrize("at", [(4, 0.0), (0, 1e-3)], ids=["bottom", "top"])
def test_markers_at_the_edge_of_the_axes_are_whole(layout: str, at: tuple[float, float]) -> None:
    lr = np.abs(1e-3 * np.cos(np.pi * np.arange(32) / 8))
    options = FigureOptions(style="cheatsheet", layout=layout)
    figure = draw([trace(lr, loop=LOOP)], options)
    (axes,) = figure.axes
    (line,) = lines(axes)
    assert line.get_marker() == "o"
    axes.set_ylim(0, 1e-3)
    x, y = axes.transData.transform(at)
    canvas = FigureCanvasAgg(figure)
    with backend.style_applied(figure.style):
        canvas.draw()  # type: ignore[no-untyped-call]
        drawn: Any = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    ink = np.asarray(drawn)[::-1, :, 0] < 128
    reach = 0.25 * line.get_markersize() * figure.dpi / 72
    for dx, dy in itertools.product((-reach, reach), repeat=2):  # aside of axes and ticks
        assert ink[int(y + dy), int(x + dx)]


def test_what_lies_beyond_the_axes_is_not_drawn() -> None:
    figure = draw([trace(np.r_[np.full(16, 1e-3), np.zeros(16)], loop=LOOP)], FigureOptions(log=True))
    assert lines(figure.axes[0])[0].get_clip_on()


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        *[(name, "overlay") for name in ("dark", "cheatsheet", "default", "ggplot", "classic", "fivethirtyeight")],
        *[(name, "grid") for name in ("dark", "classic", "grayscale")],
    ],
)
def test_other_styles_are_readable_too(name: str, layout: str) -> None:
    traces = many(3, "CosineAnnealingLR(T_max={0}, eta_min=0.0001)")
    assert_readable(draw(traces, FigureOptions(style=name, layout=layout)))


@pytest.mark.parametrize("size", [(1.0, 1.0), (1.0, 30.0), (30.0, 1.0), (2.0, 1.5)])
@pytest.mark.parametrize(("layout", "count"), [("overlay", 1), ("overlay", 6), ("grid", 6)])
def test_no_size_is_too_odd(size: tuple[float, float], layout: str, count: int) -> None:
    options = FigureOptions(size=size, layout=layout, momentum=True, dpi=50)
    figure = draw([moving(), *many(count)], options)
    assert tuple(figure.get_size_inches()) == size
    assert render(figure, ".png")


def test_nothing_to_draw() -> None:
    with pytest.raises(SpecError, match="nothing to draw"):
        draw([])


def test_a_figure_knows_no_pyplot_and_shows_itself_in_a_notebook() -> None:
    figure = draw(many(1))
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert figure.canvas.manager is None
