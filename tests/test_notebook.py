"""A trace in a notebook: the picture, the lines of text, one line as `repr`, and a DataFrame."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import lrviz
from lrviz.errors import SpecError


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
