"""Bad input: one clear error on stderr, nothing on stdout, status 2, and no file made or touched.

And input that looks bad and is legal: the curve that torch makes of it, with a note where it is probably not meant.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from lrviz.cli import main
from tests.forkserver import ForkServer
from tests.plain_loop import Make, rates
from tests.versions import CALLS_STEP_AT_MILESTONES

Capture = pytest.CaptureFixture[str]


def said(error: str, hint: str = "") -> str:
    """What stderr holds."""
    return f"error: {error}\n" + (f"\nhint: {hint}\n" if hint else "")


def finite(scheduler: str, parameter: str, value: str = "nan") -> str:
    return said(f"`{scheduler}` needs a finite number for `{parameter}`, got float('{value}')")


def whole(scheduler: str, parameter: str, value: str) -> str:
    return said(f"`{scheduler}` needs a whole number for `{parameter}`, got {value}")


def fraction(scheduler: str, parameter: str, value: str = "2.5", instead: int = 2) -> str:
    return said(
        f"`{scheduler}` needs a whole number for `{parameter}`, got {value}",
        f"`int(...)` makes one: {parameter}={instead}",
    )


def limit(scheduler: str, limits: str, value: str) -> str:
    return said(f"`{scheduler}` needs {limits}, got {value}")


BY_EPOCH = "the function counts scheduler steps: `--interval epoch` calls it once an epoch"
BREAKS = "training would fail there; check the size and sign of the parameters"
PARTS = "use numbers, lists, arithmetic, comparisons, `a if c else b`, min, max, abs, round, int, float, math"
LISTS = "`lrviz schedulers` lists them all"
PLOT_PAGE = "`lrviz plot cosine --help` lists the options"


def complex_value(text: str) -> str:
    return said(f"`1j` is not part of the notation\n    {text}\n    {' ' * text.index('1j')}^", PARTS)


def breaks(scheduler: str, kind: str, step: int, hint: str = BREAKS) -> str:
    return said(f"the rate of `{scheduler}` is {kind} at step {step}", hint)


# The command line after `lrviz`, word by word (split at blanks where it is one text), and what stderr holds.
ERRORS: dict[str, tuple[str | list[str], str]] = {
    # The base rate
    "lr nan": ("plot cosine --lr nan", said("`lr` must be a finite number above 0, got nan")),
    "lr inf": ("plot cosine --lr inf", said("`lr` must be a finite number above 0, got inf")),
    "lr -1": ("plot cosine --lr -1", said("`lr` must be a finite number above 0, got -1")),
    "lr 0": ("plot cosine --lr 0", said("`lr` must be above 0, got 0", "schedulers scale this rate, so 0 stays 0")),
    "lr True": ("plot cosine --lr True", said("`--lr` must be a number, got `True`")),
    "lr text": ("plot cosine --lr fast", said("`--lr` must be a number, got `fast`")),
    "lr empty": (
        ["plot", "cosine", "--lr", ""],
        said("`--lr` has no rate, got ``", "such as backbone=1e-4,head=1e-3"),
    ),
    "lr complex": ("plot cosine --lr 1j", said("`--lr` must be a number, got `1j`")),
    "lr of one group nan": ("plot cosine --lr a=1,b=nan", said("`lr` of `b` must be a finite number above 0, got nan")),
    # The part of the run in a figure
    # A run that is stopped and goes on
    "resume outside the run": (
        "plot cosine --resume-at 32",
        said("`--resume-at` must be inside the run of 32 updates, got step 32", "from 1 to 31, or such as 50%"),
    ),
    "resume before the run": (
        "table cosine --resume-at 0",
        said("`--resume-at` must be inside the run of 32 updates, got step 0", "from 1 to 31, or such as 50%"),
    ),
    "resume in a run of one update": (
        "show cosine --resume-at 1 --steps 1",
        said("`--resume-at` must be inside the run of 1 update, got step 1", "a run of one update has no inside"),
    ),
    "resume at text": (
        "plot cosine --resume-at soon",
        said("`--resume-at` must be a number of steps, a percentage or epochs, got `soon`", "such as 500, 5% or 2ep"),
    ),
    "resume without a stop": (
        "plot cosine --resume-by load",
        said("`--resume-by` needs `--resume-at` too", "such as `--resume-at 50%`"),
    ),
    "resume by an unknown way": (
        "plot cosine --resume-at 4 --resume-by magic",
        said(
            "`--resume-by` must be load, last-epoch, optimizer-first, scheduler-only, optimizer-only, nothing or "
            "longer, got `magic`"
        ),
    ),
    "resume past the end": (
        "plot onecycle --resume-at 4 --resume-by longer -o x.png",
        said(
            "torch fails on `OneCycleLR(max_lr=1e-3, total_steps=64)` at step 33: ValueError: Tried to step 33 times. "
            "The specified number of total steps is 32",
            "the state that is loaded has the lengths of the shorter run",
        ),
    ),
    "from after to": (
        "plot cosine --from 20 --to 5",
        said(
            "`--from` must be before `--to`, got step 20 and step 5",
            "both are steps, percentages such as 5%, or epochs such as 3ep",
        ),
    ),
    "from after the run": ("plot cosine --from 32", said("`--from` is step 32, and the run ends at step 32")),
    "from text": (
        "plot cosine --from here",
        said("`--from` must be a number of steps, a percentage or epochs, got `here`", "such as 500, 5% or 2ep"),
    ),
    "inset outside the run": (
        "compare cosine step --inset 3ep:5ep",
        said(
            "`--inset` is outside the run: `3ep:5ep` ends at step 40, and the run at step 32",
            "such as warmup, 0:5% or 50%:60%",
        ),
    ),
    "inset backwards": (
        "plot cosine --inset 50%:10%",
        said("`--inset` must start before it ends, got step 16 to step 3", "such as warmup, 0:5% or 50%:60%"),
    ),
    "inset text": (
        "plot cosine --inset start",
        said("`--inset` must be warmup or FROM:TO, got `start`", "such as warmup, 0:5% or 50%:60%"),
    ),
    "ylim 1,1": (
        "plot cosine --ylim 1,1",
        said(
            "`ylim` must be two different rates, the lower one first, got 1,1",
            "two rates, the lower one first, such as 0,1e-3",
        ),
    ),
    "ylim nan": (
        "plot cosine --ylim nan,1",
        said(
            "`ylim` must be two different rates, the lower one first, got nan,1",
            "two rates, the lower one first, such as 0,1e-3",
        ),
    ),
    "ylim 0 on a logarithmic axis": (
        "plot cosine --ylim 0,1 --log",
        said("`ylim` must be above 0 on a logarithmic axis, got 0,1", "such as 1e-6,1e-3"),
    ),
    "ylim of one": ("plot cosine --ylim 1", said("`--ylim` must be LOW,HIGH, got `1`", "such as `--ylim 0,1e-3`")),
    "font not installed": (
        "plot cosine --font dejavu-serif -o a.svg",
        said(
            "the font `dejavu-serif` is not installed",
            "did you mean `DejaVu Serif`? matplotlib finds fonts in the folders of the system and the user",
        ),
    ),
    "font like no other": (
        "plot cosine --font Nosuch -o a.svg",
        said(
            "the font `Nosuch` is not installed",
            "such as `DejaVu Sans`; matplotlib finds fonts in the folders of the system and the user",
        ),
    ),
    "annotations of a grid": (
        "compare cosine step --layout grid --annotate",
        said("`annotate` needs the layout overlay, got `grid`", "leave out `annotate`, or the layout"),
    ),
    "inset of a grid": (
        "compare cosine step --layout grid --inset warmup",
        said("`inset` needs the layout overlay, got `grid`", "leave out `inset`, or the layout"),
    ),
    "open stdout": (
        "plot cosine -o - --format svg --open",
        said("`--open` needs a file, and the output goes to stdout", "name a file with `-o`"),
    ),
    # StepLR
    "step_size 0": ("plot step --step_size 0", limit("StepLR", "a `step_size` of 1 or more", "0")),
    "step_size -1": ("plot step --step_size -1", limit("StepLR", "a `step_size` of 1 or more", "-1")),
    "step_size nan": ("plot step --step_size nan", whole("StepLR", "step_size", "float('nan')")),
    "step_size inf": ("plot step --step_size inf", whole("StepLR", "step_size", "float('inf')")),
    # gamma, of every scheduler that has one
    "step gamma -1": ("plot step --gamma -1", limit("StepLR", "a `gamma` of 0 or more", "-1.0")),
    "step gamma nan": ("plot step --gamma nan", finite("StepLR", "gamma")),
    "step gamma inf": ("plot step --gamma inf", finite("StepLR", "gamma", "inf")),
    "step gamma complex": ("plot StepLR(4,gamma=1j)", complex_value("StepLR(4,gamma=1j)")),
    "step gamma 1e308": ("plot StepLR(4,gamma=1e308)", breaks("StepLR(step_size=4, gamma=1e308)", "infinite", 8)),
    "multistep gamma -1": ("plot multistep --gamma -1", limit("MultiStepLR", "a `gamma` of 0 or more", "-1.0")),
    "multistep gamma nan": ("plot multistep --gamma nan", finite("MultiStepLR", "gamma")),
    "multistep gamma 1e308": (
        "plot MultiStepLR([2,4],1e308)",
        breaks("MultiStepLR(milestones=[2, 4], gamma=1e308)", "infinite", 4),
    ),
    "exponential gamma -1": ("plot exponential --gamma -1", limit("ExponentialLR", "a `gamma` of 0 or more", "-1.0")),
    "exponential gamma nan": ("plot exponential --gamma nan", finite("ExponentialLR", "gamma")),
    "exponential gamma inf": ("plot exponential --gamma inf", finite("ExponentialLR", "gamma", "inf")),
    "exponential gamma complex": ("plot ExponentialLR(1j)", complex_value("ExponentialLR(1j)")),
    "exponential gamma 1e308": ("plot ExponentialLR(1e308)", breaks("ExponentialLR(gamma=1e308)", "infinite", 2)),
    # A warm-up, and the length of a run
    "warm-up 200%": (
        "plot cosine --warmup 200%",
        said(
            "`--warmup` of 64 scheduler steps leaves nothing of the run, which has 32 scheduler steps",
            "such as `--warmup 5%`",
        ),
    ),
    "warm-up longer than the run": (
        "plot cosine --warmup 500",
        said(
            "`--warmup` of 500 scheduler steps leaves nothing of the run, which has 32 scheduler steps",
            "such as `--warmup 5%`",
        ),
    ),
    "warm-up -1": ("plot cosine --warmup -1", said("`--warmup` must be 0 or more, got `-1`", "such as 500, 5% or 2ep")),
    "steps and epochs": (
        "plot cosine --steps 9 --epochs 3 --steps-per-epoch 3",
        said("`--steps` and `--epochs` both give the length of the run", "leave one of them out"),
    ),
    "steps and steps of an epoch": (
        "plot cosine --steps 9 --steps-per-epoch 3",
        said("`--steps` and `--steps-per-epoch` both give the length of the run", "leave one of them out"),
    ),
    "a length without a run": (
        "plot cosine --let n=10%",
        said("`--let n`: `10%` is a part of a run, and there is no run here\n    10%\n    ^", "write a number"),
    ),
    # MultiStepLR's milestones
    "milestones -1": ("plot multistep --milestones -1", limit("MultiStepLR", "`milestones` of 0 or more", "-1")),
    "milestones nan": ("plot multistep --milestones nan", whole("MultiStepLR", "milestones", "float('nan')")),
    "milestones of text": ("plot MultiStepLR(['4'])", whole("MultiStepLR", "milestones", "'4'")),
    "milestones text": (
        "plot MultiStepLR('48')",
        said("`MultiStepLR` needs a list of whole numbers such as [8, 24] for `milestones`, got '48'"),
    ),
    "milestones None": (
        "plot MultiStepLR(None)",
        said("`MultiStepLR` needs a list of whole numbers such as [8, 24] for `milestones`, got None"),
    ),
    "milestones without a value": (
        ["plot", "multistep", "--milestones", ""],
        said("`--milestones`: empty value", "such as 8, 1e-3 or [8, 24]"),
    ),
    # ConstantLR
    "constant factor 0": ("plot constant --factor 0", limit("ConstantLR", "a `factor` above 0, at most 1", "0.0")),
    "constant factor nan": ("plot constant --factor nan", finite("ConstantLR", "factor")),
    "constant factor 1e-320": ("plot ConstantLR(1e-320)", breaks("ConstantLR(factor=1e-320)", "infinite", 5)),
    "constant total_iters -1": (
        "plot constant --total_iters -1",
        limit("ConstantLR", "a `total_iters` of 0 or more", "-1"),
    ),
    "constant total_iters nan": ("plot constant --total_iters nan", whole("ConstantLR", "total_iters", "float('nan')")),
    "constant total_iters text": ("plot ConstantLR(total_iters='4')", whole("ConstantLR", "total_iters", "'4'")),
    "constant total_iters None": ("plot ConstantLR(total_iters=None)", whole("ConstantLR", "total_iters", "None")),
    # LinearLR
    "linear total_iters -1": ("plot linear --total_iters -1", limit("LinearLR", "a `total_iters` of 0 or more", "-1")),
    "linear total_iters nan": ("plot linear --total_iters nan", whole("LinearLR", "total_iters", "float('nan')")),
    "linear start_factor 0": (
        "plot linear --start_factor 0",
        limit("LinearLR", "a `start_factor` above 0, at most 1", "0.0"),
    ),
    "linear end_factor 2": ("plot linear --end_factor 2", limit("LinearLR", "an `end_factor` from 0 to 1", "2.0")),
    # PolynomialLR
    "polynomial total_iters -1": (
        "plot polynomial --total_iters -1",
        limit("PolynomialLR", "a `total_iters` of 0 or more", "-1"),
    ),
    "polynomial total_iters inf": (
        "plot polynomial --total_iters inf",
        whole("PolynomialLR", "total_iters", "float('inf')"),
    ),
    "polynomial total_iters nan": (
        "plot polynomial --total_iters nan",
        whole("PolynomialLR", "total_iters", "float('nan')"),
    ),
    "polynomial power -1": ("plot polynomial --power -1", limit("PolynomialLR", "a `power` of 0 or more", "-1.0")),
    "polynomial power nan": ("plot polynomial --power nan", finite("PolynomialLR", "power")),
    "polynomial power complex": ("plot PolynomialLR(5,1j)", complex_value("PolynomialLR(5,1j)")),
    # The cosines
    "cosine T_max 0": ("plot cosine --T_max 0", limit("CosineAnnealingLR", "a `T_max` of 1 or more", "0")),
    "cosine T_max -8": ("plot cosine --T_max -8", limit("CosineAnnealingLR", "a `T_max` of 1 or more", "-8")),
    "cosine T_max 0.5": ("plot cosine --T_max 0.5", limit("CosineAnnealingLR", "a `T_max` of 1 or more", "0.5")),
    "cosine T_max nan": ("plot cosine --T_max nan", whole("CosineAnnealingLR", "T_max", "float('nan')")),
    "cosine T_max inf": ("plot cosine --T_max inf", whole("CosineAnnealingLR", "T_max", "float('inf')")),
    "cosine eta_min nan": ("plot cosine --eta_min nan", finite("CosineAnnealingLR", "eta_min")),
    "cosine eta_min inf": ("plot cosine --eta_min inf", finite("CosineAnnealingLR", "eta_min", "inf")),
    "warm-restarts T_0 0": (
        "plot warm-restarts --T_0 0",
        limit("CosineAnnealingWarmRestarts", "a `T_0` of 1 or more", "0"),
    ),
    "warm-restarts T_mult 0": (
        "plot warm-restarts --T_mult 0",
        limit("CosineAnnealingWarmRestarts", "a `T_mult` of 1 or more", "0"),
    ),
    "warm-restarts T_0 2.5": ("plot warm-restarts --T_0 2.5", fraction("CosineAnnealingWarmRestarts", "T_0")),
    "anneal_epochs 0.5": ("plot swa --anneal_epochs 0.5", fraction("SWALR", "anneal_epochs", "0.5", 1)),
    "warm-restarts eta_min nan": ("plot warm-restarts --eta_min nan", finite("CosineAnnealingWarmRestarts", "eta_min")),
    "warm-restarts T_0 a float": (
        "plot CosineAnnealingWarmRestarts(4.0)",
        said(
            "torch refuses `CosineAnnealingWarmRestarts(T_0=4.0)`: "
            "ValueError: Expected positive integer T_0, but got 4.0"
        ),
    ),
    # CyclicLR
    "cyclic base_lr -1": ("plot cyclic --base_lr -1", limit("CyclicLR", "a `base_lr` of 0 or more", "-1")),
    "cyclic base_lr nan": ("plot cyclic --base_lr nan", finite("CyclicLR", "base_lr")),
    "cyclic max_lr inf": ("plot cyclic --max_lr inf", finite("CyclicLR", "max_lr", "inf")),
    "cyclic step_size_up 0": ("plot cyclic --step_size_up 0", limit("CyclicLR", "a `step_size_up` of 1 or more", "0")),
    "cyclic step_size_up inf": ("plot cyclic --step_size_up inf", whole("CyclicLR", "step_size_up", "float('inf')")),
    "cyclic step_size_up -4": (
        "plot cyclic --step_size_up -4",
        limit("CyclicLR", "a `step_size_up` of 1 or more", "-4"),
    ),
    "cyclic step_size_down 0": (
        "plot cyclic --step_size_down 0",
        limit("CyclicLR", "a `step_size_down` of 1 or more", "0"),
    ),
    "cyclic step_size_down -1": (
        "plot cyclic --step_size_down -1",
        limit("CyclicLR", "a `step_size_down` of 1 or more", "-1"),
    ),
    "cyclic triangular2 beyond 1024 cycles": (
        "plot CyclicLR(1e-4,1e-3,1,mode='triangular2') --epochs 300",
        said(
            "torch fails on `CyclicLR(base_lr=1e-4, max_lr=1e-3, step_size_up=1, mode='triangular2')` at step 2048: "
            "OverflowError: (34, 'Numerical result out of range')",
            "triangular2 overflows in torch after 1,024 cycles: make step_size_up longer, or use mode='exp_range'",
        ),
    ),
    "cyclic exp_range with a huge gamma": (
        "plot CyclicLR(1e-4,1e-3,4,mode='exp_range',gamma=1e60) --epochs 1",
        said(
            "torch fails on `CyclicLR(base_lr=1e-4, max_lr=1e-3, step_size_up=4, mode='exp_range', gamma=1e60)` "
            "at step 6: OverflowError: (34, 'Numerical result out of range')"
        ),
    ),
    "cyclic momentum nan": ("plot cyclic --base_momentum nan", finite("CyclicLR", "base_momentum")),
    "cyclic mode unknown": (
        "plot cyclic --mode triangle",
        said("`CyclicLR` has no `mode` 'triangle'", "use triangular, triangular2 or exp_range"),
    ),
    "cyclic cycle_momentum neither": (
        "plot cyclic --cycle_momentum maybe",
        said("`--cycle_momentum` must be True or False, got `maybe`"),
    ),
    # OneCycleLR
    "onecycle shorter than the run": (
        "plot onecycle --total_steps 10",
        said(
            "`OneCycleLR` ends after 10 steps, and the run has 32; torch raises an error past the end",
            "give the run its length with `--epochs` and `--steps-per-epoch`, or leave out `total_steps`",
        ),
    ),
    "onecycle shorter than the run, by epochs": (
        "plot OneCycleLR(1e-3,epochs=2,steps_per_epoch=8)",
        said(
            "`OneCycleLR` ends after 16 steps, and the run has 32; torch raises an error past the end",
            "give the run its length with `--epochs` and `--steps-per-epoch`: `--epochs 2 --steps-per-epoch 8`",
        ),
    ),
    "onecycle pct_start whole": (
        "plot OneCycleLR(1e-3,pct_start=0)",
        said("`OneCycleLR` needs a float for `pct_start`, got 0", "write pct_start=0.0"),
    ),
    "onecycle pct_start of one step": (
        "plot onecycle --pct_start 1/32",
        said(
            "`OneCycleLR` cannot warm up in 1 step: `pct_start` 0.03125 of 32 steps; torch divides by zero",
            "choose a greater `pct_start`, or 0.0 for no warm-up",
        ),
    ),
    "onecycle pct_start nan": ("plot onecycle --pct_start nan", finite("OneCycleLR", "pct_start")),
    "onecycle pct_start 1.5": (
        "plot onecycle --pct_start 1.5",
        limit("OneCycleLR", "a `pct_start` from 0 to 1", "1.5"),
    ),
    "onecycle div_factor 0": ("plot onecycle --div_factor 0", limit("OneCycleLR", "a `div_factor` above 0", "0.0")),
    "onecycle div_factor -1": ("plot onecycle --div_factor -1", limit("OneCycleLR", "a `div_factor` above 0", "-1.0")),
    "onecycle div_factor nan": ("plot onecycle --div_factor nan", finite("OneCycleLR", "div_factor")),
    "onecycle final_div_factor 0": (
        "plot onecycle --final_div_factor 0",
        limit("OneCycleLR", "a `final_div_factor` above 0", "0.0"),
    ),
    "onecycle final_div_factor -1": (
        "plot onecycle --final_div_factor -1",
        limit("OneCycleLR", "a `final_div_factor` above 0", "-1.0"),
    ),
    "onecycle final_div_factor nan": ("plot onecycle --final_div_factor nan", finite("OneCycleLR", "final_div_factor")),
    "onecycle momentum nan": ("plot onecycle --base_momentum nan", finite("OneCycleLR", "base_momentum")),
    "onecycle max_lr 0": ("plot onecycle --max_lr 0", limit("OneCycleLR", "a `max_lr` above 0", "0")),
    # ReduceLROnPlateau
    "plateau factor nan": ("plot plateau --factor nan", finite("ReduceLROnPlateau", "factor")),
    "plateau factor -0.5": (
        "plot plateau --factor -0.5",
        limit("ReduceLROnPlateau", "a `factor` of at least 0, below 1", "-0.5"),
    ),
    "plateau factor 1": (
        "plot plateau --factor 1",
        limit("ReduceLROnPlateau", "a `factor` of at least 0, below 1", "1.0"),
    ),
    "plateau patience -1": (
        "plot plateau --patience -1",
        limit("ReduceLROnPlateau", "a `patience` of 0 or more", "-1"),
    ),
    "plateau eps nan": ("plot plateau --eps nan", finite("ReduceLROnPlateau", "eps")),
    "plateau eps inf": ("plot plateau --eps inf", finite("ReduceLROnPlateau", "eps", "inf")),
    "plateau mode unknown": (
        "plot plateau --mode avg",
        said("`ReduceLROnPlateau` has no `mode` 'avg'", "use min or max"),
    ),
    # SWALR
    "swa swa_lr nan": ("plot swa --swa_lr nan", finite("SWALR", "swa_lr")),
    "swa swa_lr inf": ("plot swa --swa_lr inf", finite("SWALR", "swa_lr", "inf")),
    "swa anneal_epochs -1": ("plot swa --anneal_epochs -1", limit("SWALR", "an `anneal_epochs` of 0 or more", "-1")),
    # Functions
    "lambda that gives nan": (
        ["plot", "LambdaLR(lambda e: nan if e == 3 else 1)"],
        breaks("LambdaLR(lr_lambda=lambda e: nan if e == 3 else 1)", "NaN", 3),
    ),
    "lambda that gives inf": (
        ["plot", "LambdaLR(lambda e: inf)"],
        breaks("LambdaLR(lr_lambda=lambda e: inf)", "infinite", 0),
    ),
    "lambda that goes below 0": (
        ["plot", "LambdaLR(lambda e: 1 - e / 4)"],
        breaks("LambdaLR(lr_lambda=lambda e: 1 - e / 4)", "negative (-0.00025)", 5, BY_EPOCH),
    ),
    "lambda that gives a complex number": (
        ["plot", "LambdaLR(lambda e: (3 - e) ** 0.5)"],
        said(
            "`LambdaLR(lr_lambda=lambda e: (3 - e) ** 0.5)` fails at step 4: (-1) ** 0.5 is a complex number", BY_EPOCH
        ),
    ),
    "lambda that gives text": (
        ["plot", "LambdaLR(lambda e: 'a')"],
        said("`'a'` is not a number\n    LambdaLR(lambda e: 'a')\n                       ^"),
    ),
    "lambda that divides by zero": (
        ["plot", "LambdaLR(lambda e: 1 / (e - 3))"],
        said(
            "`LambdaLR(lr_lambda=lambda e: 1 / (e - 3))` fails at step 3: "
            "`1 / (e - 3)` cannot be computed: division by zero"
        ),
    ),
    "multiplicative that gives nan": (
        ["plot", "MultiplicativeLR(lambda e: nan)"],
        breaks("MultiplicativeLR(lr_lambda=lambda e: nan)", "NaN", 1),
    ),
    "multiplicative that gives a complex number": (
        ["plot", "MultiplicativeLR(lambda e: (3 - e) ** 0.5)"],
        said(
            "`MultiplicativeLR(lr_lambda=lambda e: (3 - e) ** 0.5)` fails at step 4: (-1) ** 0.5 is a complex number",
            BY_EPOCH,
        ),
    ),
    "lambda of the powers": (
        ["plot", "LambdaLR(lambda e: 9**9**9**9)"],
        said("`LambdaLR(lr_lambda=lambda e: 9 ** 9 ** 9 ** 9)`: the power 9 ** 387420489 is too large"),
    ),
    # Composites
    "sequential milestones that fall": (
        "plot SequentialLR([linear,cosine,step],[9,4])",
        said("`SequentialLR` needs `milestones` that do not decrease, got [9, 4]", "torch would skip a scheduler"),
    ),
    "sequential milestones -1": (
        "plot SequentialLR([linear,cosine],[-1])",
        limit("SequentialLR", "`milestones` of 0 or more", "-1"),
    ),
    "sequential milestones nan": (
        "plot SequentialLR([linear,cosine],[nan])",
        whole("SequentialLR", "milestones", "float('nan')"),
    ),
    "one scheduler twice": (
        ["plot", "s = StepLR(opt, 4)\nChainedScheduler([s, s])"],
        said(
            "`s` is used twice: torch would step the same scheduler twice\n    ChainedScheduler([s, s])\n    ^",
            "create a separate scheduler for each use",
        ),
    ),
    "a composite at a milestone": (
        "plot SequentialLR([linear,chained([cosine])],[4])",
        said(
            "torch fails on `SequentialLR(schedulers=[LinearLR(), ChainedSched...[CosineAnnealingLR(T_max=32)])], "
            "milestones=[4])` at step 4: "
            + (
                "TypeError: ChainedScheduler.step() takes 1 positional argument but 2 were given"
                if CALLS_STEP_AT_MILESTONES
                else "NotImplementedError"
            ),
            "torch cannot start a SequentialLR or ChainedScheduler at a milestone: put its parts in the outer list",
        ),
    ),
    # The command line
    "an unknown scheduler": ("plot cosin", said("unknown scheduler `cosin`", f"did you mean `cosine`? {LISTS}")),
    "a scheduler like no other": ("plot quantum", said("unknown scheduler `quantum`", LISTS)),
    "an unknown parameter": (
        "plot cosine --T_mx 3",
        said("no such option `--T_mx`", f"did you mean `--T_max`? {PLOT_PAGE}"),
    ),
    "another scheduler's parameter": (
        "plot cosine --gamma 0.5",
        said("`CosineAnnealingLR` has no parameter `--gamma`", "it takes --T_max, --eta_min"),
    ),
    "an unknown option": (
        "plot cosine --zzz",
        said("no such option `--zzz`", f"CosineAnnealingLR takes --T_max, --eta_min; {PLOT_PAGE}"),
    ),
    "a missing value": ("plot cosine --T_max", said("`--T_max` needs a value", PLOT_PAGE)),
    "a value that is no number": (
        "plot cosine --T_max many",
        said(
            "`--T_max`: unknown name `many`\n    many\n    ^",
            "give it a value with `--let many=...`, or use one of `total_steps`, `epochs`, `steps_per_epoch`, `lr`",
        ),
    ),
    "a parameter twice": (
        "plot StepLR(step_size=4) --step_size 5",
        said("`step_size` is given twice, in the notation and as `--step_size`"),
    ),
    "epochs 0": ("plot cosine --epochs 0", said("`--epochs` must be 1 or more, got 0", "such as `--epochs 10`")),
    "epochs -2.5": ("plot cosine --epochs -2.5", said("`--epochs` must be above 0, got `-2.5`")),
    "max-steps 2.5": ("plot cosine --max-steps 2.5", said("`--max-steps` must be a whole number, got `2.5`")),
    "steps and max-steps": (
        "plot cosine --steps 9 --max-steps 5",
        said("`--steps` and `--max-steps` both give the length of the run", "leave one of them out"),
    ),
    "accum-remainder keep": (
        "plot cosine --accum-remainder keep",
        said("`--accum-remainder` must be update, drop or carry, got `keep`"),
    ),
    "accum-remainder drp": (
        "plot cosine --accum-remainder drp",
        said("`--accum-remainder` must be update, drop or carry, got `drp`", "did you mean `drop`?"),
    ),
    "max-steps 0": (
        "plot cosine --max-steps 0",
        said("`--max-steps` must be 1 or more, got 0", "such as `--max-steps 10`"),
    ),
    "no update": (
        "plot cosine --grad-accum 9 --accum-remainder drop",
        said("8 batches make no update, which takes 9", "make `grad_accum` smaller, or leave out `accum_remainder`"),
    ),
    "epochs inf": ("plot cosine --epochs inf", said("`--epochs` must be a whole number, got `inf`")),
    "epochs nan": ("plot cosine --epochs nan", said("`--epochs` must be a whole number, got `nan`")),
    "epochs text": ("plot cosine --epochs ten", said("`--epochs` must be a number, got `ten`")),
    "epochs badly underscored": ("plot cosine --epochs 1__0", said("`--epochs` must be a number, got `1__0`")),
    "steps-per-epoch -1": (
        "plot cosine --steps-per-epoch -1",
        said("`--steps-per-epoch` must be 1 or more, got -1", "such as `--steps-per-epoch 10`"),
    ),
    "a million million steps": (
        "plot cosine --epochs 1000000 --steps-per-epoch 1000000",
        said(
            "1,000,000 epochs of 1,000,000 steps make 1,000,000,000,000 updates; the limit is 100,000,000",
            "a shorter run has the same shape: scale the steps and the scheduler's parameters down together",
        ),
    ),
    "an unknown interval": ("plot cosine --interval batch", said("`--interval` must be step or epoch, got `batch`")),
    "a let without a value": (
        "plot cosine --let x",
        said("`--let` needs NAME=VALUE, got `x`", "such as `--let num_epochs=90`"),
    ),
    "a let with a bad name": (
        "plot cosine --let 1x=3",
        said("`--let` needs NAME=VALUE, got `1x=3`", "such as `--let num_epochs=90`"),
    ),
    "a let of nothing": ("plot cosine --let x=", said("`--let x`: empty value", "such as 8, 1e-3 or [8, 24]")),
    "a let of the run's": (
        "plot cosine --let n=epochs",
        said(
            "`--let n`: unknown name `epochs`\n    epochs\n    ^",
            "names of the run work only in the notation; write a number",
        ),
    ),
    "a let of a sum": (
        "plot cosine --let a+b=3",
        said("`--let` needs NAME=VALUE, got `a+b=3`", "such as `--let num_epochs=90`"),
    ),
    "a file of values that is not there": (
        "plot cosine --config none.yaml",
        said("cannot read `none.yaml`: no such file or directory", "the path is relative to the current folder"),
    ),
    "a file of values of another format": (
        "plot cosine --let-file names.ini",
        said("`--let-file` needs a .toml, .json or .yaml file, got `names.ini`"),
    ),
    "a list of what is no script": (
        "plot cosine --list",
        said("no scheduler here\n    cosine\n    ^", "such as `CosineAnnealingLR(T_max=32)`"),
    ),
    "a list of nothing": ("plot --list", said("`--list` needs a script", "such as `lrviz plot train.py --list`")),
    "questions without a terminal": (
        "plot cosine --ask",
        said(
            "`--ask` needs a terminal, and stdin is not one",
            "give the values with `--let NAME=VALUE` or `--let-file`; without `--ask` the error lists them",
        ),
    ),
    "stdin twice": (
        "compare - -",
        said("`-` is given twice, and stdin is read once", "give the other scheduler as text"),
    ),
    "a format that is not the suffix": (
        "plot cosine -o x.png --format svg",
        said("`x.png` ends in .png, but `--format` is svg", "leave one of them out"),
    ),
    "numbers under the suffix of a figure": (
        "table cosine -o x.PNG --format csv",
        said("`x.PNG` ends in .png, but `--format` is csv", "leave one of them out"),
    ),
    "two schedulers": (
        "plot cosine step",
        said(
            "`lrviz plot` takes one scheduler, got 2: `cosine`, `step`",
            "`lrviz compare cosine step` compares them; notation needs quotes",
        ),
    ),
    "no scheduler": (
        "plot",
        said("`lrviz plot` needs a scheduler", f"such as `lrviz plot cosine`; {LISTS}"),
    ),
    "an unknown command": ("plto cosine", said("no such command `plto`", "did you mean `lrviz plot`?")),
    "a command like no other": ("xyz", said("no such command `xyz`", "`lrviz --help` lists the commands")),
    "an option before the command": (
        "--verion",
        said("no such option `--verion`", "`lrviz --help` lists the commands"),
    ),
    "schedulers of an unknown name": (
        "schedulers cosin",
        said("unknown scheduler `cosin`", f"did you mean `cosine`? {LISTS}"),
    ),
    # Notation
    "an empty text": (["plot", ""], said("empty notation", "such as `cosine` or `CosineAnnealingLR(T_max=32)`")),
    "blanks": (["plot", " \n "], said("empty notation", "such as `cosine` or `CosineAnnealingLR(T_max=32)`")),
    "a bracket that is not closed": (
        "plot CosineAnnealingLR(T_max=32",
        said(
            "cannot read the notation: '(' was never closed\n    CosineAnnealingLR(T_max=32\n                     ^",
            "1 closing bracket missing; quote the whole notation in the shell",
        ),
    ),
    "a syntax error on the second line": (
        ["plot", "n = 4\nStepLR(opt, 4 n)"],
        said(
            "cannot read the notation: invalid syntax. Perhaps you forgot a comma?\n"
            "    StepLR(opt, 4 n)\n                ^",
            "write it as in Python: `StepLR(step_size=4, gamma=0.5)`",
        ),
    ),
    "an import": (
        "plot __import__('os')",
        said("`__import__` is not part of the notation\n    __import__('os')\n    ^"),
    ),
    "powers of powers": (
        ["plot", "lambda e: 9**9**9**9"],
        said(
            "`lambda e: 9 ** 9 ** 9 ** 9` is not a scheduler\n    lambda e: 9**9**9**9\n    ^",
            "such as `cosine` or `CosineAnnealingLR(T_max=32)`",
        ),
    ),
    "a class of a tuple": (
        "plot ().__class__",
        said("`().__class__` is not a scheduler's name\n    ().__class__\n    ^"),
    ),
    "ten thousand brackets": (
        ["plot", "(" * 10_000 + ")" * 10_000],
        said("brackets are nested 10,000 deep; 100 is the limit"),
    ),
    "ten thousand brackets in a value": (
        ["plot", "cosine", "--T_max", "[" * 10_000],
        said("`--T_max`: brackets are nested 10,000 deep; 100 is the limit"),
    ),
    # Where it goes
    "a format there is not": (
        "plot cosine -o curve.gif",
        said(
            "cannot write `curve.gif`: unknown format `.gif`",
            "use .png, .svg, .pdf, .jpg, .webp, .csv, .tsv, .json or .md",
        ),
    ),
    "no suffix": (
        "plot cosine -o curve",
        said("cannot write `curve`: it has no suffix", "use .png, .svg, .pdf, .jpg, .webp, .csv, .tsv, .json or .md"),
    ),
    "a format by name there is not": (
        "plot cosine --format gif",
        said("`--format` must be png, svg, pdf, jpg, webp, csv, tsv, json, md or table, got `gif`"),
    ),
    "a folder": (
        "plot cosine -o .",
        said("cannot write `.`: it is a folder", "add a file name, such as `curve.png`"),
    ),
    "a size that is none": (
        "plot cosine --size big",
        said("`--size` must be WIDTHxHEIGHT in inches, got `big`", "such as `--size 10x5`"),
    ),
    "a size of nothing": (
        "plot cosine --size 0x5",
        said("`size` must be from 1 to 100 inches each way, got 0x5", "width and height in inches, such as 10x5"),
    ),
    "a resolution of nothing": ("plot cosine --dpi 0", said("`--dpi` must be 1 or more, got 0", "such as `--dpi 10`")),
    "an axis there is not": ("plot cosine --x time", said("`--x` must be step or epoch, got `time`")),
    "a style there is not": (
        "plot cosine --style nonsense",
        said(
            "unknown style `nonsense`",
            "styles are `lrviz`, `dark`, `cheatsheet`, any of matplotlib's, or a .mplstyle file",
        ),
    ),
}


def words(line: str | list[str]) -> list[str]:
    return line.split(" ") if isinstance(line, str) else line


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, as wide as a terminal may be."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("line", "stderr"), ERRORS.values(), ids=ERRORS.keys())
def test_bad_input(line: str | list[str], stderr: str, here: Path, capsys: Capture) -> None:
    status = main(words(line))
    printed = capsys.readouterr()
    assert printed.err == stderr
    assert printed.out == ""
    assert status == 2
    assert list(here.iterdir()) == []


def test_a_file_where_a_folder_should_be(here: Path, capsys: Capture) -> None:
    (here / "runs").write_text("mine")
    assert main(["plot", "cosine", "-o", "runs/curve.png"]) == 2
    printed = capsys.readouterr()
    assert printed.err == said("cannot write `runs/curve.png`: `runs` is a file where a folder should be")
    assert printed.out == ""
    assert (here / "runs").read_text() == "mine"


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that others own, in the folder to run in; nobody runs the test, for root may write everywhere."""
    with TemporaryDirectory() as above:
        Path(above).chmod(0o755)
        folder = Path(above) / "theirs"
        folder.mkdir(mode=0o555)
        monkeypatch.chdir(above)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        yield folder
        os.seteuid(user)
        monkeypatch.undo()


def test_a_folder_without_permission(theirs: Path, capsys: Capture) -> None:
    status = main(["plot", "cosine", "-o", "theirs/curve.png"])
    printed = capsys.readouterr()
    assert printed.err == said("cannot write `theirs/curve.png`: permission denied", "choose a folder you may write to")
    assert (status, printed.out) == (2, "")
    assert list(theirs.iterdir()) == []


def test_an_error_leaves_the_old_file_whole(here: Path, capsys: Capture) -> None:
    (here / "curve.csv").write_text("mine")
    assert main(["table", "StepLR(2, gamma=1e308)", "-o", "curve.csv"]) == 2
    assert capsys.readouterr().err == breaks("StepLR(step_size=2, gamma=1e308)", "infinite", 4)
    assert [path.name for path in here.iterdir()] == ["curve.csv"]
    assert (here / "curve.csv").read_text() == "mine"


# What is legal, and only looks odd: the rates that torch gives, and what is said of them.

LEGAL: dict[str, tuple[str, Make, str]] = {
    "milestones out of order": (
        "MultiStepLR([24, 8, 16], gamma=0.5)",
        lambda o: MultiStepLR(o, [24, 8, 16], gamma=0.5),
        "",
    ),
    "a milestone twice": (
        "MultiStepLR([8, 8], gamma=0.5)",
        lambda o: MultiStepLR(o, [8, 8], gamma=0.5),
        "",
    ),
    "a milestone at the start": (
        "MultiStepLR([0], gamma=0.5)",
        lambda o: MultiStepLR(o, [0], gamma=0.5),
        "",
    ),
    "a milestone past the end": ("MultiStepLR([90])", lambda o: MultiStepLR(o, [90]), ""),
    "milestones as whole floats": ("MultiStepLR([8.0])", lambda o: MultiStepLR(o, [8.0]), ""),  # type: ignore[list-item]
    "a gamma above 1": ("ExponentialLR(1.1)", lambda o: ExponentialLR(o, 1.1), ""),
    "a gamma of 0": ("StepLR(8, gamma=0)", lambda o: StepLR(o, 8, gamma=0), ""),
    "a gamma that leaves nothing": ("ExponentialLR(1e-300)", lambda o: ExponentialLR(o, 1e-300), ""),
    "a decay that ends a hair below 0": (
        "LinearLR(start_factor=1.0, end_factor=0.0, total_iters=7)",
        lambda o: LinearLR(o, start_factor=1.0, end_factor=0.0, total_iters=7),
        "",
    ),
    "a power of 0": ("PolynomialLR(8, power=0)", lambda o: PolynomialLR(o, 8, power=0), ""),
    "a cosine that climbs again": ("CosineAnnealingLR(5)", lambda o: CosineAnnealingLR(o, 5), ""),
    "a cosine of one step": ("CosineAnnealingLR(1)", lambda o: CosineAnnealingLR(o, 1), ""),
    "a floor above the rate": (
        "CosineAnnealingLR(8, eta_min=3)",
        lambda o: CosineAnnealingLR(o, 8, eta_min=3),
        "",
    ),
    "a floor above the rate, with restarts": (
        "CosineAnnealingWarmRestarts(8, eta_min=3)",
        lambda o: CosineAnnealingWarmRestarts(o, 8, eta_min=3),
        "",
    ),
    "a cycle upside down": (
        "CyclicLR(1, 0.5, 4, cycle_momentum=False)",
        lambda o: CyclicLR(o, 1, 0.5, 4, cycle_momentum=False),
        "",
    ),
    "total_steps and another length": (
        "OneCycleLR(1, total_steps=40, epochs=4, steps_per_epoch=8, cycle_momentum=False)",
        lambda o: OneCycleLR(o, 1, total_steps=40, epochs=4, steps_per_epoch=8, cycle_momentum=False),
        "",
    ),
    "no warm-up": (
        "OneCycleLR(1, 32, pct_start=0.0, cycle_momentum=False)",
        lambda o: OneCycleLR(o, 1, 32, pct_start=0.0, cycle_momentum=False),
        "",
    ),
    "less than a step of warm-up": (
        "OneCycleLR(1, 32, pct_start=0.02, cycle_momentum=False)",
        lambda o: OneCycleLR(o, 1, 32, pct_start=0.02, cycle_momentum=False),
        "",
    ),
    "nothing but warm-up": (
        "OneCycleLR(1, 32, pct_start=1.0, cycle_momentum=False)",
        lambda o: OneCycleLR(o, 1, 32, pct_start=1.0, cycle_momentum=False),
        "",
    ),
    "a least rate above the rate": (
        "ReduceLROnPlateau(min_lr=2, patience=2)",
        lambda o: ReduceLROnPlateau(o, min_lr=2, patience=2),
        "note: no metric given: a built-in loss that falls for a quarter of the run and then stalls\n",
    ),
    "one scheduler, no milestones": (
        "SequentialLR([StepLR(8)], [])",
        lambda o: SequentialLR(o, [StepLR(o, 8)], []),
        "",
    ),
    "a composite first in a composite": (
        "SequentialLR([SequentialLR([StepLR(3)], []), StepLR(8)], [16])",
        lambda o: SequentialLR(o, [SequentialLR(o, [StepLR(o, 3)], []), StepLR(o, 8)], [16]),
        "",
    ),
}


@pytest.mark.filterwarnings("ignore")  # torch warns of its own composites
@pytest.mark.parametrize(("notation", "make", "stderr"), LEGAL.values(), ids=LEGAL.keys())
def test_legal_and_odd(notation: str, make: Make, stderr: str, capsys: Capture) -> None:
    assert main(["table", notation, "--lr", "1", "--format", "csv"]) == 0
    printed = capsys.readouterr()
    shown = [float(line.split(",")[2]) for line in printed.out.splitlines()[1:]]
    assert shown == rates(make, 32, metrics=[1 / (1 + min(t, 8)) for t in range(32)])
    assert printed.err == stderr


def test_triangular2_is_right_up_to_where_torch_fails(capsys: Capture) -> None:
    notation = "CyclicLR(0.1, 1, 1, mode='triangular2', cycle_momentum=False)"
    assert main(["table", notation, "--lr", "1", "--epochs", "256", "--format", "csv"]) == 0
    shown = [float(line.split(",")[2]) for line in capsys.readouterr().out.splitlines()[1:]]
    assert shown == rates(lambda o: CyclicLR(o, 0.1, 1, 1, mode="triangular2", cycle_momentum=False), 2048)
    assert main(["table", notation, "--lr", "1", "--epochs", "257", "--format", "csv"]) == 2


@pytest.mark.parametrize("label", [r"$\frac{$", "<script>alert(1)</script>", "a\nb\x1b[31m", "", "学習率", "%s {0} \\"])
def test_a_label_is_only_text(label: str, here: Path, capsys: Capture) -> None:
    assert main(["table", "StepLR(4)", "--label", label, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["traces"][0]["label"] == (label or "StepLR(step_size=4)")
    assert main(["plot", "StepLR(4)", "--label", label, "-o", "curve.svg"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "curve.svg\n"
    assert "\x1b" not in printed.err
    assert b"<script" not in (here / "curve.svg").read_bytes()


# The same in a separate process, as a shell sees it.


@pytest.mark.parametrize("row", ["an unknown scheduler", "lr nan", "a bracket that is not closed", "no suffix"])
def test_bad_input_in_a_process(row: str, forks: ForkServer, tmp_path: Path) -> None:
    line, stderr = ERRORS[row]
    finished = forks.python("from lrviz.__main__ import run; run()", *words(line), cwd=tmp_path)
    assert (finished.returncode, finished.stdout, finished.stderr) == (2, "", stderr)
    assert list(tmp_path.iterdir()) == []
