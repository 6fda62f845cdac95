"""The Trainer's `trainer_state.json`: the rates that it logged, and the length of the run; the schedule is not in it.

With the arguments of the run beside it the schedule is theirs, over the number of updates of the state. Alone it is
drawn as a log: the rates that are in it, with straight lines between them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import isfinite, nextafter
from typing import Final

from lrviz.errors import UsageError
from lrviz.notation import Lambda, SchedulerCall
from lrviz.spec.recipes import hf
from lrviz.spec.recipes.config import IN_UPDATES, Config, Recipe
from lrviz.text import count

_MOST: Final = 200_000  # entries of a log


def read(config: Config) -> Recipe:
    """The run of a file.

    Raises:
        UsageError: it has no rates, or no length.
    """
    updates = config.count("max_steps", least=1) or config.count("global_step", least=1)
    if updates is None:
        raise UsageError(f"`{config.shown}` has no `max_steps`, the number of updates")
    if config.beside is not None:
        given = {k: v for k, v in config.given.items() if k not in ("steps", "max_steps")} | {"max_steps": updates}
        recipe = hf.read(
            replace(config, values=config.beside, given=given, beside=None, shown="the file of `--config`")
        )
        recipe.told.insert(0, f"the {count(updates, 'update')} of the Trainer's state")
        return recipe
    logged = _logged(config)
    last_step, last_rate = logged[-1]
    # From 4.51 on the Trainer logs the rate that the update used; before, that of the next one, 0 after a full decay.
    shift = 0 if last_step >= updates and last_rate == 0 and len(logged) > 1 else 1
    known = [(step - shift, rate) for step, rate in logged if 0 <= step - shift < updates]
    if not known or not any(rate for _, rate in known):
        raise UsageError(f"`{config.shown}` has no rate above 0 in its log")
    done = config.count("global_step") or last_step
    every = {b[0] - a[0] for a, b in pairwise(known)}
    notes = [
        f"`{config.shown}` is a log: it has {count(len(known), 'rate')} of {updates:,}, and no schedule"
        + ("" if every == {1} and len(known) == updates else "; between them the line is straight"),
        "`--config FILE` with the arguments of the run draws the schedule itself",
    ]
    if shift == 0:
        notes.append("its last rate is 0: the Trainer logged the rate of the next update, as before transformers 4.51")
    if done < updates:
        notes.append(f"the run was stopped after {done:,} of {updates:,} updates; after it the last rate is drawn")
    lr = max(rate for _, rate in known)
    return Recipe(
        "a log of transformers' Trainer",
        SchedulerCall("LambdaLR", kwargs=(("lr_lambda", _function(known, lr)),)),
        {"lr": lr, "steps": updates},
        {"steps": "max_steps", "lr": "log_history"},
        [f"{epochs:g} epoch{'s' * (epochs != 1)}"] if (epochs := config.number("num_train_epochs")) else [],
        notes,
        used=("lr", *IN_UPDATES),
    )


def _logged(config: Config) -> list[tuple[int, float]]:
    """The steps and rates of the log, in order.

    Raises:
        UsageError: there are none, or an entry is not valid.
    """
    entries = config.get("log_history")
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise config.wrong("log_history", "a list")
    found: dict[int, float] = {}
    for entry in entries:
        if not isinstance(entry, Mapping) or entry.get("learning_rate") is None:
            continue
        step, rate = entry.get("step"), entry["learning_rate"]
        if isinstance(step, bool) or not isinstance(step, int) or step < 0:
            raise UsageError(f"`{config.shown}`: an entry of `log_history` has no `step`")
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not isfinite(rate) or rate < 0:
            raise UsageError(f"`{config.shown}`: the rate of step {step:,} in `log_history` is not a number")
        found[step] = float(rate)
    if not found:
        raise UsageError(f"`{config.shown}` has no `learning_rate` in its `log_history`")
    if len(found) > _MOST:
        raise UsageError(f"`{config.shown}` has {len(found):,} rates; the limit is {_MOST:,}")
    return sorted(found.items())


def _function(known: Sequence[tuple[int, float]], lr: float) -> Lambda:
    """The factor by which torch multiplies `lr` for each update, so that logged rates come out exactly."""
    steps = [step for step, _ in known]
    factors = [_factor(rate, lr) for _, rate in known]

    def logged(step: int) -> float:
        at = bisect_right(steps, step) - 1
        if at < 0 or at + 1 == len(steps) or steps[at] == step:
            return factors[max(at, 0)]
        part = (step - steps[at]) / (steps[at + 1] - steps[at])
        return factors[at] + part * (factors[at + 1] - factors[at])

    code = f"def logged(step):\n    return np.interp(step, {steps}, {factors})"
    return Lambda("logged", logged, code=code)


def _factor(rate: float, lr: float) -> float:
    """The number that gives `rate` when it is multiplied by `lr`, or one as near as there is."""
    factor = rate / lr
    near = (factor, nextafter(factor, 0.0), nextafter(factor, 2.0))
    return next((each for each in near if lr * each == rate), factor)
