"""nanotron's YAML: a warm-up, a constant part, a decay and a constant rest, counted in updates.

Source: `lr_scheduler_builder` in src/nanotron/helpers.py. The lines give what nanotron 0.4 and its later commits
compute, operation by operation.
"""

from __future__ import annotations

from lrviz.errors import SpecError
from lrviz.spec.recipes.config import IN_UPDATES, Config, Recipe, lambda_lr, optimizer_of
from lrviz.text import count

_TABLE = "optimizer.learning_rate_scheduler"
_NOTE = "nanotron's schedule is written after nanotron 0.4"


def read(config: Config) -> Recipe:
    """The run of a file.

    Raises:
        UsageError: a value is missing or not valid.
        SpecError: each parameter has a rate of its own.
    """
    if config.get("model.init_method.use_mup"):
        raise SpecError(
            f"`{config.shown}`: with `use_mup` nanotron gives each parameter a rate that depends on the model's sizes",
            "write the schedule in notation, with a rate for each group in `--lr`",
        )
    steps = config.updates("tokens.train_steps")
    lr = config.given_rate() or config.rate(f"{_TABLE}.learning_rate")
    if lr is None:
        raise config.missing([("lr", "3e-4", "the learning rate")])
    warmup = config.count(f"{_TABLE}.lr_warmup_steps", 0) or 0
    warmup_style = config.text(f"{_TABLE}.lr_warmup_style", "", ("linear", "constant"))
    if not warmup_style:  # nanotron refuses the file too
        raise config.wrong(f"{_TABLE}.lr_warmup_style", "linear or constant")
    style = config.text(f"{_TABLE}.lr_decay_style", "linear", ("linear", "cosine", "1-sqrt"))
    least = config.number(f"{_TABLE}.min_decay_lr", lr)
    start = config.count(f"{_TABLE}.lr_decay_starting_step")
    decay = config.count(f"{_TABLE}.lr_decay_steps")
    if decay is None:
        decay = steps - warmup - (start or 0)
    start = warmup if start is None else start
    if warmup == 0 and decay == 0:
        parts, last = [], f"{lr!r}"  # nanotron's own value, by which torch multiplies the rate once more
    else:
        first = f"{lr!r} * step / {max(warmup, 1)}" if warmup_style == "linear" else f"{lr!r}"
        parts, last = [(f"step <= {warmup}", f"{first} / {lr!r}")], f"{least!r} / {lr!r}"
        if start > warmup:
            parts += [(f"step < {start}", "1.0")]
        if decay > 0:
            gone = f"(step - {start})"
            shapes = {
                "cosine": f"(1 + math.cos(math.pi * {gone} / {decay})) / 2",
                "linear": f"({decay} - {gone}) / {decay}",
                "1-sqrt": f"(1 - math.sqrt({gone} / {decay}))",
            }
            parts += [
                (f"step < {start + decay}", f"({least!r} + ({lr!r} - {least!r}) * {shapes[style]}) / {lr!r}"),
            ]
    optimizer = optimizer_of(config.text("optimizer.optimizer_factory.name", "adamW")) or "AdamW"
    told = [
        f"{warmup_style} warm-up of {count(warmup, 'update')}",
        f"{style} decay over {count(decay, 'update')} from step {start:,}",
    ]
    return Recipe(
        "nanotron",
        lambda_lr("warmup_decay", parts, last),
        {"lr": config.rate(f"{_TABLE}.learning_rate", lr), "steps": steps, "optimizer": optimizer},
        {"lr": f"{_TABLE}.learning_rate", "steps": "tokens.train_steps", "optimizer": "optimizer.optimizer_factory"},
        told,
        [_NOTE],
        used=IN_UPDATES,
    )
