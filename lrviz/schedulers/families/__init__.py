"""The schedulers of packages other than torch, one module for each package.

In: nothing. Out: `NAMES` and `INDEX` here, and a `FAMILY` in each module, which is named as the package that is
imported. May import `catalogue`, `errors`, `text` and the schedulers of torch.
"""

from __future__ import annotations

from typing import Final

# The names of each family: short name and name, in listing order. The module of the family is imported on first use.
# A name with a module path is one whose last part alone means a scheduler before it, here or in torch.
NAMES: Final[dict[str, dict[str, str]]] = {
    "transformers": {
        "hf-linear": "get_linear_schedule_with_warmup",
        "hf-cosine": "get_cosine_schedule_with_warmup",
        "hf-cosine-restarts": "get_cosine_with_hard_restarts_schedule_with_warmup",
        "hf-polynomial": "get_polynomial_decay_schedule_with_warmup",
        "hf-constant": "get_constant_schedule",
        "hf-constant-warmup": "get_constant_schedule_with_warmup",
        "hf-inverse-sqrt": "get_inverse_sqrt_schedule",
        "hf-plateau": "get_reduce_on_plateau_schedule",
        "hf-cosine-min-lr": "get_cosine_with_min_lr_schedule_with_warmup",
        "hf-cosine-warmup-min-lr": "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
        "hf-wsd": "get_wsd_schedule",
        "hf-greedy": "get_greedy_schedule",
        "hf-scheduler": "get_scheduler",
    },
    "diffusers": {
        "diffusers-linear": "diffusers.optimization.get_linear_schedule_with_warmup",
        "diffusers-cosine": "diffusers.optimization.get_cosine_schedule_with_warmup",
        "diffusers-cosine-restarts": "diffusers.optimization.get_cosine_with_hard_restarts_schedule_with_warmup",
        "diffusers-polynomial": "diffusers.optimization.get_polynomial_decay_schedule_with_warmup",
        "diffusers-constant": "diffusers.optimization.get_constant_schedule",
        "diffusers-constant-warmup": "diffusers.optimization.get_constant_schedule_with_warmup",
        "diffusers-piecewise": "get_piecewise_constant_schedule",
        "diffusers-scheduler": "diffusers.optimization.get_scheduler",
    },
    "timm": {
        "timm-cosine": "CosineLRScheduler",
        "timm-step": "StepLRScheduler",
        "timm-multistep": "MultiStepLRScheduler",
        "timm-plateau": "PlateauLRScheduler",
        "timm-poly": "PolyLRScheduler",
        "timm-tanh": "TanhLRScheduler",
        "timm-wsd": "WSDLRScheduler",
        "timm-scheduler": "create_scheduler_v2",
    },
    "pytorch_warmup": {
        "linear-warmup": "LinearWarmup",
        "exponential-warmup": "ExponentialWarmup",
        "untuned-linear-warmup": "UntunedLinearWarmup",
        "untuned-exponential-warmup": "UntunedExponentialWarmup",
        "radam-warmup": "RAdamWarmup",
    },
    "warmup_scheduler": {"gradual-warmup": "GradualWarmupScheduler"},
    "pl_bolts": {"bolts-warmup-cosine": "LinearWarmupCosineAnnealingLR"},
    "cosine_annealing_warmup": {"cosine-warmup-restarts": "CosineAnnealingWarmupRestarts"},
    "deepspeed": {
        "ds-warmup": "WarmupLR",
        "ds-warmup-decay": "WarmupDecayLR",
        "ds-warmup-cosine": "WarmupCosineLR",
        "ds-onecycle": "OneCycle",
        "ds-range-test": "LRRangeTest",
    },
    "megatron": {"megatron": "OptimizerParamScheduler"},
    "ignite": {
        "ignite-linear-cyclic": "LinearCyclicalScheduler",
        "ignite-cosine": "CosineAnnealingScheduler",
        "ignite-warmup": "create_lr_scheduler_with_warmup",
    },
    "mmengine": {
        "mmengine-constant": "mmengine.optim.ConstantLR",
        "mmengine-linear": "mmengine.optim.LinearLR",
        "mmengine-step": "mmengine.optim.StepLR",
        "mmengine-multistep": "mmengine.optim.MultiStepLR",
        "mmengine-exponential": "mmengine.optim.ExponentialLR",
        "mmengine-cosine": "mmengine.optim.CosineAnnealingLR",
        "mmengine-poly": "PolyLR",
        "mmengine-onecycle": "mmengine.optim.OneCycleLR",
        "mmengine-cosine-restart": "CosineRestartLR",
    },
}
# The family of each short name and name.
INDEX: Final = {name: family for family, names in NAMES.items() for pair in names.items() for name in pair}

# The values of members of enumerations in scripts, where they are not the member's name in lower case.
_MEMBERS: Final = {"SchedulerType": {"REDUCE_ON_PLATEAU": "reduce_lr_on_plateau"}}


def member_value(path: str) -> str | None:
    """The text that `SchedulerType.COSINE` stands for; None for anything but a member of a known enumeration."""
    owner, _, name = path.removesuffix(".value").rpartition(".")
    values = _MEMBERS.get(owner.rpartition(".")[2])
    return None if values is None or not name.isupper() else values.get(name, name.lower())
