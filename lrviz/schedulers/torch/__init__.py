"""The schedulers of torch, one module each: parameters, limits, checks and help texts.

In: nothing. Out: `NAMES` here, and a `SCHEDULER` in each module. May import `catalogue`, `errors` and `text`.
"""

from __future__ import annotations

from typing import Final

# Module and class name of each scheduler, in listing order. The short name is the name of the module with dashes for
# underscores; the module is imported on first use.
NAMES: Final = {
    "step": "StepLR",
    "multistep": "MultiStepLR",
    "constant": "ConstantLR",
    "linear": "LinearLR",
    "exponential": "ExponentialLR",
    "polynomial": "PolynomialLR",
    "cosine": "CosineAnnealingLR",
    "warm_restarts": "CosineAnnealingWarmRestarts",
    "cyclic": "CyclicLR",
    "onecycle": "OneCycleLR",
    "plateau": "ReduceLROnPlateau",
    "lambda_": "LambdaLR",
    "multiplicative": "MultiplicativeLR",
    "sequential": "SequentialLR",
    "chained": "ChainedScheduler",
    "swa": "SWALR",
}
