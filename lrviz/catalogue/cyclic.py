"""The cycles: rates that rise and fall, and momentum that mirrors them."""

from __future__ import annotations

from lrviz.catalogue.model import Parameter, Scheduler

CYCLIC = Scheduler(
    short="cyclic",
    name="CyclicLR",
    summary="swings the rate between base_lr and max_lr in triangles",
    parameters=(
        Parameter(
            "base_lr",
            "per_group",
            "the rate at the foot of a cycle, one or one for each group",
            least=0,
            follows="lr / 10",
        ),
        Parameter(
            "max_lr",
            "per_group",
            "the rate at the top of a cycle, one or one for each group",
            least=0,
            above_least=True,
            follows="lr",
        ),
        Parameter(
            "step_size_up",
            "int",
            "scheduler steps from foot to top",
            default=2000,
            least=1,
            follows="max(1, (steps_per_epoch if interval == 'step' else total_steps // 4) // 2)",
        ),
        Parameter(
            "step_size_down",
            "int",
            "scheduler steps from top to foot; step_size_up when None",
            default=None,
            least=1,
            optional=True,
        ),
        Parameter(
            "mode",
            "choice",
            "how the height changes: not, halved each cycle, or by gamma each step",
            default="triangular",
            choices=("triangular", "triangular2", "exp_range"),
        ),
        Parameter("gamma", "float", "factor of the height for each scheduler step of exp_range", default=1.0, least=0),
        Parameter(
            "scale_fn",
            "function",
            "factor of the height by a function of one's own, in place of mode",
            default=None,
            optional=True,
        ),
        Parameter(
            "scale_mode",
            "choice",
            "what scale_fn is given: the cycle from 1, or the scheduler step from 0",
            default="cycle",
            choices=("cycle", "iterations"),
        ),
        Parameter("cycle_momentum", "bool", "move the momentum too, against the rate", default=True),
        Parameter(
            "base_momentum",
            "per_group",
            "the momentum where the rate is greatest, one or one for each group",
            default=0.8,
            least=0,
            most=1,
        ),
        Parameter(
            "max_momentum",
            "per_group",
            "the momentum where the rate is least, one or one for each group",
            default=0.9,
            least=0,
            most=1,
        ),
    ),
    formula="rate(t) = base_lr + (max_lr - base_lr) * height * scale\n"
    "period = step_size_up + step_size_down\n"
    "x = t % period\n"
    "height = min(x / step_size_up, (period - x) / step_size_down)\n"
    "cycle = 1 + t // period\n"
    'mode="triangular": scale = 1\n'
    'mode="triangular2": scale = 0.5 ** (cycle - 1)\n'
    'mode="exp_range": scale = gamma ** t\n'
    'scale_fn, scale_mode="cycle": scale = scale_fn(cycle)\n'
    'scale_fn, scale_mode="iterations": scale = scale_fn(t)\n'
    "cycle_momentum: momentum(t) = max_momentum - (max_momentum - base_momentum) * height * scale",
    use="For when a good rate is known only as a range: the cycle visits all of it. Stepped every update, with a half "
    "cycle of two to ten epochs and bounds from a range test.",
    cautions=(
        "The optimizer's own rate plays no part: base_lr and max_lr decide.",
        "step_size_up counts scheduler steps, and torch's default of 2000 can be longer than the run.",
        "gamma does nothing unless mode is exp_range, and with its default of 1 exp_range is triangular.",
        "A base_lr above max_lr turns the cycle upside down.",
        (
            "cycle_momentum overwrites the optimizer's momentum, even one of 0; optimizers with neither momentum nor "
            "betas need cycle_momentum=False."
        ),
        "triangular2 raises an OverflowError in cycle 1025.",
    ),
    source="Smith, Cyclical Learning Rates for Training Neural Networks, 2015, arXiv:1506.01186",
    past_end="It has no end: the cycles go on.",
    moves_momentum=True,
)

ONECYCLE = Scheduler(
    short="onecycle",
    name="OneCycleLR",
    summary="rises from max_lr / div_factor to max_lr, then falls close to zero",
    parameters=(
        Parameter(
            "max_lr",
            "per_group",
            "the rate at the peak, one or one for each group",
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
        Parameter("pct_start", "float", "fraction of the cycle spent rising", default=0.3, least=0, most=1),
        Parameter(
            "anneal_strategy",
            "choice",
            "shape of every phase: half a cosine, or a straight line",
            default="cos",
            choices=("cos", "linear"),
        ),
        Parameter("cycle_momentum", "bool", "move the momentum too, against the rate", default=True),
        Parameter(
            "base_momentum",
            "per_group",
            "the momentum at the peak of the rate, one or one for each group",
            default=0.85,
            least=0,
            most=1,
        ),
        Parameter(
            "max_momentum",
            "per_group",
            "the momentum at both ends, one or one for each group",
            default=0.95,
            least=0,
            most=1,
        ),
        Parameter(
            "div_factor",
            "float",
            "how many times the first rate is below max_lr",
            default=25.0,
            least=0,
            above_least=True,
        ),
        Parameter(
            "final_div_factor",
            "float",
            "how many times the last rate is below the first",
            default=1e4,
            least=0,
            above_least=True,
        ),
        Parameter("three_phase", "bool", "fall to the first rate, then on to the last, as in the paper", default=False),
    ),
    formula="rate(t) goes from a to b in each phase, x from 0 to 1\n"
    'anneal_strategy="cos": rate = b + (a - b) * (1 + cos(pi * x)) / 2\n'
    'anneal_strategy="linear": rate = a + (b - a) * x\n'
    "total = total_steps or epochs * steps_per_epoch\n"
    "up = pct_start * total - 1\n"
    "first = max_lr / div_factor\n"
    "last = first / final_div_factor\n"
    "phase 1, t from 0 to up: a = first, b = max_lr\n"
    "phase 2, t from up to total - 1: a = max_lr, b = last\n"
    "three_phase: phase 2 ends at 2 * up with b = first, phase 3 goes from first to last\n"
    "cycle_momentum: phase 1 from max_momentum to base_momentum, phase 2 back again",
    use="Super-convergence: one great swing over a short run, stepped every update. max_lr comes from a range test and "
    "may be many times what a fixed rate would bear.",
    cautions=(
        (
            "It needs the true number of scheduler steps: with a greater total_steps the run ends before the rate is "
            "down, with a smaller one torch raises a ValueError in the middle of training."
        ),
        (
            "The last update belongs to step total_steps - 1. One step() more is accepted, but leaves the curve: the "
            "rate turns up again, or with anneal_strategy linear goes below zero."
        ),
        "The optimizer's own rate plays no part: max_lr, div_factor and final_div_factor decide.",
        "max_lr itself is met only where pct_start * total_steps is a whole number.",
        (
            "cycle_momentum overwrites the optimizer's momentum, even one of 0; optimizers with neither momentum nor "
            "betas need cycle_momentum=False."
        ),
        "It overwrites initial_lr in the optimizer, from which other schedulers of the same optimizer start.",
        "total_steps wins in silence over epochs and steps_per_epoch that say otherwise.",
        "A pct_start * total_steps of exactly 1 is a ZeroDivisionError, and below 1 the run begins near max_lr.",
        "With three_phase and a pct_start above 0.5 the third phase is never reached.",
    ),
    source="Smith and Topin, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates, "
    "2017, arXiv:1708.07120",
    past_end="One step past the end the rate leaves the curve; the step after that raises a ValueError.",
    moves_momentum=True,
)
