"""`CyclicLR`: cycles the rate linearly between base_lr and max_lr."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler, Values, cycle_momentum_hint


def _failure_hint(error: BaseException, values: Values) -> str:
    if isinstance(error, OverflowError) and values.get("mode") == "triangular2":
        return "triangular2 overflows in torch after 1,024 cycles: make step_size_up longer, or use mode='exp_range'"
    return cycle_momentum_hint(error, values)


SCHEDULER = Scheduler(
    short="cyclic",
    name="CyclicLR",
    summary="cycles the rate linearly between base_lr and max_lr",
    parameters=(
        Parameter(
            "base_lr",
            "per_group",
            "the lowest rate of a cycle, or one for each group",
            least=0,
            follows="lr / 10",
        ),
        Parameter(
            "max_lr",
            "per_group",
            "the highest rate of a cycle, or one for each group",
            least=0,
            above_least=True,
            follows="lr",
        ),
        Parameter(
            "step_size_up",
            "int",
            "scheduler steps from base_lr to max_lr",
            default=2000,
            least=1,
            fraction="the rate turns between two steps",
            follows="max(1, (steps_per_epoch if interval == 'step' else total_steps // 4) // 2)",
        ),
        Parameter(
            "step_size_down",
            "int",
            "scheduler steps from max_lr to base_lr; step_size_up if None",
            default=None,
            least=1,
            fraction="the rate turns between two steps",
            optional=True,
        ),
        Parameter(
            "mode",
            "choice",
            "how the amplitude changes: constant, halved each cycle, or times gamma each step",
            default="triangular",
            choices=("triangular", "triangular2", "exp_range"),
        ),
        Parameter("gamma", "float", "factor of the amplitude at each step of exp_range", default=1.0, least=0),
        Parameter(
            "scale_fn",
            "function",
            "function that gives the factor of the amplitude, in place of mode",
            default=None,
            optional=True,
        ),
        Parameter(
            "scale_mode",
            "choice",
            "argument of scale_fn: the cycle from 1, or the scheduler step from 0",
            default="cycle",
            choices=("cycle", "iterations"),
        ),
        Parameter("cycle_momentum", "bool", "cycle the momentum too, inversely to the rate", default=True),
        Parameter(
            "base_momentum",
            "per_group",
            "the momentum at the highest rate, or one for each group",
            default=0.8,
        ),
        Parameter(
            "max_momentum",
            "per_group",
            "the momentum at the lowest rate, or one for each group",
            default=0.9,
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
    use="For when a good rate is known only as a range: each cycle covers all of it. Stepped every update, with a half "
    "cycle of two to ten epochs and bounds from a range test.",
    cautions=(
        "The optimizer's rate is ignored: base_lr and max_lr set the rates.",
        "step_size_up counts scheduler steps, and torch's default of 2000 can be longer than the run.",
        "gamma has no effect unless mode is exp_range, and with its default of 1 exp_range is triangular.",
        "A base_lr above max_lr inverts the cycle.",
        (
            "cycle_momentum overwrites the optimizer's momentum, even one of 0; optimizers with neither momentum nor "
            "betas need cycle_momentum=False."
        ),
        "triangular2 raises an OverflowError in cycle 1025.",
    ),
    source="Smith, Cyclical Learning Rates for Training Neural Networks, 2015, arXiv:1506.01186",
    past_end="It has no end: the cycles continue.",
    aliases=("clr", "cyclical", "triangular", "triangular2", "exprange"),
    momentum_switch="cycle_momentum",
    rates=("base_lr", "max_lr"),
    overwrites_rate=True,
    failure_hint=_failure_hint,
)
