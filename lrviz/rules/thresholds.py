"""The thresholds of the rules, each with its reason."""

from __future__ import annotations

from typing import Final, NamedTuple


class Threshold(NamedTuple):
    """A number that a rule compares with, and why it is this one."""

    value: float
    reason: str


THRESHOLDS: Final = {
    "rebound": Threshold(0.05, "of the fall: a cosine that goes on for a seventh of its length rises by this much"),
    "sawtooth": Threshold(3, "half periods: a cosine that turns more often, at its own length, is meant to"),
    "longer": Threshold(1.1, "of the run: recipes round the length of the schedule, and leave out the last epochs"),
    "longer function": Threshold(1.25, "of the run, for a function: FixMatch's cosine is cut off at 7/8 on purpose"),
    "unfinished": Threshold(0.1, "of the fall is left: a cosine that is a quarter too long leaves a tenth"),
    "idle": Threshold(0.1, "of the run: BERT and its kin end within a hundredth, GPT-3 trains on at a floor"),
    "idle at a floor": Threshold(0.6, "of the run, below a tenth of the peak: SWA trains for half of it at a fifth"),
    "floor": Threshold(1e-2, "of the peak: GPT-3 and Megatron's examples train on for a third at a floor above it"),
    "warm-up": Threshold(1 / 3, "of the run: published warm-ups take up to a tenth, short fine-tuning up to a third"),
    "long warm-up": Threshold(1 / 2, "of the run: the rate then rises for longer than it falls"),
    "unit": Threshold(
        0.03, "relative: a length that is off by a factor is off by this factor exactly, but for rounding"
    ),
    "warm-up in it": Threshold(0.12, "relative: a warm-up before the schedule is counted in the same unit"),
    "decades": Threshold(1e-8, "of the peak: what torch's own schedulers end at is above it"),
    "float32": Threshold(
        1e-10, "absolute: half the spacing of float32 at 0.002, so that Adam moves no weight above it"
    ),
    "tiny": Threshold(0.1, "of the run: a cosine and a polynomial are below 1e-8 of their peak for its last updates"),
    "moves": Threshold(0.01, "of the rate: a tenth of what two seeds differ by"),
    "zeros": Threshold(0.01, "of the run: the warm-up of transformers starts with one update at 0"),
    "reached": Threshold(0.25, "of the fall: a period that ends further from eta_min was cut into too few steps"),
    "far": Threshold(10, "times eta_min, for a note: torch never makes the step that would reach it"),
    "swallowed": Threshold(0.01, "of the first cycle: a smaller one does not show in a loss"),
    "jump": Threshold(
        3.0, "the ratio: a step of gamma 0.1 is meant, and made by StepLR; a restart repeats a scheduler"
    ),
    "triggers": Threshold(0.8, "of the chances: a plateau that is reduced at each is a decay by patience"),
    "improves": Threshold(0.3, "of the values: a metric that improves so often the other way goes the other way"),
    "list": Threshold(10, "milestones: so many are made by range(), up to any length"),
    "many": Threshold(5, "periods: the last is a small part of the run; reductions: torch's eps ends the rate there"),
    "resumed": Threshold(1e-6, "of the rate: a smaller difference after a stop is rounding"),
}


def limit(name: str) -> float:
    """The value of a threshold."""
    return THRESHOLDS[name].value
