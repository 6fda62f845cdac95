"""Text to a `RunSpec`: the scheduler, and the fields of its run.

cosine(T_max=32)                       a scheduler of torch, in notation
train.py:make_scheduler(warmup=10)     user code
recipe.yaml                            a config file of a training framework
cosine @ lr=3e-4, epochs=8             fields of the run for this curve alone
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lrviz.errors import SpecError, UsageError
from lrviz.notation import SchedulerCall, check_run, parse
from lrviz.schedulers import takes_metric
from lrviz.spec.resolve import bind_arguments, find_scheduler, resolve, with_parameters
from lrviz.spec.run import (
    FIELDS,
    CodeCall,
    Metric,
    OptimizerChoice,
    ParamGroup,
    RunSpec,
    ScriptLoop,
    TrainingLoop,
    run_names,
)
from lrviz.text import printable

if TYPE_CHECKING:
    from lrviz.spec.script import ScriptRun

_FIELD_NAMES: Final = tuple(field.name for field in FIELDS)
_NEXT_FIELD: Final = re.compile(r"(?<=\S)\s+([\w-]+)\s*=(?!=)")  # in a value, without a comma before it
_LOOP_FIELDS: Final = tuple(field for field in FIELDS if field.name in TrainingLoop.__dataclass_fields__)
# Fields that give the length of a run in epochs, which `steps` replaces.
LENGTH_FIELDS: Final = ("epochs", "steps_per_epoch", "dataset_size", "batch_size", "drop_last", "max_steps")
# The parts of user code; no two repetitions of either can match the same characters, which would take quadratic time.
_WHERE: Final = re.compile(r"""[^:()@\n"']+\.py|[A-Za-z_]\w*(?:\.\w+)*""")
# More than one call: lines of a script, an optimizer's rate, a dictionary for Lightning, the file of a script, the
# schedulers of a config of MMEngine, or the arguments of a trainer.
_SCRIPT: Final = re.compile(
    r"[\n;]|\blr\s*=[^=]|[\"'](?:scheduler|interval|frequency|monitor)[\"']|\.(?:py|ipynb)(?:@\w*)?$|"
    r"^\s*param_scheduler\s*=|"
    r"^[\w.=\s(,:]*(?:TrainingArguments|\b(?:SFT|DPO|KTO|Reward|ORPO|CPO|GKD|GRPO|RLOO|Distillation|OnlineDPO)Config)\s*\("
)
_SCRIPTS: Final = (".py", ".ipynb")
# A config file of a framework; also a pickle, which is refused with a hint.
_RECIPE: Final = re.compile(r"[^\n(){}]+\.(?:ya?ml|json|toml|bin|pth?|pkl|pickle|ckpt)", re.IGNORECASE)
_CALL: Final = re.compile(r"[A-Za-z_][\w.]*\s*(?:\(.*\))?", re.DOTALL)


@dataclass(frozen=True)
class Fields:
    """Values for the fields of a run, as text or converted; `prefix` is what the user writes before their names."""

    values: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = "--"
    lets: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = Path()  # that the metric's path is relative to
    outside: bool = True  # whether that path may lead out of the folder
    show_momentum: bool = False
    shared: bool = False  # by several runs, some of which may not use a metric
    settings: Mapping[str, Any] | None = None  # the configuration that a script reads
    stdin: str | None = None  # the lines that `-` stands for
    any_length: bool = False  # whether a run may be longer than its scheduler can go on for
    kind: str = ""  # of config files; recognised by their keys if empty

    def over(self, values: Mapping[str, Any], prefix: str = "") -> Fields:
        """These fields updated with others; one way to give the length of an epoch, or of the run, replaces another."""
        kept = dict(self.values)
        if values.get("steps") is not None:
            kept = {k: v for k, v in kept.items() if k not in LENGTH_FIELDS}
        elif any(values.get(name) is not None for name in LENGTH_FIELDS):
            kept.pop("steps", None)
            if values.get("epochs") is not None:
                kept.pop("max_steps", None)
        if values.get("steps_per_epoch") is not None:
            kept = {k: v for k, v in kept.items() if k not in ("dataset_size", "batch_size", "drop_last")}
        elif values.get("dataset_size") is not None:
            kept.pop("steps_per_epoch", None)
        kept |= {name: value for name, value in values.items() if value is not None}
        return replace(self, values=kept, prefix=prefix)


def read_run(
    text: str, fields: Fields | None = None, parameters: Mapping[str, str] | None = None, name: str = ""
) -> RunSpec:
    """The RunSpec of one scheduler; the arguments and errors are those of `read_all`.

    Raises:
        UsageError: also if it is a script with several schedulers.
    """
    runs = read_all(text, fields, parameters, name)
    if len(runs) > 1:
        from lrviz.spec.script import several_error

        raise several_error(text, runs)
    return runs[0]


def read_all(
    text: str, fields: Fields | None = None, parameters: Mapping[str, str] | None = None, name: str = ""
) -> list[RunSpec]:
    """The RunSpec of a scheduler, or of each scheduler of a script.

    Args:
        text: A short name, notation, lines pasted from a script, `FILE.py` to read the script, `-` for the lines of
            `fields.stdin`, a config file, `FILE.yaml`, or `FILE.py:NAME` and `package.module:NAME` to run user code;
            `@` and fields of the run may follow.
        fields: The fields of the run.
        parameters: Values by parameter name as typed on the command line, still text.
        name: A label to use instead of the notation.

    Raises:
        NotationError: the notation or a value cannot be read.
        SpecError: the scheduler or a parameter is unknown, or a value makes no sense.
        UsageError: a field is unknown, or its value is invalid.
    """
    fields = fields or Fields()
    scheduler, overrides = split_fields(text)
    if overrides:
        fields = fields.over(overrides)
    if (file := scheduler.strip()).endswith(".py:"):
        raise UsageError(f"`{file[:-1]}` needs the name of a function or class", f"write `{file}NAME`")
    if names_recipe(file):
        from lrviz.spec.recipes import read_recipe

        run = read_recipe(file, fields)
        return [_read_one(scheduler, run, run.fields, overrides, parameters, name or run.name)]
    is_script = _SCRIPT.search(file) or (fields.stdin is not None and file.partition("@")[0].strip() == "-")
    if not is_script and (fields.settings is None or "(" not in file or _split_code(file)):
        return [_read_one(scheduler, None, fields, overrides, parameters, name)]
    from lrviz.spec.script import read_scripts

    found = read_scripts(scheduler, fields)
    labels = [name or ("" if len(found) == 1 else run.name) for run in found]
    return [
        _read_one(scheduler, run, run.fields, overrides, parameters, label)
        for run, label in zip(found, labels, strict=True)
    ]


def names_recipe(text: str) -> bool:
    """Whether a text is the path of a config file, by its suffix."""
    return _RECIPE.fullmatch(text.strip()) is not None


def script_path(text: str) -> tuple[str, str] | None:
    """The path of a script, and the name of a scheduler in it, of `train.py@scheduler`; None for other text."""
    path, _, name = text.strip().partition("@")
    if path.strip() != "-" and (not path.strip().lower().endswith(_SCRIPTS) or "\n" in path or "(" in path):
        return None
    return path.strip(), name.strip()


def _read_one(
    scheduler: str,
    script: ScriptRun | None,
    fields: Fields,
    overrides: Mapping[str, str],
    parameters: Mapping[str, str] | None,
    name: str,
) -> RunSpec:
    """The RunSpec of one scheduler, of its text or of a script that was read."""
    for only in ("world_size", "transformers"):
        if fields.values.get(only) is not None and not (fields.shared and only not in overrides):
            raise UsageError(
                f"`{option_name(only, fields.prefix)}` is for the arguments of a Trainer, got "
                f"`{printable(scheduler, 60)}`",
                "`--num-processes` is for schedulers under Accelerate" if only == "world_size" else "leave it out",
            )
    loop, groups = read_loop(fields.values, fields.prefix), read_groups(fields.values.get("lr"), fields.prefix)
    optimizer = read_optimizer(fields.values, fields.prefix)
    names = run_names(loop, groups) | dict(fields.lets)
    filled: Sequence[str] = ()
    notes: list[str] = []
    has_warmup, composition = False, None
    if script is None and (code := _split_code(scheduler)):
        where, code_call = code
        call: SchedulerCall | CodeCall | ScriptLoop = CodeCall(where, parse(code_call, names, own=True))
        if fields.values.get("warmup") is not None:
            raise UsageError(
                f"`{option_name('warmup', fields.prefix)}` works with the schedulers of torch, got `{call}`",
                "write the warm-up in that code",
            )
        if parameters:
            raise UsageError(
                f"`{where}` takes its values in brackets, got `--{next(iter(parameters))}`",
                f"write `{where}:{code_call.partition('(')[0]}(NAME=VALUE)`",
            )
    elif script is not None and script.program is not None:
        from lrviz.spec.looping import script_loop

        call, notes = script_loop(script.program, loop, groups, parameters)
        notes = [*script.notes, *notes]
    else:
        typed, given = parameters or {}, script.call if script else None
        written = with_parameters(given or parse(scheduler, names), typed, names)
        decided, notes = _decided(written, fields, of_script=script is not None)
        if decided:
            fields = replace(fields, values={**fields.values, **decided})
            loop, optimizer = read_loop(fields.values, fields.prefix), read_optimizer(fields.values, fields.prefix)
            names |= {name: value for name, value in run_names(loop, groups).items() if name not in fields.lets}
            written = with_parameters(given or parse(scheduler, names), typed, names)
        warmed = _with_warmup(written, loop, fields)
        resolved = resolve(warmed, loop, groups, any_length=fields.any_length)
        call, filled, composition = resolved.call, resolved.filled, resolved.composition
        notes += resolved.notes
        check_run(call.steps * len(groups), loop.scheduler_steps)
        has_warmup = warmed is not written and warmed.name == "SequentialLR"
        if script is not None:
            notes = [*script.notes, *notes]
    metric: Metric | None = None
    metric_text = fields.values.get("metric")
    if metric_text is not None and not isinstance(call, CodeCall) and not _takes_metric(call):
        if not fields.shared or "metric" in overrides:
            raise SpecError(
                f"`{getattr(call, 'name', call)}` does not use a metric", "leave out the metric, or use `plateau`"
            )
        metric_text = None
    if metric_text is not None:
        from lrviz.spec.metric import metric_notes, read_metric

        metric = read_metric(metric_text, loop, names, fields.folder, outside=fields.outside)
        notes = [*notes, *metric_notes(metric, loop.scheduler_calls)]
    notes = list(dict.fromkeys([*notes, *_optimizer_notes(optimizer)]))
    run = RunSpec(
        call, loop, groups, optimizer, metric, fields.show_momentum, name,
        has_warmup=has_warmup, composition=composition, filled=tuple(filled), notes=tuple(notes),
        read=script.read if script else (), explained=script.explained if script else (),
        place=script.place if script else "", ignored=script.ignored if script else (), assumed=_assumed(fields.values),
        faults=script.faults if script else (), read_from=script.read_from if script else "the script",
        origin=script.origin if script else "",
    )  # fmt: skip
    return replace(run, name=label, derived=True) if not name and (label := _label(run, overrides)) else run


def _optimizer_notes(optimizer: OptimizerChoice) -> list[str]:
    """What the curve shows if the optimizer changes its rate by itself."""
    if not optimizer.given:
        return []
    from lrviz.schedulers import OWN_RATES, is_installed

    own = OWN_RATES.get(optimizer.name)
    return [own.note(installed=is_installed(own))] if own else []


def _decided(call: SchedulerCall, fields: Fields, *, of_script: bool) -> tuple[dict[str, Any], list[str]]:
    """The fields of the run that follow from the values of a scheduler and are not given; notes about those that are.

    Raises:
        UsageError: the rate changes between two steps of the interval that is given.
    """
    info = find_scheduler(call)
    if info is None or info.decides is None:
        return {}, []
    decided, notes = {}, []
    instead = {"epochs": ("steps", "max_steps"), "steps_per_epoch": ("steps", "dataset_size")}
    for name, value in info.decides(bind_arguments(info, call)).items():
        others = [other for other in instead.get(name, ()) if fields.values.get(other) is not None]
        known = fields.values.get(name)
        if (name, value, known) == ("interval", "step", "epoch") and not of_script:
            raise UsageError(
                f"`{info.name}` changes the rate after each update here, and "
                f"`{option_name(name, fields.prefix)}` is epoch",
                "leave it out",
            )
        if known is None and not others and value is not None:
            decided[name] = value
        elif name == "epochs" and known is not None and value is not None and str(known) != str(value):
            notes.append(f"`{info.name}` returns {value} epochs for the run, which has {known}")
    return decided, notes


def _assumed(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The lengths of a run that are not given."""
    given = {name for name in LENGTH_FIELDS if values.get(name) is not None}
    if values.get("steps") is not None:
        return ()
    if "dataset_size" in given:
        given.add("steps_per_epoch")
    if "max_steps" in given:
        given.add("epochs")
    return tuple(name for name in ("epochs", "steps_per_epoch") if name not in given)


def _split_code(text: str) -> tuple[str, str] | None:
    """The file or module, and the call, of user code; None for anything else."""
    text = text.strip()
    drive = text[:2] if re.match(r"[A-Za-z]:[\\/]", text) else ""
    path, colon, call = text[len(drive) :].partition(":")
    if not colon or not _WHERE.fullmatch(path) or not _CALL.fullmatch(call):
        return None
    return drive + path, call


def _with_warmup(call: SchedulerCall, loop: TrainingLoop, fields: Fields) -> SchedulerCall:
    """The scheduler, with the warm-up of the fields before it."""
    length, start = (fields.values.get(name) for name in ("warmup", "warmup_start"))
    option, start_option = (option_name(name, fields.prefix) for name in ("warmup", "warmup_start"))
    if length is None:
        if start is not None:
            raise UsageError(f"`{start_option}` needs `{option}` too", "such as `--warmup 5%`")
        return call
    from lrviz.spec.lengths import read_length
    from lrviz.spec.values import read_number
    from lrviz.spec.warmup import DEFAULT_START, add_warmup

    epochs = loop.exact_epochs if loop.interval == "step" else loop.epochs
    steps = read_length(option, length, loop.scheduler_steps, epochs)
    factor = DEFAULT_START if start is None else read_number(start_option, start)
    if not 0 < factor <= 1:
        raise UsageError(f"`{start_option}` must be above 0 and at most 1, got {factor:g}")
    return add_warmup(call, steps, factor, loop.scheduler_steps, option)


def _label(run: RunSpec, overrides: Mapping[str, str]) -> str:
    """A label with the warm-up and the fields after `@`, `warm-up 5 -> StepLR(step_size=8) @ lr=0.1`, empty if none."""
    shown = ", ".join(
        f"{k}={v}" for k, v in overrides.items() if not (run.has_warmup and k in ("warmup", "warmup_start"))
    )
    text = run.shown if run.has_warmup or run.composition else str(run.scheduler)
    return f"{text} @ {shown}" if shown else text if run.has_warmup else ""


def _takes_metric(call: SchedulerCall | ScriptLoop) -> bool:
    if isinstance(call, ScriptLoop):
        return any(map(_takes_metric, call.calls))
    return takes_metric(call)


def split_fields(text: str) -> tuple[str, dict[str, str]]:
    """A scheduler's text and the fields after its `@`.

    Raises:
        UsageError: a field is unknown, has no value, or is given twice.
    """
    at = find_outside(text, "@")
    while at is not None and "\n" in text[at:].rstrip():  # a decorator in a script
        at = find_outside(text, "@", start=at + 1)
    if at is None:
        return text, {}
    scheduler, rest = text[:at].strip(), text[at + 1 :]
    if scheduler.endswith((".py", ".ipynb")) or scheduler == "-":  # the name of one of its schedulers may follow
        name, _, more = rest.partition("@")
        if name.strip().isidentifier():
            scheduler, rest = f"{scheduler}@{name.strip()}", more
            if not rest.strip():
                return scheduler, {}
    from lrviz.spec.values import split_commas

    fields: dict[str, str] = {}
    for part in split_commas(rest):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        key = name.replace("-", "_")
        if not equals or not value:
            raise UsageError(f"`@` needs NAME=VALUE, got `{part.strip()}`", "such as `cosine @ lr=3e-4, epochs=8`")
        if key not in _FIELD_NAMES:
            raise UsageError(f"a run has no field `{name}`", f"the fields are {', '.join(_FIELD_NAMES)}")
        if key in fields:
            raise UsageError(f"`{name}` is given twice after `@`")
        if (next_field := _NEXT_FIELD.search(value)) and next_field[1].replace("-", "_") in _FIELD_NAMES:
            apart = f"{value[: next_field.start()]}, {value[next_field.start(1) :]}"
            raise UsageError(f"a comma is missing before `{next_field[1]}` after `@`", f"write `@ {name}={apart}`")
        fields[key] = value
    return scheduler, fields


def find_outside(text: str, target: str, any_depth: bool = False, start: int = 0) -> int | None:
    """The index of a character outside of quotes, and outside of brackets unless `any_depth`; None if not found.

    The search begins at `start`, which is taken to be outside of both.
    """
    depth, quote = 0, ""
    for at in range(start, len(text)):
        character = text[at]
        if quote:  # a comment counts as quoted, from `#` to the end of its line
            quote = "" if character == ("\n" if quote == "#" else quote) else quote
        elif character in "'\"#":
            quote = character
        elif character == target and (any_depth or depth == 0):
            return at
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
    return None


def option_name(name: str, prefix: str) -> str:
    """A field as the user writes it: `--grad-accum` on the command line, `grad_accum` elsewhere."""
    return f"{prefix}{name.replace('_', '-')}" if prefix else name


def read_loop(values: Mapping[str, Any], prefix: str = "--") -> TrainingLoop:
    """The loop that values describe; missing fields and None have their defaults.

    Raises:
        UsageError: a value is not a count, or the length of an epoch is given in both ways.
        SpecError: the values are inconsistent.
    """
    if values.get("steps_per_epoch") is not None and values.get("dataset_size") is not None:
        both = " and ".join(f"`{option_name(n, prefix)}`" for n in ("steps_per_epoch", "dataset_size"))
        raise UsageError(f"{both} both give the length of an epoch", "leave one of them out")
    if values.get("steps") is not None:
        return _loop_of_steps(values, prefix)
    given = [field for field in _LOOP_FIELDS if _is_given(values, field.name)]
    if not given:
        return TrainingLoop()
    from lrviz.spec.values import read_field

    fields = {f.name: read_field(f.kind, option_name(f.name, prefix), values[f.name], f.choices) for f in given}
    epochs = fields.get("epochs", TrainingLoop.epochs)
    loop = TrainingLoop(**fields | {"epochs": ceil(epochs)})
    if epochs == loop.epochs or loop.max_steps is not None:
        return loop
    return replace(loop, max_steps=ceil(epochs * loop.updates_per_epoch))  # as the Trainer of transformers rounds


def _loop_of_steps(values: Mapping[str, Any], prefix: str) -> TrainingLoop:
    """The loop of a run of `steps` updates: one epoch."""
    from lrviz.spec.values import read_count, read_epochs

    option, accumulated = option_name("steps", prefix), option_name("grad_accum", prefix)
    for name in LENGTH_FIELDS:
        if _is_given(values, name) and not (name == "epochs" and read_epochs(name, values[name]) == 1):
            raise UsageError(
                f"`{option}` and `{option_name(name, prefix)}` both give the length of the run",
                "leave one of them out",
            )
    each = read_count(accumulated, values["grad_accum"]) if _is_given(values, "grad_accum") else 1
    batches = read_count(option, values["steps"]) * each
    return read_loop({**values, "steps": None, "epochs": 1, "steps_per_epoch": batches}, prefix)


def _is_given(values: Mapping[str, Any], name: str) -> bool:
    return values.get(name) is not None and values[name] is not False


def read_groups(value: Any, prefix: str = "--") -> tuple[ParamGroup, ...]:
    """The parameter groups of `--lr`; the forms and errors are those of `read_rates`."""
    if value is None:
        return (ParamGroup(),)
    from lrviz.spec.values import read_rates

    return tuple(ParamGroup(name, rate) for name, rate in read_rates(option_name("lr", prefix), value))


def read_optimizer(values: Mapping[str, Any], prefix: str = "--") -> OptimizerChoice:
    """The optimizer and its momentum.

    Raises:
        UsageError: torch has no such optimizer, or the momentum is not a number.
        SpecError: the momentum is out of range.
    """
    name, momentum = values.get("optimizer"), values.get("momentum")
    if name is None and momentum is None:
        return OptimizerChoice()
    from lrviz.spec.values import read_number, read_optimizer_text

    class_name, options = ("SGD", ()) if name is None else read_optimizer_text(str(name))
    return OptimizerChoice(
        class_name,
        None if momentum is None else read_number(option_name("momentum", prefix), momentum),
        options,
        given=name is not None,
    )
