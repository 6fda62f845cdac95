"""Optimizers of other packages that change the rate which a schedule gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class OwnRate:
    """An optimizer that does not use the rate of its parameter group as it is.

    `package` is the name of its package, for `import` and for `pip install`; `lr` is the default of its rate. One that
    is `scheduled` writes the rate that it uses into the group as `scheduled_lr`, which follows from its `options`; any
    other multiplies the rate by an estimate that follows from the gradients. `like` is the optimizer of torch that
    stands for it where it is not installed.
    """

    name: str
    package: str
    lr: float
    like: str
    scheduled: bool = False
    options: tuple[str, ...] = ()
    order: tuple[str, ...] = ("lr",)  # of the positional arguments after the parameters

    def note(self, *, installed: bool) -> str:
        """What the curve of a run with this optimizer shows."""
        if not self.scheduled:
            return (
                f"`{self.name}` multiplies the rate by its own estimate `d`, which follows from the gradients: "
                "the curve is the rate before that, not the one it uses"
            )
        if installed:
            return f"the curve is the rate that `{self.name}` uses, its `scheduled_lr`"
        return (
            f"`{self.name}` changes the rate by itself, which is not drawn: the curve is not the rate that it uses; "
            f"`pip install {self.package}` draws that"
        )


_BETAS: Final = ("lr", "betas")
OWN_RATES: Final = {
    optimizer.name: optimizer
    for optimizer in (
        OwnRate(
            "AdamWScheduleFree", "schedulefree", 0.0025, "AdamW", scheduled=True, options=("warmup_steps",),
            order=("lr", "betas", "eps", "weight_decay", "warmup_steps"),
        ),
        OwnRate(
            "SGDScheduleFree", "schedulefree", 1.0, "SGD", scheduled=True, options=("warmup_steps",),
            order=("lr", "momentum", "weight_decay", "warmup_steps"),
        ),
        OwnRate(
            "RAdamScheduleFree", "schedulefree", 0.0025, "RAdam", scheduled=True, options=("betas", "silent_sgd_phase"),
            order=_BETAS,
        ),
        OwnRate("Prodigy", "prodigyopt", 1.0, "AdamW", order=_BETAS),
        OwnRate("DAdaptAdam", "dadaptation", 1.0, "AdamW", order=_BETAS),
        OwnRate("DAdaptSGD", "dadaptation", 1.0, "SGD", order=("lr", "momentum")),
        OwnRate("DAdaptAdaGrad", "dadaptation", 1.0, "SGD", order=("lr", "momentum")),
        OwnRate("DAdaptLion", "dadaptation", 1.0, "AdamW", order=_BETAS),
        OwnRate("DAdaptAdan", "dadaptation", 1.0, "AdamW", order=_BETAS),
    )
}  # fmt: skip
