"""The names of the arguments of trainers of transformers and TRL."""

from __future__ import annotations

from typing import Final

_SUFFIX: Final = "TrainingArguments"
# Classes of TRL that are subclasses of TrainingArguments.
TRAINER_CONFIGS: Final = (
    "SFTConfig", "DPOConfig", "KTOConfig", "RewardConfig", "ORPOConfig", "CPOConfig", "GKDConfig", "GRPOConfig",
    "RLOOConfig", "DistillationConfig", "OnlineDPOConfig",
)  # fmt: skip
# The arguments that decide the rates and the length of the run, also by names that they had.
TRAINER_ARGUMENTS: Final = (
    "learning_rate", "lr_scheduler_type", "lr_scheduler_kwargs", "warmup_steps", "warmup_ratio", "num_train_epochs",
    "max_steps", "per_device_train_batch_size", "per_gpu_train_batch_size", "gradient_accumulation_steps",
    "dataloader_drop_last", "optim", "adam_beta1", "eval_strategy", "evaluation_strategy", "accelerator_config",
    "deepspeed", "auto_find_batch_size", "packing",
)  # fmt: skip
# The ends of the names of enumerations whose members the arguments take, such as `OptimizerNames.ADAMW_TORCH`.
TRAINER_ENUMERATIONS: Final = ("SchedulerType", "OptimizerNames", "Strategy")


def is_trainer_class(name: str) -> bool:
    """Whether a name is that of arguments of a Trainer: `TrainingArguments`, a subclass of it, `SFTConfig`."""
    return name.endswith(_SUFFIX) or name in TRAINER_CONFIGS
