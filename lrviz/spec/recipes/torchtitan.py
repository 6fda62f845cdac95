"""torchtitan's TOML: a linear warm-up, a stable part and a decay, counted in updates.

Source: torchtitan/components/lr_scheduler.py. The lines give what torchtitan 0.1 to 0.3 compute, operation by
operation; the defaults are those of `torchtitan.config`.
"""

from __future__ import annotations

from typing import Final

from lrviz.errors import SpecError
from lrviz.spec.recipes.config import IN_UPDATES, Config, Recipe, lambda_lr, optimizer_of
from lrviz.text import count

_DECAYS: Final = {
    "linear": "1 - {progress}",
    "sqrt": "1 - math.sqrt({progress})",
    "cosine": "0.5 * (1.0 + math.cos(math.pi * {progress}))",
}
_NOTE: Final = "torchtitan's schedule is written after torchtitan 0.3.0, which is the same since 0.1.0"


def read(config: Config) -> Recipe:
    """The run of a file.

    Raises:
        UsageError: a value is not valid.
        SpecError: the file is for torchtitan before 0.1.
    """
    if old := config.has("training.warmup_steps", "optimizer.warmup_steps"):
        raise SpecError(
            f"`{config.shown}`: `{old[0]}` is of torchtitan before 0.1, whose schedule is another",
            "move it to `[lr_scheduler]`, as newer versions read it",
        )
    steps = config.updates("training.steps", 10_000)
    lr = config.rate("optimizer.lr", 8e-4)
    name = config.text("optimizer.name", "AdamW")
    total = config.count("lr_scheduler.total_steps", steps, least=1) or steps
    warmup = config.count("lr_scheduler.warmup_steps", 200) or 0
    ratio = config.number("lr_scheduler.decay_ratio", most=1.0)
    style = config.text("lr_scheduler.decay_type", "linear", tuple(_DECAYS))
    least_key = next(iter(config.has("lr_scheduler.min_lr_factor", "lr_scheduler.lr_min")), "lr_scheduler.lr_min")
    least = config.number(least_key, 0.0)
    notes = [_NOTE]
    if warmup > total:
        notes.append(f"the warm-up of {warmup:,} updates is cut to the {total:,} of the run, as torchtitan does")
        warmup = total
    decay = total - warmup if ratio is None else round(total * ratio)
    if warmup + decay > total:
        notes.append(f"the decay of {decay:,} updates is cut to the {total - warmup:,} after the warm-up")
        decay = total - warmup
    stable = total + 1 - warmup - decay  # with one more, so that the last update is not at 0
    parts = [(f"step < {warmup}", f"float((step + 1) / {warmup})")] if warmup else []
    last = "1.0"
    if decay:
        parts += [(f"step < {warmup + stable}", "1.0")]
        fall = _DECAYS[style].format(progress=f"(float(step + 1 - {warmup + stable}) / {decay})")
        last = f"{least!r} + (1 - {least!r}) * ({fall})"
    optimizer = optimizer_of(name)
    if optimizer is None:
        notes.append(f"the optimizer `{name}` is not one of torch: the rates are drawn with SGD")
    told = [f"warm-up of {count(warmup, 'update')}", f"{style} decay over the last {decay:,}"]
    return Recipe(
        "torchtitan",
        lambda_lr("warmup_stable_decay", parts, last),
        {"lr": lr, "steps": steps} | ({"optimizer": optimizer} if optimizer else {}),
        {"lr": "optimizer.lr", "steps": "training.steps", "optimizer": "optimizer.name"},
        told,
        notes,
        used=IN_UPDATES,
    )
