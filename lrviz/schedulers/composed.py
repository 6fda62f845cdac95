"""Short names for common compositions of torch's schedulers: warm-up and decay, WSD, inverse square root, Noam."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from lrviz.errors import MisfitError
from lrviz.schedulers.catalogue import Parameter, Run, Scheduler, Values
from lrviz.text import count

_WARMUP: Final = Parameter(
    "warmup", "int", "scheduler steps of the warm-up", least=0, follows="max(1, total_steps // 20)"
)
_START: Final = Parameter(
    "start_factor",
    "float",
    "fraction of the base rate at which the warm-up starts",
    default=0.01,
    least=0,
    above_least=True,
    most=1,
)
_RISE: Final = "rate(t) = lr * (start_factor + (1 - start_factor) * t / warmup) while t < warmup\n"
_ENDS: Final = ("It ends with the run: a longer run needs the schedule of that run from the start.",)


def _check_length(name: str, *lengths: str) -> Callable[[Values, Run], None]:
    """A check that the parts of a schedule leave some of the run to the others."""

    def check(values: Values, run: Run) -> None:
        used = sum(values[length] for length in lengths)
        if run.steps is not None and used >= run.steps:
            parts = " and ".join(f"`{length}` {values[length]:,}" for length in lengths)
            raise MisfitError(
                f"`{name}` has no steps left after {parts}: the run has {count(run.steps, 'scheduler step')}",
                f"such as `{name}({', '.join(f'{length}=10%' for length in lengths)})`",
            )

    return check


_TAIL: Final = "milestones=[warmup])"
_HEAD: Final = "SequentialLR([LinearLR(start_factor=start_factor, total_iters=warmup), "

SCHEDULERS: Final = (
    Scheduler(
        short="warmup-cosine",
        name="warmup-cosine",
        summary="linear warm-up, then half a cosine to eta_min at the end of the run",
        example="warmup-cosine(warmup=5)",
        parameters=(
            _WARMUP,
            Parameter("eta_min", "float", "the lowest rate", default=0.0),
            _START,
        ),
        formula=f"{_RISE}rate(t) = eta_min + (lr - eta_min) * (1 + cos(pi * x)) / 2\n"
        "x = (t - warmup) / (total_steps - warmup)",
        use="The usual schedule of vision transformers and language models.",
        cautions=_ENDS,
        source="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983",
        past_end="It rises again, as CosineAnnealingLR does.",
        notation=f"{_HEAD}CosineAnnealingLR(T_max=total_steps - warmup, eta_min=eta_min)], {_TAIL}",
        aliases=("cosinewithwarmup", "linearwarmupcosineannealing", "warmupcosineannealing"),
        check=_check_length("warmup-cosine", "warmup"),
    ),
    Scheduler(
        short="warmup-linear",
        name="warmup-linear",
        summary="linear warm-up, then a linear decay to the end of the run",
        example="warmup-linear(warmup=5)",
        parameters=(
            _WARMUP,
            Parameter(
                "end_factor", "float", "fraction of the base rate at the end of the run", default=0.0, least=0, most=1
            ),
            _START,
        ),
        formula=f"{_RISE}rate(t) = lr * (1 + (end_factor - 1) * (t - warmup) / (total_steps - warmup))",
        use="The schedule of BERT and of most fine-tuning.",
        cautions=_ENDS,
        source="Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers, 2018, arXiv:1810.04805",
        past_end="It stays at lr * end_factor.",
        notation=f"{_HEAD}LinearLR(start_factor=1.0, end_factor=end_factor, total_iters=total_steps - warmup)], "
        f"{_TAIL}",
        aliases=("linearwithwarmup",),
        check=_check_length("warmup-linear", "warmup"),
    ),
    Scheduler(
        short="wsd",
        name="wsd",
        summary="warm-up, stable, decay: linear warm-up, constant rate, linear decay",
        example="wsd(warmup=5, decay=8)",
        parameters=(
            _WARMUP,
            Parameter("decay", "int", "scheduler steps of the decay", least=1, follows="max(1, total_steps // 10)"),
            Parameter(
                "end_factor", "float", "fraction of the base rate at the end of the run", default=0.0, least=0, most=1
            ),
            _START,
        ),
        formula=f"{_RISE}rate(t) = lr while t < total_steps - decay\n"
        "rate(t) = lr * (1 + (end_factor - 1) * (t - (total_steps - decay)) / decay)",
        use="Pre-training of language models whose length is decided late: every checkpoint of the constant phase can "
        "be continued, or finished with a decay.",
        cautions=("The decay is counted from the end of the run: a longer run decays later.",),
        source="Hu et al., MiniCPM: Unveiling the Potential of Small Language Models, 2024, arXiv:2404.06395",
        past_end="It stays at lr * end_factor.",
        notation=f"{_HEAD}ConstantLR(factor=1.0, total_iters=total_steps - warmup - decay), "
        "LinearLR(start_factor=1.0, end_factor=end_factor, total_iters=decay)], "
        "milestones=[warmup, total_steps - decay])",
        aliases=("warmupstabledecay", "trapezoid", "trapezoidal"),
        check=_check_length("wsd", "warmup", "decay"),
    ),
    Scheduler(
        short="inverse-sqrt",
        name="inverse-sqrt",
        summary="linear warm-up, then the inverse square root of the step",
        example="inverse-sqrt(warmup=5)",
        parameters=(replace(_WARMUP, least=1),),
        formula="rate(t) = lr * min((t + 1) / warmup, sqrt(warmup / (t + 1)))",
        use="Translation and speech models of fairseq, and T5. Its decay does not depend on the length of the run.",
        cautions=("The rate falls slowly: four times the steps halve it.",),
        source="Vaswani et al., Attention Is All You Need, 2017, arXiv:1706.03762",
        past_end="It has no end: the rate continues to fall.",
        notation="LambdaLR(lr_lambda=lambda step: min((step + 1) / warmup, (warmup / (step + 1)) ** 0.5))",
        aliases=("inversesqrt", "invsqrt", "inversesquareroot"),
    ),
    Scheduler(
        short="noam",
        name="noam",
        summary="linear warm-up, then the inverse square root of the step, scaled by d_model",
        example="noam(warmup=5) @ lr=1",
        parameters=(
            Parameter("d_model", "int", "the model's width", default=512, least=1),
            Parameter("warmup", "int", "scheduler steps of the warm-up", default=4000, least=1),
        ),
        formula="rate(t) = lr * d_model ** -0.5 * min((t + 1) ** -0.5, (t + 1) * warmup ** -1.5)",
        use="The original Transformer. The optimizer's lr is a factor of the formula, 1 in the paper.",
        cautions=("With a small lr, such as 1e-3, the rates are a thousandth of those of the paper.",),
        source="Vaswani et al., Attention Is All You Need, 2017, arXiv:1706.03762",
        past_end="It has no end: the rate continues to fall.",
        notation="LambdaLR(lr_lambda=lambda step: d_model ** -0.5 * "
        "min((step + 1) ** -0.5, (step + 1) * warmup ** -1.5))",
        aliases=("noamdecay", "transformer"),
        always_shown=("d_model", "warmup"),
    ),
)
