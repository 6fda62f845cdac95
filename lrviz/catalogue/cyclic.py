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
    "height: 0 to 1 in step_size_up steps, back to 0 in step_size_down\n"
    "scale:  1                          mode triangular\n"
    "        1 / 2 ** (cycle - 1)       mode triangular2\n"
    "        gamma ** t                 mode exp_range\n"
    "        scale_fn(cycle or t)       by scale_mode\n"
    "with cycle_momentum:\n"
    "momentum(t) = max_momentum - (max_momentum - base_momentum) * height * scale",
    use="When a good rate is known only as a range: the cycle visits all of it, and no decay need be tuned. Half a cycle "
    "of 2 to 10 epochs is usual, stepped every update; the bounds come from a range test.",
    cautions=(
        "The optimizer's own rate is not used: base_lr and max_lr decide.",
        "step_size_up counts scheduler steps; torch's default of 2000 may be longer than the whole run.",
        "gamma does nothing unless the mode is exp_range, and with the default of 1 exp_range is triangular.",
        "cycle_momentum overwrites the optimizer's momentum, a momentum of 0 included; an optimizer without momentum "
        "or betas needs cycle_momentum=False.",
        "triangular2 fails with an OverflowError in cycle 1025 and beyond.",
    ),
    source="Smith, Cyclical Learning Rates for Training Neural Networks, 2017, arXiv:1506.01186",
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
    formula="first = max_lr / div_factor, last = first / final_div_factor\n"
    "total = total_steps, or epochs * steps_per_epoch\n"
    "up = pct_start * total - 1\n"
    "first -> max_lr    over steps 0 .. up\n"
    "max_lr -> last     over steps up .. total - 1\n"
    "three_phase: max_lr -> first over up .. 2 * up, first -> last over the rest\n"
    "anneal_strategy cos:    end + (start - end) * (1 + cos(pi * x)) / 2\n"
    "anneal_strategy linear: start + (end - start) * x\n"
    "with cycle_momentum: max_momentum -> base_momentum -> max_momentum",
    use="Super-convergence: a short run with one great swing, stepped every update. Popular for training from scratch in "
    "few epochs; max_lr comes from a range test and is often ten times what a fixed rate would be.",
    cautions=(
        "It needs the true number of scheduler steps: one step() more than total_steps raises a ValueError, and the one "
        "before that jumps off the curve.",
        "The optimizer's own rate is not used: max_lr, div_factor and final_div_factor decide. It also overwrites "
        "initial_lr, on which every other scheduler of that optimizer builds.",
        "max_lr may never be touched exactly: the peak lies between two steps unless pct_start * total_steps is whole.",
        "cycle_momentum overwrites the optimizer's momentum, a momentum of 0 included; an optimizer without momentum "
        "or betas needs cycle_momentum=False.",
        "total_steps wins in silence over epochs and steps_per_epoch that disagree with it.",
        "pct_start * total_steps of exactly 1 is a division by zero; less than 1 leaves the warm-up out.",
    ),
    source="Smith and Topin, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates, 2018, "
    "arXiv:1708.07120",
    past_end="At step total_steps the rate jumps off the curve; the step after raises a ValueError.",
    moves_momentum=True,
)
