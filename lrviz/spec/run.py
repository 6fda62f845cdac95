"""A run as frozen data: the training loop, parameter groups, optimizer and scheduler; and the table of its fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import gcd
from sys import float_info
from typing import TYPE_CHECKING, Any, Final, Literal

from lrviz.errors import SpecError
from lrviz.schedulers import find
from lrviz.text import brief, count, print_value

if TYPE_CHECKING:
    from lrviz.notation import Fault, SchedulerCall
    from lrviz.spec.comparing import Comparison
    from lrviz.spec.resolve import Resolved

Interval = Literal["step", "epoch"]
Remainder = Literal["update", "drop", "carry"]

_GREATEST: Final = float_info.max  # compared with instead of isfinite(), which fails on huge integers
MAX_UPDATES: Final = 100_000_000  # a run keeps eight bytes for each in memory
_GREATEST_INDEX: Final = 2**63 - 1  # of numpy
_OPTIONAL_COUNTS: Final = ("dataset_size", "batch_size", "max_steps")
_COUNTS: Final = ("epochs", "steps_per_epoch", "grad_accum", "num_processes", *_OPTIONAL_COUNTS)


@dataclass(frozen=True)
class Field:
    """One field of a run, as used by the command line, `@`, presets, their JSON Schema and the Python API.

    `cli_help` continues `help` on the command line, `preset_help` in presets. `default` is the default as text, `least`
    the least value of a number.
    """

    name: str
    kind: Literal["rates", "count", "epochs", "length", "number", "switch", "choice", "text", "metric"]
    help: str
    cli_help: str = ""
    preset_help: str = ""
    metavar: str = ""
    default: str = ""
    choices: tuple[str, ...] = ()
    least: int | None = None

    @property
    def option(self) -> str:
        """The option of the command line, such as `--grad-accum`."""
        return f"--{self.name.replace('_', '-')}"


FIELDS: Final = (
    Field(
        "lr",
        "rates",
        "base rate",
        ", or one for each parameter group: 1e-4,1e-3 or a=1e-4,b=1e-3",
        ": a number, a list with one for each parameter group, or a table of names and rates",
        "RATE",
        "1e-3",
    ),
    Field("epochs", "epochs", "epochs in the run", ", such as 3 or 2.5", ", such as 3 or 2.5", "N", "4"),
    Field("steps_per_epoch", "count", "batches in an epoch", metavar="N", default="8", least=1),
    Field("steps", "count", "updates in a run that is not counted in epochs", metavar="N", least=1),
    Field(
        "max_steps",
        "count",
        "updates after which the run stops, in the middle of an epoch if need be; its epochs follow",
        metavar="N",
        least=1,
    ),
    Field(
        "dataset_size",
        "count",
        "samples in the dataset; with ",
        "--batch-size gives the steps",
        "batch_size gives the steps of an epoch",
        "N",
        least=1,
    ),
    Field("batch_size", "count", "samples in a batch of one process", metavar="N", least=1),
    Field("drop_last", "switch", "leave out the partial last batch of an epoch"),
    Field("grad_accum", "count", "batches accumulated for one update", metavar="N", default="1", least=1),
    Field(
        "accum_remainder",
        "choice",
        "batches at the end of an epoch that are too few for an update: they make one, make none, or the next epoch "
        "goes on with them",
        metavar="update|drop|carry",
        default="update",
        choices=("update", "drop", "carry"),
    ),
    Field(
        "num_processes",
        "count",
        "processes of Accelerate, one scheduler step for each",
        metavar="N",
        default="1",
        least=1,
    ),
    Field(
        "split_batches",
        "switch",
        "Accelerate splits a batch among the processes: the batch size is that of all, and the scheduler steps once",
    ),
    Field(
        "world_size",
        "count",
        "devices that share the batches of a Trainer of transformers",
        metavar="N",
        default="1",
        least=1,
    ),
    Field(
        "transformers",
        "text",
        "version whose arithmetic is used for a Trainer",
        metavar="VERSION",
        default="the installed one",
    ),
    Field(
        "interval",
        "choice",
        "when scheduler.step() is called: after each update, or after each epoch",
        metavar="step|epoch",
        default="step",
        choices=("step", "epoch"),
    ),
    Field(
        "warmup",
        "length",
        "linear warm-up before the schedule: ",
        "500 scheduler steps, 5% of the run or 2ep",
        'scheduler steps, "5%" of the run or epochs, "2ep"',
        "LENGTH",
    ),
    Field(
        "warmup_start",
        "number",
        "fraction of the base rate at which the warm-up starts",
        metavar="X",
        default="0.01",
        least=0,
    ),
    Field(
        "optimizer",
        "text",
        "class name in torch.optim, or of schedule-free, Prodigy or D-Adaptation",
        metavar="NAME",
        default="SGD",
    ),
    Field(
        "momentum",
        "number",
        "the optimizer's momentum, or the first of its betas",
        metavar="X",
        default="torch's",
        least=0,
    ),
    Field(
        "metric",
        "metric",
        "metric of ReduceLROnPlateau: FILE[:COLUMN], ",
        "0.9,0.8,... or exp(-epoch / 10)",
        "an expression, or a list of numbers",
        "METRIC",
    ),
)


# Ways to go on with a run that was stopped: what is made anew, and which states of a checkpoint are loaded.
RESUME_WAYS: Final = {
    "load": "create optimizer and scheduler, and load the states of both",
    "last-epoch": "load the optimizer's state, and create the scheduler with last_epoch",
    "optimizer-first": "load the optimizer's state, create the scheduler, and load its state",
    "scheduler-only": "create both, and load the scheduler's state alone",
    "optimizer-only": "create both, and load the optimizer's state alone",
    "nothing": "create both, and load nothing",
    "longer": "create both for a run of twice the epochs, and load the states of both",
}


def _ceil_div(count: int, parts: int) -> int:
    """`count / parts` rounded up; exact for large integers, unlike `math.ceil`."""
    return -(-count // parts)


@dataclass(frozen=True)
class TrainingLoop:
    """The loop around the scheduler.

    An update is one `optimizer.step()`. `steps_per_epoch` counts batches of one process; with `grad_accum` K an
    update is made every K batches. The batches that are left at the end of an epoch make an update too, by
    `accum_remainder`; with "drop" they make none, and with "carry" the next epoch goes on with them. Accelerate's
    wrapper calls `scheduler.step()` `num_processes` times wherever a plain loop calls it once. With `dataset_size` and
    `batch_size` the steps of an epoch follow from them: a partial last batch counts unless `drop_last`, and each
    process gets its share; with `split_batches` a batch is one of all processes, and a call is one step. With
    `max_steps` the run stops after so many updates, and `epochs` are those that it begins.

    Raises:
        SpecError: a count is not a whole number of 1 or more, there is no update, or there are over `MAX_UPDATES`.
    """

    epochs: int = 4
    steps_per_epoch: int = 8
    interval: Interval = "step"
    grad_accum: int = 1
    num_processes: int = 1
    dataset_size: int | None = None
    batch_size: int | None = None
    drop_last: bool = False
    max_steps: int | None = None
    accum_remainder: Remainder = "update"
    split_batches: bool = False

    def __post_init__(self) -> None:
        for name in _COUNTS:
            value = getattr(self, name)
            if value is None and name in _OPTIONAL_COUNTS:
                continue
            if isinstance(value, bool) or not isinstance(value, int):
                raise SpecError(f"`{name}` must be a whole number, got {brief(value)}")
            if value < 1:
                raise SpecError(f"`{name}` must be 1 or more, got {brief(value)}")
            if value > _GREATEST:
                raise SpecError(f"`{name}` is too large, got {brief(value)}")
        self._count_batches()
        if self.interval not in ("step", "epoch"):
            raise SpecError(f"`interval` must be step or epoch, got {brief(self.interval)}")
        if self.accum_remainder not in ("update", "drop", "carry"):
            raise SpecError(f"`accum_remainder` must be update, drop or carry, got {brief(self.accum_remainder)}")
        if not self.period[0] or (self.max_steps is None and not self.updates):
            batches = self.steps_per_epoch * (self.epochs if self.accum_remainder == "carry" else 1)
            raise SpecError(
                f"{brief(batches)} batches make no update, which takes {brief(self.grad_accum)}",
                "make `grad_accum` smaller, or leave out `accum_remainder`",
            )
        if self.max_steps is not None:
            object.__setattr__(self, "epochs", self.epoch_of(self.max_steps - 1) + 1)
        for what, number in (("updates", self.updates), ("scheduler steps", self.scheduler_steps)):
            if number > MAX_UPDATES:
                raise SpecError(
                    f"{count(self.epochs, 'epoch')} of {count(self.steps_per_epoch, 'step')} make {number:,} {what}; "
                    f"the limit is {MAX_UPDATES:,}",
                    "a shorter run has the same shape: scale the steps and the scheduler's parameters down together",
                )
        if (self.updates + 1) * self.period[1] > _GREATEST_INDEX:
            raise SpecError(f"`grad_accum` is too large, got {brief(self.grad_accum)}")

    def _count_batches(self) -> None:
        """Set `steps_per_epoch` from the dataset, as a DataLoader and Accelerate's sharding count."""
        if self.dataset_size is None or self.batch_size is None:
            given, missing = (
                ("dataset_size", "batch_size") if self.batch_size is None else ("batch_size", "dataset_size")
            )
            if getattr(self, given) is not None:
                raise SpecError(f"`{given}` needs `{missing}` too", "together they give the steps of an epoch")
            if self.drop_last:
                raise SpecError("`drop_last` needs `dataset_size` and `batch_size`", "without them no batch is partial")
            return
        sharing = self.steps_each
        if sharing < self.num_processes and self.batch_size % self.num_processes:
            raise SpecError(
                f"batches of {self.batch_size} cannot be split among {self.num_processes} processes",
                "make `batch_size` a multiple of `num_processes`",
            )
        if self.drop_last:
            batches = self.dataset_size // self.batch_size // sharing
        else:
            batches = _ceil_div(_ceil_div(self.dataset_size, self.batch_size), sharing)
        if batches < 1:
            shared = f" for {sharing} processes" if sharing > 1 else ""
            raise SpecError(
                f"{self.dataset_size} samples in batches of {self.batch_size}{shared} make no full batch",
                "leave out `drop_last`, or make the batches smaller",
            )
        object.__setattr__(self, "steps_per_epoch", batches)

    @cached_property
    def period(self) -> tuple[int, int]:
        """U and E, in lowest terms: every E epochs make U updates in all. E is 1 unless gradients are carried over."""
        if self.accum_remainder == "carry":
            shared = gcd(self.steps_per_epoch, self.grad_accum)
            return self.steps_per_epoch // shared, self.grad_accum // shared
        if self.accum_remainder == "drop":
            return self.steps_per_epoch // self.grad_accum, 1
        return _ceil_div(self.steps_per_epoch, self.grad_accum), 1

    @property
    def updates_per_epoch(self) -> int:
        """Optimizer updates in one epoch; the fewest, and at least 1, if the epochs of the loop differ in them."""
        return max(self.period[0] // self.period[1], 1)

    @property
    def mean_updates_per_epoch(self) -> float:
        """Optimizer updates in one epoch, on average over the epochs of the loop."""
        return self.period[0] / self.period[1]

    @property
    def updates(self) -> int:
        """N, the optimizer updates of the run."""
        return self.updates_in(self.epochs)

    def updates_in(self, epochs: int) -> int:
        """The updates of the first so many epochs."""
        updates = epochs * self.period[0] // self.period[1]
        return updates if self.max_steps is None else min(updates, self.max_steps)

    def epoch_of(self, update: Any) -> Any:
        """The epoch in which an update is made, also for an array of updates; both count from 0."""
        updates, epochs = self.period
        return update // updates if epochs == 1 else ((update + 1) * epochs - 1) // updates

    @property
    def epoch_source(self) -> str:
        """`epoch_of` as an expression in `step`."""
        updates, epochs = self.period
        return f"step // {updates}" if epochs == 1 else f"((step + 1) * {epochs} - 1) // {updates}"

    @property
    def scheduler_calls(self) -> int:
        """How often the loop calls `scheduler.step()`, including the last call, which has no effect on the rates."""
        return self.updates if self.interval == "step" else self.epochs

    @property
    def steps_each(self) -> int:
        """The scheduler steps of a call of `scheduler.step()`: one for each process of Accelerate."""
        return 1 if self.split_batches else self.num_processes

    @property
    def scheduler_steps(self) -> int:
        """How often the scheduler steps, including the last, unused step: `total_steps` in notation."""
        return self.scheduler_calls * self.steps_each

    @property
    def exact_epochs(self) -> float:
        """The length of the run in epochs, such as 2.5 if it stops in the middle of the third."""
        updates, epochs = self.period
        part = self.updates * epochs
        return self.epochs if self.epochs * updates == part else part / updates

    @property
    def epochs_shown(self) -> str:
        """The length of the run in epochs as text, such as `2.5 epochs`."""
        if self.updates == self.epochs * self.period[0] // self.period[1]:
            return count(self.epochs, "epoch")
        epochs = self.exact_epochs
        text = f"{epochs:,.2f}".rstrip("0").rstrip(".") if epochs >= 1 else f"{epochs:.3g}"
        return f"{text} {'epoch' if text == '1' else 'epochs'}"

    @property
    def updates_per_epoch_shown(self) -> str:
        """The updates of an epoch, such as `8`, or `3 or 4`."""
        fewest = self.period[0] // self.period[1]
        return f"{fewest:,}" if self.period[1] == 1 else f"{fewest:,} or {fewest + 1:,}"


def _shown(number: float) -> str:
    return brief(number) if isinstance(number, int) else f"{number:.6g}"


@dataclass(frozen=True)
class ParamGroup:
    """One parameter group of the optimizer: its name (empty for a single group) and its base rate.

    Raises:
        SpecError: the rate is not a finite number of 0 or more.
    """

    name: str = ""
    lr: float = 1e-3

    def __post_init__(self) -> None:
        where = f"`lr` of `{self.name}`" if self.name else "`lr`"
        if isinstance(self.lr, bool) or not isinstance(self.lr, int | float):
            raise SpecError(f"{where} must be a number, got {brief(self.lr)}")
        if not 0 <= self.lr <= _GREATEST:
            raise SpecError(f"{where} must be a finite number above 0, got {_shown(self.lr)}")


@dataclass(frozen=True)
class OptimizerChoice:
    """The optimizer by its class name, and its momentum if one is given: `betas[0]` for Adam and its variants.

    `options` are other arguments of one that changes its rate by itself, as `warmup_steps` of schedule-free. `given`
    is whether the user named it; torch's default for its momentum is then meant.

    Raises:
        SpecError: the momentum is not a finite number of 0 or more.
    """

    name: str = "SGD"
    momentum: float | None = None
    options: tuple[tuple[str, Any], ...] = ()
    given: bool = field(default=False, compare=False, repr=False)

    def __str__(self) -> str:
        options = ", ".join(f"{name}={print_value(value)}" for name, value in self.options)
        return f"{self.name}({options})" if options else self.name

    def __post_init__(self) -> None:
        if self.momentum is None:
            return
        if isinstance(self.momentum, bool) or not isinstance(self.momentum, int | float):
            raise SpecError(f"`momentum` must be a number, got {brief(self.momentum)}")
        if not 0 <= self.momentum <= _GREATEST:
            raise SpecError(f"`momentum` must be a finite number of 0 or more, got {_shown(self.momentum)}")


@dataclass(frozen=True)
class Metric:
    """The metric of ReduceLROnPlateau: `text` as the user gave it, and a value for each call of `scheduler.step()`.

    `values` are those of the source; the last one is repeated if there are more calls. `function` takes the number of
    the call, from 0. `size` is the number of values that were read to get these; a file counts one for eight bytes.
    `column` is the name of the column of a file, "" if it has none. `source` is a lambda of the number of the call, or
    of the update, `step`, that gives the same as `function`.
    """

    text: str
    values: tuple[float, ...] = field(default=(), repr=False)
    function: Callable[[int], float] | None = field(default=None, compare=False, repr=False)
    size: int = field(default=0, compare=False, repr=False)
    column: str = field(default="", compare=False)
    source: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class CodeCall:
    """A scheduler of user code, `train.py:make_scheduler` or `package.module:MyScheduler(warmup=10)`.

    `where` is a file or a module; `call` names a function or class in it that takes the optimizer, and the
    arguments after that.
    """

    where: str
    call: SchedulerCall

    def __str__(self) -> str:
        return f"{self.where}:{self.call}".removesuffix("()")


@dataclass(frozen=True)
class Factory:
    """A scheduler created by a function that is passed to the Python API."""

    make: Callable[[Any], Any]

    def __str__(self) -> str:
        return getattr(self.make, "__qualname__", type(self.make).__qualname__)


@dataclass(frozen=True)
class ScriptLoop:
    """The loop of a training script, which changes the rates in more ways than with one regular `scheduler.step()`.

    `calls` are the schedulers that it creates for the optimizer, `hand` says where it sets rates by hand. `program`
    runs the loop; loops of equal `code` are equal. `metric_steps` is how often a scheduler takes a metric.
    """

    calls: tuple[SchedulerCall, ...]
    hand: str
    code: str = field(repr=False)
    program: Any = field(compare=False, repr=False)
    written: tuple[SchedulerCall, ...] = field(compare=False, repr=False)  # `calls` as the script has them
    resolve: Callable[[SchedulerCall], Resolved] = field(compare=False, repr=False)
    metric_steps: int = field(default=0, compare=False, repr=False)

    def created(self, number: int, call: SchedulerCall) -> SchedulerCall:
        """The scheduler of this number as the loop creates it, resolved."""
        return self.calls[number] if call == self.written[number] else self.resolve(call).call

    def __str__(self) -> str:
        return ", ".join(filter(None, [*map(str, self.calls), self.hand])) or "no scheduler"


@dataclass(frozen=True)
class RunSpec:
    """One curve: everything that determines the rate of every update.

    `scheduler` is resolved: class names, keyword arguments, every value a literal. `filled` names the parameters
    filled in from the run, as `T_max=32`; `notes` are about what was left out or assumed; `lrviz.rules` says what
    is probably unintended.

    Raises:
        SpecError: there is no parameter group, two have the same name, every rate is 0 and stays 0, or there are over
            `MAX_UPDATES` rates.
    """

    scheduler: SchedulerCall | CodeCall | Factory | ScriptLoop
    loop: TrainingLoop = TrainingLoop()
    groups: tuple[ParamGroup, ...] = (ParamGroup(),)
    optimizer: OptimizerChoice = OptimizerChoice()
    metric: Metric | None = None
    show_momentum: bool = False
    name: str = ""  # the user's label, or notation with the fields of the run or the values of a sweep
    derived: bool = field(default=False, compare=False)  # `name` is not the user's
    has_warmup: bool = field(default=False, compare=False)  # the scheduler starts with the `warmup` of the fields
    composition: SchedulerCall | None = field(default=None, compare=False)  # the short name it is written as
    filled: tuple[str, ...] = field(default=(), compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    read: tuple[str, ...] = field(default=(), compare=False)  # what a script or a config file says of the run
    read_from: str = field(default="the script", compare=False)  # what says it: `TrainingArguments`
    # Each value of the run and of the scheduler's arguments in a script, and where it is from.
    explained: tuple[tuple[str, str, str], ...] = field(default=(), compare=False, repr=False)
    place: str = field(default="", compare=False)  # where it is written: `train.py:12`, or the curve of a preset
    assumed: tuple[str, ...] = field(default=(), compare=False)  # lengths of the run that are lrviz's defaults
    ignored: tuple[str, ...] = field(default=(), compare=False)  # the rules that its place says not to apply
    faults: tuple[Fault, ...] = field(default=(), compare=False)  # of its script: what is probably not intended
    origin: str = field(default="", compare=False)  # the config file that describes it

    def __post_init__(self) -> None:
        check_groups(self.groups, self.scheduler)
        rates = self.loop.updates * len(self.groups)
        if rates > MAX_UPDATES:
            raise SpecError(
                f"{self.loop.updates:,} updates of {len(self.groups)} groups make {rates:,} rates; "
                f"the limit is {MAX_UPDATES:,}",
                "a shorter run has the same shape: scale the steps and the scheduler's parameters down together",
            )

    @property
    def label(self) -> str:
        """The label of the curve: the user's, or the notation."""
        return self.name or str(self.scheduler)

    @property
    def title(self) -> str:
        """The label, with the short name of a composition."""
        return self.shown if self.composition and not self.name else self.label

    @property
    def shown_scheduler(self) -> SchedulerCall | CodeCall | Factory | ScriptLoop:
        """The scheduler as titles show it: by a short name, with some parameters even if they are left out."""
        call = self.composition or self.scheduler
        if isinstance(call, CodeCall | Factory | ScriptLoop) or not (info := find(call.name)):
            return call
        given = dict(call.kwargs)
        shown = ((p.name, p.default) for p in info.parameters if p.name in info.always_shown and p.name not in given)
        return replace(call, kwargs=(*call.kwargs, *shown))

    @property
    def shown(self) -> str:
        """The notation of `shown_scheduler`; `warm-up 5 -> StepLR(step_size=8)` if the run has a warm-up."""
        call: Any = self.scheduler
        if not self.has_warmup:
            return str(self.shown_scheduler)
        first, *rest = call.children
        return f"warm-up {first.get('total_iters')} -> {' -> '.join(map(str, rest))}"

    @property
    def names(self) -> str:
        """The name of the scheduler, or of those after the warm-up: `warm-up -> StepLR`."""
        call: Any = self.composition or self.scheduler
        if not self.has_warmup:
            return getattr(call, "name", str(call))
        return " -> ".join(["warm-up", *(child.name for child in call.children[1:])])

    @property
    def notation(self) -> str:
        """The notation of the scheduler with the fields after its `@`, for a title."""
        text = self.shown if self.has_warmup or self.composition else str(self.scheduler)
        fields_of_run = self.name.removeprefix(text) if self.derived else ""
        return self.shown + (fields_of_run if fields_of_run.startswith(" @ ") else "")

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of the scheduler as in its notation, such as `gamma=0.9`."""
        call: Any = self.shown_scheduler
        if isinstance(call, ScriptLoop) and len(call.calls) == 1 and not call.hand:
            call = call.calls[0]
        if isinstance(call, Factory | ScriptLoop):
            return ()
        calls, start = [call.call if isinstance(call, CodeCall) else call], []
        if self.has_warmup:
            first, *calls = call.children
            start = [f"warmup={first.get('total_iters')}"]
        arguments = ((*map(print_value, c.args), *(f"{k}={print_value(v)}" for k, v in c.kwargs)) for c in calls)
        return (*start, *(text for of_call in arguments for text in of_call))

    def compare(self, others: Sequence[RunSpec]) -> Comparison:
        """What this run shares with others, and in what they differ; see `compare_runs`."""
        from lrviz.spec.comparing import compare_runs

        return compare_runs([self, *others])


def calls_of(scheduler: SchedulerCall | CodeCall | Factory | ScriptLoop) -> Iterator[SchedulerCall]:
    """The schedulers that are not code of the user, with those inside them."""
    if isinstance(scheduler, CodeCall | Factory):
        return
    for call in scheduler.calls if isinstance(scheduler, ScriptLoop) else (scheduler,):
        yield call
        for child in call.children:
            yield from calls_of(child)


def given_rates(call: SchedulerCall) -> Iterator[float]:
    """The rates, such as `eta_min` and `max_lr`, among the values of a scheduler and of those inside it."""
    info = find(call.name)
    for name in info.rates if info else ():
        value = call.get(name) or 0
        yield from value if isinstance(value, tuple) else (value,)
    for child in call.children:
        yield from given_rates(child)


def check_groups(groups: tuple[ParamGroup, ...], scheduler: SchedulerCall | CodeCall | Factory | ScriptLoop) -> None:
    """Refuse groups that no optimizer can have, or whose rates are all 0 if the scheduler does not set them.

    Raises:
        SpecError: there is no group, two have the same name, or every rate is 0.
    """
    if not groups:
        raise SpecError("a run needs a parameter group", "give a rate such as `--lr 1e-3`")
    names: set[str] = set()
    for group in groups:
        if group.name in names:
            raise SpecError(f"two parameter groups are called `{group.name}`", "give each group a different name")
        names |= {group.name} - {""}
    if any(group.lr for group in groups) or (isinstance(scheduler, ScriptLoop) and scheduler.hand):
        return
    calls: Any = scheduler.calls if isinstance(scheduler, ScriptLoop) else (scheduler,)
    if isinstance(scheduler, CodeCall | Factory) or not any(any(given_rates(call)) for call in calls):
        raise SpecError("`lr` must be above 0, got 0", "schedulers scale this rate, so 0 stays 0")


RUN_NAMES: Final = ("total_steps", "epochs", "steps_per_epoch", "lr")


def run_names(loop: TrainingLoop, groups: tuple[ParamGroup, ...]) -> dict[str, Any]:
    """The names of the run that notation may use; `lr` is a tuple when there are several groups."""
    rates = tuple(group.lr for group in groups)
    values = (loop.scheduler_steps, loop.epochs, loop.steps_per_epoch, rates[0] if len(rates) == 1 else rates)
    names = dict(zip(RUN_NAMES, values, strict=True))
    if loop.interval == "step" and loop.exact_epochs != loop.epochs:
        names["exact_epochs"] = loop.exact_epochs  # for lengths such as `2ep`
    return names
