"""Labels of several curves: where they stand, what they say, and the legend where there is no place for them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import same_color, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from lrviz.figure import FigureOptions, draw, render, style
from lrviz.simulation import simulate
from lrviz.spec import Fields, TrainingLoop, read_runs
from lrviz.trace import Trace
from tests.figure.test_drawing import assert_readable, cosine, dashes, lines
from tests.traces import trace

SIZES = [(10.0, 5.0), (3.3, 2.5)]
STEPS = np.arange(200)
LOOP = TrainingLoop(1, 200)


def runs(*texts: str, labels: tuple[str, ...] = (), **fields: Any) -> list[Trace]:
    """The traces of schedulers as on the command line."""
    return [simulate(spec) for spec in read_runs(texts, Fields(fields), labels)]


def of(kind: str, count: int) -> list[Trace]:
    """Traces with short labels whose curves are of one kind."""
    shapes: dict[str, Iterator[np.ndarray]] = {
        "ending near 0": (np.exp(-(i + 1) * STEPS / 50) for i in range(count)),
        "crossing": (0.1 + 0.8 * np.abs((STEPS / 200 + i / count) % 2 - 1) for i in range(count)),
        "equal": (cosine(200, 1.0) * (1.0 if i < 3 else 0.5**i) for i in range(count)),
        "constant": (np.full(200, (i + 1) / count) for i in range(count)),
        "sawtooth": (1 - STEPS % (20 + 9 * i) / (20 + 9 * i) for i in range(count)),
    }
    if kind == "groups":
        rates = [cosine(200, 1e-3 * (i + 1)) for i in range(count)]
        return [trace(*rates, label="cosine", names=[f"layer {i}" for i in range(count)], loop=LOOP)]
    return [trace(values, label=f"run number {i}", loop=LOOP) for i, values in enumerate(shapes[kind])]


def on_curves(figure: Figure) -> list[tuple[Text, Bbox]]:
    """The labels beside curves, with their boxes in pixels."""
    axes = figure.axes[0]
    names = {str(line.get_label()).replace(" ", "") for line in lines(axes)}
    renderer = RendererAgg(8, 8, figure.dpi)  # type: ignore[no-untyped-call]
    return [
        (text, text.get_window_extent(renderer))
        for text in axes.texts
        if "".join(text.get_text().removeprefix("= ").split()) in names
    ]


def points(line: Line2D) -> np.ndarray:
    """A curve in pixels, with a point in each."""
    x, y = np.asarray(line.get_transform().transform(line.get_xydata())).T
    length = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))))
    at = np.linspace(0.0, length[-1], int(length[-1]) + 2)
    return np.column_stack([np.interp(at, length, x), np.interp(at, length, y)])


def assert_labels_are_free(figure: Figure) -> None:
    """Labels lie inside the axes, and on no curve, mark or other label."""
    (axes, *_), labels = figure.axes, on_curves(figure)
    inside = axes.get_window_extent()
    for text, box in labels:
        assert inside.x0 < box.x0 < box.x1 < inside.x1, text.get_text()
        assert inside.y0 < box.y0 < box.y1 < inside.y1, text.get_text()
        for line in lines(axes):
            x, y = points(line).T
            assert not ((box.x0 < x) & (x < box.x1) & (box.y0 < y) & (y < box.y1)).any(), text.get_text()
        for marks in (artist for artist in axes.collections if isinstance(artist, LineCollection)):
            for segment in marks.get_segments():
                x0, _ = axes.transData.transform((segment[0][0], 0.0))
                assert not box.x0 <= x0 <= box.x1, text.get_text()
    for (one, a), (other, b) in itertools.combinations(labels, 2):
        assert not a.padded(-0.5).overlaps(b.padded(-0.5)), f"{one.get_text()!r} lies on {other.get_text()!r}"


def broken(text: str) -> bool:
    """Whether a line of a text ends within a word or a number."""
    return re.search(r"[\w.]\n[\w.]", text) is not None and " " not in text


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["ending near 0", "crossing", "equal", "constant", "sawtooth", "groups"])
def test_labels_lie_on_nothing_and_leave_the_plot_its_width(kind: str, size: tuple[float, float]) -> None:
    for count in (2, 5, 12):
        traces = of(kind, count)
        figure = draw(traces, FigureOptions(size=size, dpi=60))
        names = [str(line.get_label()) for line in lines(figure.axes[0])]
        if figure.legends:
            assert not on_curves(figure)
            assert [text.get_text() for text in figure.legends[0].get_texts()] == names
        else:
            assert len(on_curves(figure)) == count
            assert_labels_are_free(figure)
        assert figure.axes[0].get_position().width >= 0.8
        if count == 12:
            assert figure.legends
            assert_readable(figure)


@pytest.mark.parametrize(
    ("texts", "fields"),
    [
        pytest.param(["cosine", "step", "onecycle", "exponential", "linear"], {}, id="defaults"),
        pytest.param(["ExponentialLR(gamma={0.9,0.95,0.97,0.99})"], {"epochs": 100, "steps_per_epoch": 1}, id="sweep"),
        pytest.param(["cosine @ lr=1e-3", "cosine @ lr=5e-4", "cosine @ lr=1e-4"], {"epochs": 50}, id="rates"),
        pytest.param(["cosine", "CosineAnnealingLR(T_max=32)", "step"], {}, id="equal"),
        pytest.param(["cosine", "onecycle"], {"lr": "backbone=1e-4,head=1e-3"}, id="groups"),
        pytest.param(["plateau(patience=8)", "cosine"], {"epochs": 30}, id="plateau"),
    ],
)
def test_labels_of_real_schedules_stand_beside_their_curves(texts: list[str], fields: dict[str, Any]) -> None:
    figure = draw(runs(*texts, **fields))
    assert not figure.legends
    labels = on_curves(figure)
    assert len(labels) == len(lines(figure.axes[0]))
    assert_labels_are_free(figure)
    assert_readable(figure)
    shared = [text for text, _ in labels if text.get_text().startswith("= ")]
    for text, box in labels:
        if shared:
            continue
        own, *_ = (line for line in lines(figure.axes[0]) if same_text(text, line))
        near = {line: distance(points(line), box) for line in lines(figure.axes[0])}
        assert min(near, key=lambda line: near[line]) is own
        assert near[own] < 0.15 * figure.dpi


def same_text(text: Text, line: Line2D) -> bool:
    return "".join(text.get_text().split()) == "".join(str(line.get_label()).split())


def distance(curve: np.ndarray, box: Bbox) -> float:
    """The distance in pixels of a curve from a box."""
    x, y = curve.T
    across = np.maximum(np.maximum(box.x0 - x, x - box.x1), 0.0)
    up = np.maximum(np.maximum(box.y0 - y, y - box.y1), 0.0)
    return float(np.hypot(across, up).min())


@pytest.mark.parametrize("name", ["lrviz", "dark", "cheatsheet"])
def test_labels_have_the_colour_of_their_curve_and_enough_contrast(name: str) -> None:
    figure = draw(of("constant", 4), FigureOptions(style=name))
    ground = figure.axes[0].get_facecolor()
    labels = on_curves(figure)
    assert len(labels) == 4
    for text, _ in labels:
        (line,) = (line for line in lines(figure.axes[0]) if same_text(text, line))
        assert same_color(text.get_color(), style.readable(to_rgb(str(line.get_color())), to_rgb(ground)))


def test_equal_curves_share_a_label() -> None:
    one, other, *_ = of("equal", 3)
    figure = draw([one, other, trace(0.3 * cosine(200, 1.0), label="lower", loop=LOOP)])
    (first, a), (second, b), _ = on_curves(figure)
    assert (first.get_text(), second.get_text()) == ("run number 0", "= run number 1")
    assert a.x0 == b.x0
    assert 0 < a.y0 - b.y1 + 3 < 0.1 * figure.dpi
    near = trace(one.lr[:, 0] * 1.001, label="nearly equal", loop=LOOP)
    assert "nearly equal" in [text.get_text() for text, _ in on_curves(draw([one, near]))]


def test_a_legend_is_beside_the_axes_only_if_the_plot_keeps_its_width() -> None:
    def legend_box(figure: Figure) -> tuple[Bbox, Bbox]:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        return figure.axes[0].get_window_extent(), figure.legends[0].get_window_extent()

    for wide in (10.0, 16.0):
        axes, legend = legend_box(draw(of("sawtooth", 9), FigureOptions(size=(wide, 5.0))))
        assert (legend.x0 > axes.x1) == (wide == 16.0)
        assert (legend.y1 < axes.y0) == (wide == 10.0)
        assert axes.width >= 0.8 * wide * 150


def test_no_label_is_broken_within_a_word_or_a_number() -> None:
    texts = ["CosineAnnealingWarmRestarts(T_0=10, T_mult=2)", "CyclicLR(base_lr=0.00012345, max_lr=0.001)", "onecycle"]
    for size in SIZES:
        for layout in ("overlay", "grid"):
            figure = draw(runs(*texts), FigureOptions(size=size, layout=layout))
            found = [text.get_text() for text in figure.findobj(Text) if "\n" in text.get_text()]
            assert not [text for text in found if broken(text)]


@pytest.mark.parametrize(
    ("texts", "title", "labels"),
    [
        pytest.param(
            ["ExponentialLR(gamma={0.9,0.95})"], "ExponentialLR · gamma", ["gamma=0.9", "gamma=0.95"], id="parameter"
        ),
        pytest.param(
            ["cosine @ lr=0.1", "cosine @ lr=0.2"],
            "CosineAnnealingLR(T_max=32) · lr",
            ["lr=0.1", "lr=0.2"],
            id="rate",
        ),
        pytest.param(
            ["cosine", "step"], "", ["CosineAnnealingLR(T_max=32)", "StepLR(step_size=8)"], id="no-common-scheduler"
        ),
        pytest.param(["plateau"], "ReduceLROnPlateau(factor=0.1, patience=10)", None, id="plateau"),
    ],
)
def test_the_title_says_what_curves_share_and_the_labels_in_what_they_differ(
    texts: list[str], title: str, labels: list[str] | None
) -> None:
    traces = runs(*texts)
    figure = draw(traces)
    assert figure.axes[0].get_title(loc="left") == title
    if labels:
        assert [str(line.get_label()) for line in lines(figure.axes[0])] == labels
        grid = draw(traces, FigureOptions(layout="grid"))
        assert grid.get_suptitle() == title
        assert [axes.get_title(loc="left").replace("\n", "") for axes in grid.axes] == labels


@pytest.mark.parametrize(
    ("rates", "written"),
    [
        ("1e-4,1e-3,0.1", ["lr=0.0001", "lr=0.001", "lr=0.1"]),
        ("1e-4,1e-3", ["lr=1e-4", "lr=1e-3"]),
        ("1e-9,0.1", ["lr=1e-9", "lr=0.1"]),
    ],
)
def test_the_rates_of_labels_are_written_in_one_way(rates: str, written: list[str]) -> None:
    figure = draw(runs(f"cosine @ lr={{{rates}}}"))
    assert [line.get_label() for line in lines(figure.axes[0])] == written


def test_labels_of_the_user_are_kept() -> None:
    figure = draw(runs("ExponentialLR(gamma=0.9)", "ExponentialLR(gamma=0.95)", labels=("mine",)))
    assert [str(line.get_label()) for line in lines(figure.axes[0])] == ["mine", "ExponentialLR(gamma=0.95)"]
    assert figure.axes[0].get_title(loc="left") == ""


def on_ramp(figure: Figure) -> list[int]:
    """The place of each curve's colour on the ramp."""
    return [style.RAMP.index(str(line.get_color())) for line in lines(figure.axes[0])]


def test_a_sweep_of_a_number_has_the_colours_of_the_ramp_in_order_of_the_values() -> None:
    assert on_ramp(draw(runs("ExponentialLR(gamma={0.9,0.99,0.95,0.97})"))) == [0, 64, 21, 43]
    assert on_ramp(draw(runs(*(f"cosine @ lr={lr}" for lr in (4e-3, 3e-3, 2e-3, 1e-3))))) == [64, 43, 21, 0]
    for few_or_named in (
        runs("ExponentialLR(gamma={0.9,0.95,0.97})"),
        runs("cosine", "step", "exponential", "linear"),
        runs("CyclicLR(mode={'triangular','triangular2','exp_range'}, base_lr=1e-4, max_lr=1e-3)"),
        runs(*(f"ExponentialLR(gamma=0.9{i})" for i in range(4)), labels=("a", "b", "c", "d")),
    ):
        colours = [str(line.get_color()) for line in lines(draw(few_or_named).axes[0])]
        assert colours == list(style.LIGHT_PALETTE[: len(colours)])


def test_a_sweep_of_two_parameters_has_colours_for_one_and_dashes_for_the_other() -> None:
    figure = draw(runs("StepLR(step_size={5,8,11}, gamma={0.1,0.5})"))
    assert on_ramp(figure) == [0, 0, 32, 32, 64, 64]
    first, second, *_ = found = [dashes(line) for line in lines(figure.axes[0])]
    assert first == ()
    assert second
    assert found == [first, second] * 3


def test_groups_of_a_sweep_differ_in_their_dashes() -> None:
    figure = draw(runs("PolynomialLR(total_iters=32, power={1,2,3,4})", lr="a=1e-3,b=1e-4"))
    assert on_ramp(figure) == [0, 0, 21, 21, 43, 43, 64, 64]
    assert [bool(dashes(line)) for line in lines(figure.axes[0])] == [False, True] * 4


def test_reductions_have_a_mark_and_one_line_of_explanation() -> None:
    figure = draw(runs("plateau(patience=3)", metric="exp(-min(step, 10))", epochs=30, steps_per_epoch=1))
    (marks,) = (artist for artist in figure.axes[0].collections if isinstance(artist, PathCollection))
    cuts = [
        segment[0][0]
        for c in figure.axes[0].collections
        if isinstance(c, LineCollection)
        for segment in c.get_segments()
    ]
    assert [float(x) for x, _ in np.asarray(marks.get_offsets())] == cuts
    assert len(cuts) > 1
    (note,) = figure.texts
    assert note.get_text().replace("\n", " ") == (
        "Triangles: the rate is multiplied by 0.1 after more than 3 steps without improvement of the metric"
    )
    assert_readable(figure)
    two = draw(runs("plateau(patience=3)", "plateau(patience=9)", metric="0.5", epochs=30))
    assert [text.get_text() for text in two.texts] == ["Triangles: the rate is reduced"]
    assert not draw(runs("plateau(patience=300)", metric="0.5")).texts


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layout", ["overlay", "grid"])
def test_of_reductions_close_together_the_first_and_the_last_are_marked(size: tuple[float, float], layout: str) -> None:
    steps = 20_000
    rates = np.r_[np.full(5_000, 1e-3), 1e-3 * 0.999 ** np.arange(steps - 5_000)]
    made = trace(rates, label="falls at each step", loop=TrainingLoop(1, steps), metric=np.ones(steps))
    figure = draw([made], FigureOptions(size=size, layout=layout, log=True))
    for axes in figure.axes:
        (marks,) = (artist for artist in axes.collections if isinstance(artist, LineCollection))
        assert [segment[0][0] for segment in marks.get_segments()] == [5_001, steps - 1]
    assert "the first and the last are marked" in " ".join(figure.texts[-1].get_text().split())
    assert_readable(figure)


@pytest.mark.parametrize("size", SIZES)
def test_the_axis_of_a_low_panel_has_two_labels_or_more(size: tuple[float, float]) -> None:
    (made,) = runs("plateau(patience=3)", metric="max(0.3, exp(-epoch / 8))", epochs=40, interval="epoch")
    figure = draw([made], FigureOptions(size=size))
    for axes in figure.axes:
        assert (
            len([label for label in axes.yaxis.get_major_formatter().format_ticks(axes.get_yticks().tolist()) if label])
            > 1
        )


@pytest.mark.parametrize("size", SIZES)
def test_the_titles_of_a_small_grid_begin_with_the_names_of_the_schedulers(size: tuple[float, float]) -> None:
    names = ["cosine", "LinearLR(1.0, 0.0, 5000)", "step(500)", "exponential(0.999)", "onecycle", "polynomial"]
    figure = draw(runs(*names, epochs=50, steps_per_epoch=100), FigureOptions(layout="grid", size=size))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.partition("(")[0] for title in titles] == [
        "CosineAnnealingLR", "LinearLR", "StepLR", "ExponentialLR", "OneCycleLR", "PolynomialLR",
    ]  # fmt: skip
    assert_readable(figure)


def test_panels_are_named_by_their_quantity() -> None:
    made = runs("onecycle", optimizer="Adam")
    assert draw(made, FigureOptions(momentum=True)).axes[1].get_ylabel() == "beta1"
    made = runs("onecycle", momentum=0.9)
    assert draw(made, FigureOptions(momentum=True)).axes[1].get_ylabel() == "Momentum"
    grid = draw(made, FigureOptions(momentum=True, layout="grid"))
    assert grid.axes[1].get_title(loc="left").startswith("Momentum: OneCycleLR")


def test_a_panel_with_a_label_of_the_user_shows_the_parameters_that_the_label_does_not() -> None:
    traces = runs("StepLR(step_size=4)", "cosine(T_max=9, eta_min=1e-4)", labels=("step", "cosine, T_max = 9"))
    figure = draw(traces, FigureOptions(layout="grid"))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["step", "cosine, T_max = 9"]
    below = [[text.get_text() for text in axes.texts if "=" in text.get_text()] for axes in figure.axes]
    assert below == [["step_size=4"], ["eta_min=1e-4"]]
    assert_readable(figure)


@pytest.mark.parametrize("kind", ["ending near 0", "equal", "sawtooth", "groups"])
def test_every_label_has_the_name_of_its_curve(kind: str) -> None:
    figure = draw(of(kind, 4), FigureOptions())
    curves = {str(line.get_gid()): str(line.get_label()) for line in lines(figure.axes[0])}
    texts = [*figure.axes[0].texts, *(text for legend in figure.legends for text in legend.get_texts())]
    named = {str(text.get_gid()): " ".join(text.get_text().removeprefix("= ").split()) for text in texts}
    assert named == {gid.replace("curve-", "label-").removesuffix("-lr"): label for gid, label in curves.items()}


def test_the_parts_of_a_sheet_have_names_of_their_own() -> None:
    traces = runs("onecycle(max_lr=0.1)", "cosine", "plateau", labels=("a", "b", "c"))
    figure = draw(traces, FigureOptions(layout="grid", momentum=True))
    names = re.findall(' id="((?:curve|heading|points)-[^"]+)"', render(figure, ".svg").decode())
    assert len(names) == len(set(names))
    assert {"heading-0.0-lr", "heading-0.0-momentum", "heading-2.0-metric", "curve-2.0-metric"} <= set(names)


def test_a_warm_up_is_shown_in_the_label_and_in_the_title() -> None:
    several = draw(runs("cosine", "step(step_size=8, gamma=0.8659643233600653)", warmup="5"), FigureOptions())
    assert {str(line.get_label()) for line in lines(several.axes[0])} == {
        "warm-up 5 -> CosineAnnealingLR(T_max=27)", "warm-up 5 -> StepLR(step_size=8, gamma=0.866)",
    }  # fmt: skip
    assert draw(runs("cosine", warmup="5"), FigureOptions()).axes[0].get_title(loc="left").startswith("warm-up 5 -> ")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [6, 12, 24])
def test_a_legend_leaves_no_place_unused_below_it(count: int, size: tuple[float, float]) -> None:
    figure = draw(of("crossing", count), FigureOptions(size=size))
    assert_readable(figure)
    box = figure.legends[0].get_window_extent()
    assert 0.0 <= box.y0 / figure.dpi < 0.2
