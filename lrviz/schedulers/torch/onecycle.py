"""`OneCycleLR`: rises from max_lr / div_factor to max_lr, then falls close to zero."""

from __future__ import annotations

from lrviz.errors import SpecError
from lrviz.schedulers.catalogue import Parameter, Run, Scheduler, Values, cycle_momentum_hint
from lrviz.text import count, print_value


def _check(values: Values, run: Run) -> None:
    total, epochs, steps = values.get("total_steps"), values.get("epochs"), values.get("steps_per_epoch")
    length = total if total is not None else (epochs or 0) * (steps or 0)
    share = values.get("pct_start", 0.3)
    if not isinstance(share, float):
        raise SpecError(
            f"`OneCycleLR` needs a float for `pct_start`, got {print_value(share)}", f"write pct_start={float(share)}"
        )
    if share * length == 1:
        raise SpecError(
            f"`OneCycleLR` cannot warm up in {count(1, 'step')}: `pct_start` {print_value(share)} of {length} steps; "
            "torch divides by zero",
            "choose a greater `pct_start`, or 0.0 for no warm-up",
        )
    # Accelerate does not step it past its end.
    if run.steps is not None and run.steps > length and run.num_processes == 1:
        given = f": `--epochs {epochs} --steps-per-epoch {steps}`"
        raise SpecError(
            f"`OneCycleLR` ends after {count(length, 'step')}, and the run has {run.steps}; "
            "torch raises an error past the end",
            "give the run its length with `--epochs` and `--steps-per-epoch`"
            + (given if total is None else ", or leave out `total_steps`"),
        )


SCHEDULER = Scheduler(
    short="onecycle",
    name="OneCycleLR",
    summary="rises from max_lr / div_factor to max_lr, then falls close to zero",
    parameters=(
        Parameter(
            "max_lr",
            "per_group",
            "the rate at the peak, or one for each group",
            least=0,
            above_least=True,
            follows="lr",
        ),
        Parameter(
            "total_steps",
            "int",
            "scheduler steps of the whole cycle",
            default=None,
            least=1,
            optional=True,
            follows="total_steps",
            instead=("epochs", "steps_per_epoch"),
        ),
        Parameter(
            "epochs",
            "int",
            "epochs of the cycle, with steps_per_epoch in place of total_steps",
            default=None,
            least=1,
            optional=True,
        ),
        Parameter(
            "steps_per_epoch",
            "int",
            "scheduler steps in an epoch, with epochs in place of total_steps",
            default=None,
            least=1,
            optional=True,
        ),
        Parameter("pct_start", "float", "fraction of the cycle in which the rate rises", default=0.3, least=0, most=1),
        Parameter(
            "anneal_strategy",
            "choice",
            "shape of every phase: half a cosine, or a straight line",
            default="cos",
            choices=("cos", "linear"),
        ),
        Parameter("cycle_momentum", "bool", "cycle the momentum too, inversely to the rate", default=True),
        Parameter(
            "base_momentum",
            "per_group",
            "the momentum at the peak of the rate, or one for each group",
            default=0.85,
        ),
        Parameter(
            "max_momentum",
            "per_group",
            "the momentum at both ends, or one for each group",
            default=0.95,
        ),
        Parameter(
            "div_factor",
            "float",
            "max_lr divided by the first rate",
            default=25.0,
            least=0,
            above_least=True,
        ),
        Parameter(
            "final_div_factor",
            "float",
            "first rate divided by the last",
            default=1e4,
            least=0,
            above_least=True,
        ),
        Parameter("three_phase", "bool", "fall to the first rate, then on to the last, as in the paper", default=False),
    ),
    formula="rate(t) changes from a to b in each phase, x from 0 to 1\n"
    'anneal_strategy="cos": rate = b + (a - b) * (1 + cos(pi * x)) / 2\n'
    'anneal_strategy="linear": rate = a + (b - a) * x\n'
    "total = total_steps or epochs * steps_per_epoch\n"
    "up = pct_start * total - 1\n"
    "first = max_lr / div_factor\n"
    "last = first / final_div_factor\n"
    "phase 1, t from 0 to up: a = first, b = max_lr\n"
    "phase 2, t from up to total - 1: a = max_lr, b = last\n"
    "three_phase: phase 2 ends at 2 * up with b = first, phase 3 is from first to last\n"
    "cycle_momentum: phase 1 from max_momentum to base_momentum, phase 2 back again",
    use="Super-convergence: one large cycle over a short run, stepped every update. max_lr comes from a range test and "
    "may be many times higher than a usable constant rate.",
    cautions=(
        (
            "It needs the exact number of scheduler steps: with a greater total_steps the run ends before the rate has "
            "fallen, with a smaller one torch raises a ValueError during training."
        ),
        (
            "The last update uses step total_steps - 1. One more step() is accepted, but the rate rises again, or with "
            "anneal_strategy linear becomes negative."
        ),
        "The optimizer's rate is ignored: max_lr, div_factor and final_div_factor set the rates.",
        "max_lr itself is reached only if pct_start * total_steps is a whole number.",
        (
            "cycle_momentum overwrites the optimizer's momentum, even one of 0; optimizers with neither momentum nor "
            "betas need cycle_momentum=False."
        ),
        "It overwrites initial_lr in the optimizer, from which other schedulers of the same optimizer start.",
        "total_steps silently overrides epochs and steps_per_epoch.",
        "A pct_start * total_steps of exactly 1 raises a ZeroDivisionError; below 1 the run begins near max_lr.",
        "With three_phase and a pct_start above 0.5 the third phase is never reached.",
    ),
    source="Smith and Topin, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates, "
    "2017, arXiv:1708.07120",
    past_end="One step past the end the rate departs from the formula; the next step raises a ValueError.",
    aliases=("1cycle", "superconvergence"),
    momentum_switch="cycle_momentum",
    rates=("max_lr",),
    overwrites_rate=True,
    check=_check,
    failure_hint=cycle_momentum_hint,
)
