"""The runs of the files in this folder, as the frameworks' own code makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent


class Expected(NamedTuple):
    """A file, the fields given beside it, and the run: its updates, where and what the peak is, and some rates."""

    file: str
    fields: dict[str, Any]
    updates: int
    peak_at: int
    peak: float
    rates: dict[int, float]
    schedule: str  # what the scheduler's notation has
    config: str = ""  # the file beside it

    @property
    def path(self) -> str:
        return str(FOLDER / self.file)


# By torchtitan 0.1.0 and 0.2.2, nanotron 0.4, torchtune 0.6.1, and torch, each run alone over all updates.
PLAIN = (
    Expected(
        "torchtitan_llama3_8b.toml", {}, 1000, 199, 0.0003,
        {0: 1.4999999999999998e-06, 1: 2.9999999999999997e-06, 333: 0.0002820016866150611,
         500: 0.00021666226336928708, 998: 3.0004163717953395e-05, 999: 3.0001040933501475e-05},
        "LambdaLR(lr_lambda=warmup_stable_decay)",
    ),
    Expected(
        "torchtitan_debug.toml", {}, 10, 1, 0.0008,
        {0: 0.0004, 1: 0.0008, 3: 0.00071, 5: 0.00053, 8: 0.00026000000000000003, 9: 0.00017000000000000004},
        "LambdaLR(lr_lambda=warmup_stable_decay)",
    ),
    Expected(
        "nanotron_tiny_llama.yaml", {}, 15, 2, 0.0003,
        {0: 0.0, 1: 0.00015, 5: 0.00026353405848480966, 7: 0.00020641770862116763, 13: 2.6608876280284608e-05,
         14: 1.421343647322246e-05},
        "LambdaLR(lr_lambda=warmup_decay)",
    ),
    Expected(
        "torchtune_llama3_lora.yaml", {"dataset_size": 51760}, 3235, 100, 0.0003,
        {0: 0.0, 1: 2.9999999999999997e-06, 1078: 0.00023354632403559797, 1617: 0.00015758768998676252,
         3233: 3.0126297771437826e-10, 3234: 7.531576334263157e-11},
        "LambdaLR(lr_lambda=cosine_with_warmup)",
    ),
    Expected(
        "torchtune_qwen_full.yaml", {"dataset_size": 51760}, 1500, 30, 2e-05,
        {0: 0.0, 1: 6.666666666666667e-07, 500: 1.536548377176263e-05, 750: 1.0320515775716556e-05,
         1498: 9.134702554591812e-11, 1499: 2.283678246284282e-11},
        "LambdaLR(lr_lambda=cosine_with_warmup)",
    ),
    Expected(
        "lightning_cli.yaml", {"dataset_size": 50000}, 11730, 0, 0.002,
        {0: 0.002, 1: 0.002, 3910: 0.0015025000000000001, 5865: 0.0010050000000000003, 11728: 1.5450714108567966e-05,
         11729: 1.5450714108567966e-05},
        "CosineAnnealingLR(T_max=30, eta_min=1e-5)",
    ),
    Expected(
        "lightning_onecycle.yaml", {"interval": "step"}, 200, 39, 0.2,
        {0: 0.008000000000000007, 1: 0.008311298419115848, 66: 0.1862734935040248, 100: 0.13644730419971504,
         198: 2.007587468971098e-05, 199: 8e-07},
        "OneCycleLR(max_lr=0.2, total_steps=200, pct_start=0.2)",
    ),
)  # fmt: skip

# By the Trainer of transformers 5.23, which counted the updates too; axolotl 0.19 counts its own.
TRAINER = (
    Expected(
        "zephyr_sft.yaml", {"dataset_size": 207865}, 12992, 1300, 2e-05,
        {0: 0.0, 1: 1.5384615384615385e-08, 4330: 1.6864877111415897e-05, 6496: 1.1737657825713626e-05,
         12990: 1.4439498741136704e-12, 12991: 3.609874754673115e-13},
        "get_cosine_schedule_with_warmup(num_warmup_steps=1300, num_training_steps=12992)",
    ),
    Expected(
        "zephyr_dpo.yaml", {"dataset_size": 61134}, 3821, 383, 5e-07,
        {0: 0.0, 1: 1.3054830287206266e-09, 1273: 4.2178183643790317e-07, 1910: 2.936370018863459e-07,
         3819: 4.1750135001961117e-13, 3820: 1.0437535929996855e-13},
        "get_cosine_schedule_with_warmup(num_warmup_steps=383, num_training_steps=3821)",
    ),
    Expected(
        "trl_sft.yaml", {}, 1000, 50, 0.0002,
        {0: 2e-05, 1: 2.36e-05, 333: 0.0002, 500: 0.0002, 998: 2.017759444145556e-05, 999: 2.004440956708416e-05},
        "get_wsd_schedule(num_warmup_steps=50, num_decay_steps=100, num_training_steps=1000, min_lr_ratio=0.1)",
    ),
    Expected(
        "llama_factory_full_sft.yaml", {"dataset_size": 982}, 1473, 148, 1e-05,
        {0: 0.0, 1: 6.756756756756757e-08, 491: 8.435676812991126e-06, 736: 5.8786166959298084e-06,
         1471: 5.621693645541104e-11, 1472: 1.4054253866246925e-11},
        "get_cosine_schedule_with_warmup(num_warmup_steps=148, num_training_steps=1473)",
    ),
    Expected(
        "training_arguments.json", {"dataset_size": 5000}, 260, 25, 3e-05,
        {0: 0.0, 1: 1.2000000000000002e-06, 86: 1.6898669081032142e-05, 130: 9.87460389316433e-06,
         258: 1.002100497962879e-06, 259: 1.0005251244907197e-06},
        "get_polynomial_decay_schedule_with_warmup(num_warmup_steps=25, num_training_steps=260, lr_end=1e-6, "
        "power=2.0)",
    ),
    Expected(
        "axolotl_qlora.yml", {"dataset_size": 2000}, 1000, 100, 0.0002,
        {0: 0.0, 1: 2.0000000000000003e-06, 333: 0.0001687087510804423, 500: 0.00011736481776669306,
         998: 2.4369294605253166e-09, 999: 6.092342209607083e-10},
        "get_cosine_schedule_with_warmup(num_warmup_steps=100, num_training_steps=1000)",
    ),
)  # fmt: skip

# By DeepSpeed 0.19, with the parameters that the Trainer fills in.
DEEPSPEED = (
    Expected(
        "deepspeed_zero2.json", {}, 2000, 200, 0.0002,
        {0: 0.0, 1: 0.0, 666: 0.00014833333333333335, 1000: 0.00011122222222222223, 1998: 3.3333333333333335e-07,
         1999: 2.2222222222222224e-07},
        "WarmupDecayLR(total_num_steps=2000, warmup_min_lr=0, warmup_max_lr=2e-4, warmup_num_steps=200)",
    ),
    Expected(
        "deepspeed_auto.json", {"dataset_size": 61134}, 3821, 383, 5e-07,
        {0: 0.0, 1: 0.0, 1273: 3.7070971495055264e-07, 1910: 2.7806864456079114e-07, 3819: 4.363001745200698e-10,
         3820: 2.9086678301337986e-10},
        "WarmupDecayLR(total_num_steps=3821, warmup_min_lr=0, warmup_max_lr=5e-7, warmup_num_steps=383)",
        "zephyr_dpo.yaml",
    ),
)  # fmt: skip

# Short files, to which lines are added.
TITAN = "[optimizer]\nlr = 1e-3\n[lr_scheduler]\nwarmup_steps = 4\n{more}\n[training]\nsteps = 10\n"
NANO = (
    "optimizer:\n  learning_rate_scheduler: {{learning_rate: 1e-3, lr_warmup_steps: 2, lr_warmup_style: {style}, "
    "{more}}}\ntokens: {{train_steps: 10}}\n"
)
TUNE = (
    "optimizer: {{_component_: {optimizer}, lr: 1e-3}}\nepochs: 2\nbatch_size: 2\n"
    "gradient_accumulation_steps: 3\n{more}\n"
)
HF = "learning_rate: 2e-5\nlr_scheduler_type: cosine\nnum_train_epochs: 3\n"
AXOLOTL = "micro_batch_size: 2\ngradient_accumulation_steps: 4\nlearning_rate: 1e-4\n"
