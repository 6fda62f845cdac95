"""The schedulers that are found in a script, and the error that asks for the values they need."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lrviz.errors import NotationError
from lrviz.notation.parser import SchedulerCall
from lrviz.notation.script.explained import Argument
from lrviz.notation.script.values import Origin
from lrviz.text import printable

if TYPE_CHECKING:
    from lrviz.notation.script.program import Program
    from lrviz.notation.script.trainers import TrainerCall

# Characters that no shell changes in a word.
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.=-")
_NONE: Final = ("'none'", "'null'", "'no'", "''", "'constant'")  # less likely to be meant than the other values
# Fields of the run that a script may not have, in words.
_FIELDS: Final = {"dataset_size": "the size of the dataset"}
# Names that options of the run give values to, which `--let` does not take.
_OPTIONS: Final = {"lr": "lr", "epochs": "epochs", "steps_per_epoch": "steps_per_epoch", "total_steps": "max_steps"}
# Words of the names of counts: of one that is less than others, before what is counted, and what is.
_WARMUP: Final = re.compile(r"warm\w*|accum\w*")
# Words for a run before this one.
_RESUMED: Final = re.compile(r"resume\w*|checkpoint|ckpt|restore|pretrained")
_EXISTS: Final = re.compile(r"exists|isfile")
_FIRST: Final = ("start", "begin", "completed", "finished")  # words for where a run goes on
_NUMBER: Final = re.compile(r"n|num|nb|max|total")
_COUNTED: Final = re.compile(
    r"epochs?|ep|steps?|iters?|iterations?|len|size|num|n|batch(es)?|t|max|total|duration|length|every|samples|period"
    r"|patience|interval|" + _WARMUP.pattern
)
# What a value probably is, and an example, by the last word of its name that says so.
_EPOCHS: Final = re.compile(r"\btrainer\.max_epochs$")  # of a run of Lightning
_GUESSES: Final = (
    (_COUNTED.pattern, "a count", "10"),
    (r"lrs?|lr0|rate|eta", "a rate", "0.1"),
    (r"gamma|factor|decay|ratio|proportion|momentum|power|alpha|frac|fraction|pct|percent|beta\d?|lrf", "a factor",
     "0.1"),
    (r"milestones?|schedule", "a list of counts", "[10, 20]"),
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What is legal in a loop, but probably not intended: its kind, its line, a sentence, and how to mend it.

    `ignored` are the codes of the rules that a comment at its line says not to apply.
    """

    kind: str
    line: int
    text: str
    advice: str
    ignored: tuple[str, ...] = ()


@dataclass
class Found:
    """A scheduler of a script, and what the script says of its run.

    `fields` has values for the fields of the run, and `lines` the line of each. `missing` are the expressions whose
    values the scheduler or the run need.
    """

    call: SchedulerCall | None  # None if all rates are set by hand
    name: str
    line: int
    fields: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    missing: list[Origin] = field(default_factory=list)
    loaders: tuple[str, ...] = ()  # expressions for the number of batches in an epoch
    computed: bool = False  # whether that number is computed from `loaders`, whose values are others
    drops_partial: bool = False  # whether the last batches of an epoch, too few for an update, make none
    limit: float | None = None  # of the batches of an epoch, or a part of them, as Lightning's Trainer takes it
    stepped: int = 0  # the line of `scheduler.step()`
    excerpt: tuple[str, ...] = ()  # the line of the first of `missing`, and a caret
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)  # values that an expression may have
    arguments: list[Argument] = field(default_factory=list)
    assigned: Mapping[str, Any] = field(default_factory=dict)  # the values of the script's names
    assigned_lines: Mapping[str, int] = field(default_factory=dict)
    program: Program | None = None  # if the loop changes the rates in other ways than with `call`
    ends_early: bool = False  # whether `program` is needed only if the loop makes fewer updates than its head says
    names: tuple[str, ...] = ()  # of its schedulers and its optimizer
    trainer: TrainerCall | None = None  # the arguments of the trainer that makes the scheduler or steps it
    needs: tuple[str, ...] = ()  # fields of the run that are not in the script
    told: list[str] = field(default_factory=list)  # what the loop does, with the lines
    processes: int = 0  # that share the samples, as far as they are known; 0 where Accelerate may step for all of them

    def field_of(self, text: str) -> str:
        """The field of the run that an expression is the value of; "" if it is of none."""
        if text in self.loaders and not self.computed:
            return "steps_per_epoch"
        return "epochs" if _EPOCHS.search(text) else _OPTIONS.get(text, "")


@dataclass(frozen=True)
class MissingValue:
    """An expression whose value a script needs: what it probably is, and an example."""

    text: str
    line: int
    what: str
    example: str
    field: str = ""  # of the run that it is: "steps_per_epoch", "epochs", "max_steps", "lr" or "dataset_size"

    def option(self, value: str, prefix: str = "--") -> str:
        """How to give it a value, for a shell."""
        if self.field:
            return f"{prefix}{self.field.replace('_', '-')} {value}" if prefix else f"{self.field} = {value}"
        text = f"{self.text}={value}"
        plain = not set(text) - _PLAIN
        return f"--let {text}" if plain else f"--let '{text}'" if "'" not in text else f'--let "{text}"'


class MissingValuesError(NotationError):
    """A script needs values that are not in it: `missing`."""

    missing: tuple[MissingValue, ...] = ()


def missing_values(found: Found, prefix: str = "--") -> MissingValuesError:
    """The error for a script that needs values: all of them at once, and how to give them."""
    sizes = {text: ["1000"] for text in found.loaders if found.computed and text.startswith("len(")}
    examples = {**found.examples, **sizes}
    missing = tuple(
        MissingValue(o.text, o.line, *_guess(o.text, examples), found.field_of(o.text)) for o in found.missing
    )
    missing += tuple(MissingValue(_FIELDS[name], found.line, "a count", "1000", name) for name in found.needs)
    error = _missing_error(found, missing, prefix)
    error.missing = missing
    return error


def _missing_error(found: Found, missing: Sequence[MissingValue], prefix: str) -> MissingValuesError:
    options = [each.option(each.example if each.field in ("", "lr") else "N", prefix) for each in missing]
    functions = [f"`{printable(m.text, 60)}`" for m in missing if m.example.startswith("lambda")]
    paste = f"paste the lines that define {' and '.join(functions)}, or " if functions else ""
    if len(missing) == 1:
        (one,) = missing
        if one.field == "dataset_size" and found.trainer is not None:
            return MissingValuesError(
                f"`{found.trainer.name}` does not say how many samples the dataset has, and the updates follow from it",
                f"add {options[0]}, and {prefix}world-size N if several devices share them".replace(
                    "and world-size", "and world_size ="
                ),
            )
        kind = "name" if one.text.isidentifier() else "value"
        message = f"unknown {kind} `{printable(one.text, 60)}`{f' on line {one.line}' if one.line > 1 else ''}"
        return MissingValuesError(message, f"{paste}add {options[0]}", found.excerpt)
    shown = [f"`{printable(m.text, 60)}` (line {m.line}{', ' if m.what else ''}{m.what})" for m in missing]
    return MissingValuesError(
        f"the script needs {len(shown)} values: {', '.join(shown)}", f"{paste}add {' '.join(dict.fromkeys(options))}"
    )


def _guess(text: str, examples: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """What a value probably is, and an example of it: by what the script compares it with, or by its name."""
    if (usual := _usual(text)) is not None:
        return f"{usual} if it is left out", usual
    if (example := next(iter(examples.get(text, ())), "")) and example.startswith(("lambda", "{")):
        return "a function" if example.startswith("lambda") else "keywords", example
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text)  # learnRate
    name = text.lower() if "(" in text else text.lower().rpartition(".")[2]
    words = re.findall(r"[a-z]+\d?", name)
    resumed = _EXISTS if "(" in text else _RESUMED
    if words and any(map(resumed.fullmatch, words)) and not _COUNTED.fullmatch(words[-1]):
        return "None for a new run", "None"
    if example in ("True", "False"):
        return "True or False", example
    if found := sorted(examples.get(text, ()), key=lambda example: example.lower() in _NONE):
        return (f"such as {' or '.join(found)}" if found[0][0] in "'\"[" else _guess(text, {})[0]), found[0]
    if words and any(map(_WARMUP.fullmatch, words)) and _COUNTED.fullmatch(words[-1]):
        return "a count", "3"
    if len(words) > 1 and words[0] in _FIRST and _COUNTED.fullmatch(words[-1]):
        return "a count", "0"
    if len(words) > 1 and _NUMBER.fullmatch(words[0]) and any(map(_COUNTED.fullmatch, words[1:])):
        return "a count", "10"
    if len(words) > 1 and words[-1] in ("init", "min", "end") and {"lr", "lrs"} & {*words}:
        return "a rate", "1e-06"
    if len(words) > 1 and words[0] in ("min", "end", "final") and words[-1] in ("lr", "lrs", "rate"):
        return "a rate", "1e-06"
    for word in reversed(words):
        for pattern, what, example in _GUESSES:
            if re.fullmatch(pattern, word) or re.fullmatch(pattern, word.removesuffix("s")):
                return what, "3" if _WARMUP.fullmatch(word) else example  # less than the run
    return "", "1"


def _usual(text: str) -> str | None:
    """The default of `cfg.get("lr", 0.1)`, `kwargs.pop("lr", 0.1)` or `getattr(cfg, "lr", 0.1)`, as notation."""
    if not text.endswith(")"):
        return None
    node: ast.expr = ast.parse(text, mode="eval").body
    while isinstance(node, ast.Call) and len(node.args) > 1:
        function = node.func
        if not (isinstance(function, ast.Attribute) and function.attr in ("get", "pop", "getenv")) and not (
            isinstance(function, ast.Name) and function.id == "getattr" and len(node.args) > 2
        ):
            return None
        node = node.args[-1]
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
            return repr(node.value)
        if isinstance(node, ast.List | ast.Dict):
            with suppress(ValueError, TypeError):
                return repr(ast.literal_eval(node))
    return None
