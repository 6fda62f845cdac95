"""A trace in a notebook: the picture, the lines of text, one line as `repr`, and a DataFrame."""

from __future__ import annotations

import ast
import io
import json
import re
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import lrviz
from lrviz.errors import SpecError
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def trace() -> lrviz.Trace:
    return lrviz.simulate("StepLR(step_size=4, gamma=0.5)", lr={"body": 0.1, "head": 0.3})


def test_repr_is_one_line(trace: lrviz.Trace) -> None:
    assert repr(trace) == "<Trace StepLR(step_size=4, gamma=0.5): 32 updates, peak 0.1, final 7.81e-4>"
    assert "\n" not in repr(lrviz.simulate("cosine", label="a\nb\x1b[31m"))


def test_the_last_line_of_a_cell_is_a_picture_with_two_lines() -> None:
    bundle = lrviz.simulate("cosine")._repr_mimebundle_()
    text, png, svg = (bundle[kind] for kind in ("text/plain", "image/png", "image/svg+xml"))
    assert isinstance(png, bytes)
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (800, 400)
    assert ElementTree.fromstring(svg).tag.endswith("svg")  # noqa: S314 - our own
    assert re.fullmatch(
        r"CosineAnnealingLR\(T_max=32\) · 32 steps, 4 epochs of 8 · lr 1e-3\n"
        r"peak 1e-3 at step 0 · final 2.41e-6 · [▁-█]+",
        str(text),
    )


def test_only_the_wanted_kinds_are_drawn(trace: lrviz.Trace) -> None:
    assert set(trace._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}
    assert set(trace._repr_mimebundle_(exclude=["image/png"])) == {"text/plain", "image/svg+xml"}


def test_a_data_frame_has_the_columns_of_the_csv_and_the_same_numbers(trace: lrviz.Trace) -> None:
    frame = trace.to_pandas()
    assert frame.index.name == "step"
    assert list(frame.columns) == ["epoch", "lr[body]", "lr[head]"]
    np.testing.assert_array_equal(frame[["lr[body]", "lr[head]"]].to_numpy(), trace.lr)


def test_lengths_are_arguments() -> None:
    trace = lrviz.simulate("cosine", steps=1000, warmup="5%", warmup_start=0.5, lr=0.2)
    assert trace.label == "warm-up 50 -> CosineAnnealingLR(T_max=950)"
    assert (trace.updates, trace.lr[0, 0], trace.lr[50, 0]) == (1000, 0.1, 0.2)


def test_steps_and_epochs_are_refused() -> None:
    with pytest.raises(SpecError, match="`steps` and `epochs` both give the length of the run"):
        lrviz.simulate("cosine", steps=100, epochs=3)
    with pytest.raises(SpecError, match="`warmup` works with notation, and the scheduler is a function"):
        lrviz.simulate(lambda optimizer: optimizer, warmup=3)


def test_curves_are_drawn_into_axes_of_the_caller_and_nothing_else_changes(trace: lrviz.Trace) -> None:
    figure = Figure(figsize=(7, 3))
    left, right = figure.subplots(1, 2)
    right.plot([0, 1], [0, 1])
    settings, position = dict(mpl.rcParams), left.get_position().bounds
    assert lrviz.draw([trace, lrviz.simulate("cosine", lr=0.2)], ax=left, title="two") is figure
    assert dict(mpl.rcParams) == settings
    assert (tuple(figure.get_size_inches()), left.get_position().bounds) == ((7, 3), position)
    assert (len(figure.axes), len(right.get_lines()), right.get_xlabel()) == (2, 1, "")
    assert (left.get_title(), left.get_ylabel()) == ("two", "Learning rate")
    drawn = [line for line in left.get_lines() if (line.get_gid() or "").startswith("curve-")]
    assert len(drawn) == 3
    assert [text.get_text() for text in left.get_legend().get_texts()] == [
        "StepLR(step_size=4, gamma=0.5) @ lr=[0.1, 0.3]: body",
        "StepLR(step_size=4, gamma=0.5) @ lr=[0.1, 0.3]: head",
        "CosineAnnealingLR(T_max=32) @ lr=[0.2]",
    ]
    assert max(drawn[2].get_ydata()) == 0.2
    figure.savefig(io.BytesIO(), format="png")


def test_options_of_a_whole_figure_do_not_go_with_axes(trace: lrviz.Trace) -> None:
    with pytest.raises(SpecError, match="`size` cannot be used with `ax`"):
        lrviz.draw(trace, ax=Figure().subplots(), size=(3, 2))


def test_the_notebook_of_the_documentation_runs() -> None:
    notebook = json.loads((ROOT / "docs" / "examples" / "lrviz.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    shown = []
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        *statements, last = ast.parse("".join(cell["source"])).body
        exec(compile(ast.Module(statements, []), "cell", "exec"), names)  # noqa: S102 - of this repository
        assert isinstance(last, ast.Expr)
        shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))  # noqa: S307 - likewise
    trace, both, frame, own = shown
    assert trace.label == "warm-up 50 -> CosineAnnealingLR(T_max=950)"
    assert both._repr_png_().startswith(b"\x89PNG")
    assert frame.shape == (5, 2)
    assert [axes.get_yscale() for axes in own.axes] == ["linear", "log"]
