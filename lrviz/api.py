"""The Python API: `lrviz.simulate` and `lrviz.draw`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from lrviz import figure, files, formats, terminal
from lrviz.errors import SpecError
from lrviz.figure import FigureOptions
from lrviz.notation import SchedulerCall, value_name
from lrviz.spec import (
    RUN_NAMES,
    CodeCall,
    Factory,
    Fields,
    Interval,
    OptimizerChoice,
    ParamGroup,
    Remainder,
    RunSpec,
    ScriptLoop,
    TrainingLoop,
    read_inset,
    read_loop,
    read_metric,
    read_optimizer,
    read_run,
    read_span,
    run_names,
)
from lrviz.text import brief, count, format_rate, printable
from lrviz.trace import Trace as PlainTrace

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame
    from torch.optim import Optimizer


_NOTEBOOK_SIZE: Final = (8.0, 4.0)
_NOTEBOOK_DPI: Final = 100


class Trace(PlainTrace):
    """The learning rate of each of the N updates of a run, for each of G parameter groups.

    `lr` is (N, G). `momentum` is (N, G) if the scheduler changes it or it was requested, and `momentum_name` is its
    name in the parameter group: "momentum", or "betas[0]" for Adam and similar optimizers. `metric` is (N,): the last
    value passed to the scheduler before update t, NaN before the first.
    """

    def to_csv(self, path: str | Path | None = None) -> str:
        """The trace as CSV (`step,epoch,lr`); also written to `path` if it is given.

        Raises:
            OutputError: the file cannot be written.
        """
        return self._to_text("csv", path)

    def to_json(self, path: str | Path | None = None) -> str:
        """The trace as JSON, version 1; also written to `path` if it is given.

        Raises:
            OutputError: the file cannot be written.
        """
        return self._to_text("json", path)

    def to_pandas(self) -> DataFrame:
        """The trace as a pandas DataFrame with the columns of the CSV, and the update as its index.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas as pd

        return pd.DataFrame({column.name: column.values for column in formats.columns([self])}).set_index("step")

    def __repr__(self) -> str:
        """The label, the updates, and the rates in one line."""
        rates = self.summary()
        return (
            f"<Trace {printable(self.label)}: {count(self.updates, 'update')}, "
            f"peak {format_rate(rates.peak)}, final {format_rate(rates.final)}>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str | bytes]:
        """The figure and the two summary lines, for notebooks."""
        drawn = figure.draw([self], FigureOptions(size=_NOTEBOOK_SIZE, dpi=_NOTEBOOK_DPI))
        writers: dict[str, Callable[[], str | bytes]] = {
            "text/plain": lambda: "\n".join(terminal.summary_lines(self, ascii=False)),
            "image/png": lambda: figure.render(drawn, ".png"),
            "image/svg+xml": lambda: figure.render(drawn, ".svg").decode("utf-8"),
        }
        wanted = (set(include) if include else set(writers)) - set(exclude or ())
        return {kind: write() for kind, write in writers.items() if kind in wanted}

    def _to_text(self, format: str, path: str | Path | None) -> str:
        text = formats.to_text([self], format)
        if path is not None:
            files.write_text(path, text)
        return text


def _simulate(spec: RunSpec) -> Trace:
    from lrviz import simulation

    trace = simulation.simulate(spec)
    return Trace(trace.spec, trace.lr, trace.momentum, trace.momentum_name, trace.metric)


class _Default:
    """A default, to be told from the same value that is given."""


class _Count(_Default, int): ...


class _Rate(_Default, float): ...


class _Word(_Default, str): ...


_PLAIN: Final[tuple[Any, ...]] = (int, float, str)
_STEP: Interval = cast(Interval, _Word("step"))
_UPDATE: Remainder = cast(Remainder, _Word("update"))


def simulate(
    scheduler: str | Callable[[Optimizer], Any] | RunSpec,
    *,
    lr: float | Sequence[float] | Mapping[str, float] = _Rate(1e-3),
    epochs: float = _Count(4),
    steps_per_epoch: int = _Count(8),
    steps: int | None = None,
    interval: Interval = _STEP,
    grad_accum: int = _Count(1),
    num_processes: int = _Count(1),
    dataset_size: int | None = None,
    batch_size: int | None = None,
    drop_last: bool = False,
    split_batches: bool = False,
    max_steps: int | None = None,
    accum_remainder: Remainder = _UPDATE,
    world_size: int | None = None,
    transformers: str | None = None,
    warmup: int | str | None = None,
    warmup_start: float | None = None,
    optimizer: str = _Word("SGD"),
    momentum: float | None = None,
    metric: str | Sequence[float] | None = None,
    show_momentum: bool = False,
    label: str = "",
    lets: Mapping[str, Any] | None = None,
) -> Trace:
    """Run the real torch scheduler with a dummy model and record the rate that each update uses.

    Args:
        scheduler: Notation such as `"CosineAnnealingLR(T_max=32)"` or `"cosine"`; or a function that takes an
            optimizer and returns a scheduler. The optimizer is created for this call; no object of the caller changes.
            Or a RunSpec, such as that of another trace, which describes the whole run and takes no other arguments.
        lr: The base rate; a list or a mapping of names gives one parameter group for each.
        epochs: Epochs in the run; 2.5 stops it in the middle of the third.
        steps_per_epoch: Batches in an epoch; computed from `dataset_size` and `batch_size` if they are given.
        steps: Updates in a run that is not counted in epochs, in place of `epochs` and `steps_per_epoch`.
        interval: "step" if `scheduler.step()` is called after each update, "epoch" if it is called after each epoch.
        grad_accum: Batches whose gradients make one update.
        num_processes: Processes of Accelerate, whose wrapper calls `scheduler.step()` once for each process.
        dataset_size: Samples in the dataset; needs `batch_size`.
        batch_size: Samples in a batch of one process.
        drop_last: Whether the partial last batch of an epoch is left out.
        split_batches: Whether Accelerate splits a batch among the processes: `batch_size` is that of all of them, and
            a call of `scheduler.step()` is one step.
        max_steps: Updates after which the run stops, in the middle of an epoch if need be; `epochs` follow from it.
        accum_remainder: What becomes of batches at the end of an epoch that are too few for an update: they make one,
            "update", make none, "drop", or the next epoch goes on with them, "carry".
        world_size: Devices that share the batches of a Trainer, if `scheduler` is `"TrainingArguments(...)"`; else 1.
        transformers: The version, such as `"4.44"`, whose arithmetic is used for a Trainer; the installed one if None.
        warmup: A linear warm-up before the schedule: scheduler steps, `"5%"` of the run, or epochs, `"2ep"`.
        warmup_start: The fraction of the base rate at which the warm-up starts; 0.01 if None.
        optimizer: Name of a class of torch.optim.
        momentum: The optimizer's momentum, or the first of its betas; torch's default if None.
        metric: The metric for ReduceLROnPlateau: a column of a file, such as `"val.csv:val_loss"`, an expression, such
            as `"exp(-epoch / 10)"`, or a value for each call of `scheduler.step()`.
        show_momentum: Whether the trace has the momentum even if the scheduler does not change it.
        label: The curve's label; its notation if empty.
        lets: Values for names in the notation, in addition to `total_steps`, `epochs`, `steps_per_epoch` and `lr`.

    Returns:
        Trace with `lr` (N, G) for N updates and G parameter groups; `lr[t]` is the rate that update t uses.

    Raises:
        NotationError: the notation cannot be read.
        UsageError: a field after the notation's `@` is unknown, or its value cannot be read.
        SpecError: a name is unknown, a value is not valid, or an argument is of the wrong type.
        SimulationError: torch refused the parameters, or a rate came out NaN, infinite, complex or negative.

    Examples:
        >>> trace = simulate("StepLR(step_size=2, gamma=0.5)", lr=0.1, epochs=1, steps_per_epoch=5)
        >>> trace.lr[:, 0].tolist()
        [0.1, 0.1, 0.05, 0.05, 0.025]
    """
    left = [name for name, value in locals().items() if isinstance(value, _Default)]
    interval, optimizer, accum_remainder = map(_to_python, (interval, optimizer, accum_remainder))
    _check_type("label", label, str, "text")
    values = {} if lets is None else _read_lets(lets)
    rates = _to_python(_check_precision(lr))
    groups = _read_rates(rates)
    fields: dict[str, Any] = {
        "epochs": _to_python(epochs),
        "steps_per_epoch": _to_python(steps_per_epoch),
        "interval": interval,
        "grad_accum": _to_python(grad_accum),
        "num_processes": _to_python(num_processes),
        "dataset_size": _to_python(dataset_size),
        "batch_size": _to_python(batch_size),
        "drop_last": drop_last,
        "split_batches": split_batches,
        "max_steps": _to_python(max_steps),
        "accum_remainder": accum_remainder,
    }
    _check_type("drop_last", drop_last, bool, "True or False")
    _check_type("split_batches", split_batches, bool, "True or False")
    _check_type("optimizer", optimizer, str, "text")
    _check_type("transformers", "" if transformers is None else transformers, str, 'text such as "4.44"')
    if not isinstance(scheduler, str) and (world_size, transformers) != (None, None):
        name = "transformers" if world_size is None else "world_size"
        raise SpecError(f"`{name}` is for the arguments of a Trainer", "leave it out")
    if steps is not None:
        if (epochs, steps_per_epoch) != (TrainingLoop.epochs, TrainingLoop.steps_per_epoch):
            raise SpecError("`steps` and `epochs` both give the length of the run", "leave one of them out")
        fields = {name: value for name, value in fields.items() if name not in ("epochs", "steps_per_epoch")}
        fields["steps"] = _to_python(steps)
    if isinstance(scheduler, str) and batch_size is None:  # that of a Trainer is in its arguments
        checked = {name: value for name, value in fields.items() if name not in ("dataset_size", "drop_last")}
    else:
        checked = fields
    in_parts = isinstance(fields.get("epochs"), float) and not fields["epochs"].is_integer()
    loop = TrainingLoop(**checked) if steps is None and not in_parts else read_loop(checked, "")
    optimizer_choice = OptimizerChoice(read_optimizer({"optimizer": optimizer}).name, _to_python(momentum))
    if metric is not None and not isinstance(metric, str):
        metric = _metric_text(_to_python(metric))
    if isinstance(scheduler, RunSpec):
        plain = (TrainingLoop(), (ParamGroup(),), OptimizerChoice())
        if label or values or metric or warmup or show_momentum or (loop, groups, optimizer_choice) != plain:
            raise SpecError(
                "a RunSpec describes the whole run, and takes no other arguments",
                "change it with `dataclasses.replace(spec, ...)`",
            )
        _check_type(
            "RunSpec.scheduler", scheduler.scheduler, SchedulerCall | CodeCall | Factory | ScriptLoop, "resolved"
        )
        return _simulate(scheduler)
    if isinstance(scheduler, str):
        if dataset_size is not None:
            fields.pop("steps_per_epoch", None)
        fields |= {
            "lr": rates,
            "optimizer": optimizer_choice.name,
            "momentum": optimizer_choice.momentum,
            "metric": metric,
            "warmup": _to_python(warmup),
            "warmup_start": _to_python(warmup_start),
            "world_size": _to_python(world_size),
            "transformers": transformers,
        }
        # What is left at its default does not override what a script says.
        fields = {name: value for name, value in fields.items() if name not in left}
        spec = read_run(scheduler, Fields(fields, prefix="", lets=values, show_momentum=show_momentum), name=label)
    elif callable(scheduler):
        if warmup is not None:
            raise SpecError("`warmup` works with notation, and the scheduler is a function", "write it in the function")
        metric_spec = None if metric is None else read_metric(metric, loop, run_names(loop, groups) | values)
        spec = RunSpec(Factory(scheduler), loop, groups, optimizer_choice, metric_spec, show_momentum, label)
    else:
        raise SpecError(
            f"`scheduler` must be notation or a function that takes an optimizer, got {type(scheduler).__name__}",
            'such as `"StepLR(step_size=4)"` or `lambda optimizer: StepLR(optimizer, 4)`',
        )
    return _simulate(spec)


def draw(
    traces: PlainTrace | Sequence[PlainTrace],
    *,
    style: str = "lrviz",
    log: bool = False,
    size: tuple[float, float] | None = None,
    dpi: int | None = None,
    title: str | None = None,
    x: Literal["step", "epoch"] = "step",
    layout: str = "overlay",
    columns: int | None = None,
    share_y: bool = True,
    momentum: bool = False,
    span: tuple[int | str | None, int | str | None] | None = None,
    ylim: tuple[float, float] | None = None,
    inset: str | None = None,
    annotate: bool = False,
    font: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw one curve or several as a matplotlib figure, ready for `savefig`.

    Args:
        traces: One trace or several, from `simulate`.
        style: "lrviz", "dark", "cheatsheet", a matplotlib style, the path of an `.mplstyle` file, or several
            with commas.
        log: Whether the rate is on a logarithmic scale.
        size: Width and height in inches.
        dpi: Pixels per inch if the figure is saved as PNG.
        title: A title instead of the notation.
        x: Unit of the x axis.
        layout: "overlay" for one panel, "grid" for one panel per curve.
        columns: Panels in a row of the grid.
        share_y: Whether the panels of a grid share one scale.
        momentum: Whether the momentum of traces that have it is drawn, in a separate panel.
        span: The first and the last step that are shown: numbers, or text such as `"5%"` or `"3ep"`; None for an end
            of the run.
        ylim: The limits of the rate axis.
        inset: The part of the run in a small panel: `"warmup"`, or text such as `"0:5%"`.
        annotate: Whether the peak, the end of warm-up, reductions and the final rate are labelled.
        font: An installed font for all text.
        ax: Axes of the caller to draw the rates into, with the current settings of matplotlib and the colours of the
            style. Nothing else of their figure changes.

    Returns:
        A figure that is not registered with pyplot, or that of `ax`.

    Raises:
        SpecError: an option is not valid or of the wrong type, or there is nothing to draw.
        UsageError: `span` or `inset` are no parts of the run.
    """
    checks: tuple[tuple[str, object, type, str], ...] = (
        ("style", style, str, "text"),
        ("x", x, str, "text"),
        ("layout", layout, str, "text"),
        ("title", "" if title is None else title, str, "text"),
        ("log", log, bool, "True or False"),
        ("share_y", share_y, bool, "True or False"),
        ("momentum", momentum, bool, "True or False"),
        ("inset", "" if inset is None else inset, str, "text"),
        ("annotate", annotate, bool, "True or False"),
        ("font", "" if font is None else font, str, "text"),
    )
    for name, value, expected_type, expected in checks:
        _check_type(name, value, expected_type, expected)
    for name, number in (("columns", columns), ("dpi", dpi)):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
            raise SpecError(f"`{name}` must be a whole number, got {_show_wrong(number)}")
    if size is not None and not _is_pair(size):
        raise SpecError(f"`size` must be width and height in inches, got {_show_wrong(size)}", "such as `size=(10, 5)`")
    if ylim is not None and not _is_pair(ylim):
        raise SpecError(f"`ylim` must be two rates, got {_show_wrong(ylim)}", "such as `ylim=(0, 1e-3)`")
    given: object = span
    if given is not None and not (isinstance(given, tuple | list) and len(given) == 2):
        raise SpecError(f"`span` must be two steps, got {_show_wrong(span)}", 'such as `span=(0, 500)` or `(0, "5%")`')
    try:
        trace_list = [traces] if isinstance(traces, PlainTrace) else list(traces)
    except TypeError:
        trace_list = [traces]  # type: ignore[list-item] # refused below
    for trace in trace_list:
        _check_type("traces", trace, PlainTrace, "traces from `simulate`")
    specs = [trace.spec for trace in trace_list]
    options = FigureOptions(
        style, log, size, dpi, title, x, layout, columns, share_y, momentum,
        span=read_span(*span, specs) if span and specs else None,
        ylim=ylim,
        inset=read_inset("inset", inset, specs) if inset is not None and specs else None,
        annotate=annotate,
        font=font,
    )  # fmt: skip
    if ax is None:
        return figure.draw(trace_list, options)
    wrong = {"size": size, "dpi": dpi, "columns": columns, "inset": inset, "font": font, "annotate": annotate or None}
    wrong |= {"layout": layout if layout != "overlay" else None, "momentum": momentum or None}
    if name := next((name for name, value in wrong.items() if value is not None), ""):
        raise SpecError(f"`{name}` cannot be used with `ax`: it is a property of a whole figure", f"leave out `{name}`")
    figure.draw_into(ax, trace_list, options)
    return cast("Figure", ax.get_figure())


_MAX_SHOWN: Final = 60  # characters of a wrong value in a message
_MOST_BITS: Final = 1023  # larger integers do not fit in a float


def _to_python(value: Any) -> Any:
    """Convert arrays and tensors, also inside a list or mapping, to Python numbers and lists."""
    if isinstance(value, _Default):
        return next(kind(value) for kind in _PLAIN if isinstance(value, kind))
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: _to_python(inside) for name, inside in value.items()}
    return [_to_python(inside) for inside in value] if isinstance(value, list | tuple) else value


def _check_precision(lr: Any) -> Any:
    """Refuse rates in arrays and tensors of another precision than that of Python's floats.

    Raises:
        SpecError: torch would compute with the rounded values, and lrviz would not.
    """
    for value in lr.values() if isinstance(lr, Mapping) else lr if isinstance(lr, list | tuple) else (lr,):
        kind = str(getattr(value, "dtype", "float64"))
        if kind.startswith("torch.") or ("float" in kind and kind != "float64"):
            raise SpecError(
                f"`lr` must be a Python float, got a {type(value).__name__} of {kind}",
                "`float(lr)` converts it; with a tensor, torch computes the rates in the precision of the tensor",
            )
    return lr


def _show_wrong(value: object) -> str:
    """A wrong value for a message; the name of its type if it is long."""
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN and "\n" not in text else f"a {type(value).__name__}"


def _check_type(name: str, value: object, types: Any, expected: str) -> None:
    """Refuse a value of another type.

    Raises:
        SpecError: it has another type.
    """
    if not isinstance(value, types):
        raise SpecError(f"`{name}` must be {expected}, got {_show_wrong(value)}")


def _read_rates(lr: Any) -> tuple[ParamGroup, ...]:
    """The parameter groups of one rate, of a list of rates, or of a mapping of names to rates.

    Raises:
        SpecError: a rate is not a number above 0, or a name is not text.
    """
    if isinstance(lr, Mapping):
        for name in lr:
            if not isinstance(name, str):
                raise SpecError(f"the names in `lr` must be text, got {_show_wrong(name)}")
        return tuple(ParamGroup(name, rate) for name, rate in lr.items())
    return tuple(ParamGroup("", rate) for rate in lr) if isinstance(lr, list) else (ParamGroup("", lr),)


def _read_lets(lets: Any) -> dict[str, Any]:
    """Values for names in notation, with lists as tuples.

    Raises:
        SpecError: a name cannot be used in notation or is a name of the run, or a value is not a number, text or a
            list of them.
    """
    _check_type("lets", lets, Mapping, "a mapping of names to values")
    return {_check_name(name): _check_let(name, value) for name, value in _to_python(lets).items()}


def _check_name(name: object) -> str:
    checked = value_name(name) if isinstance(name, str) else None
    if checked is None:
        raise SpecError(f"`lets` has {_show_wrong(name)}, which is not a name", 'such as `lets={"num_epochs": 90}`')
    if checked in RUN_NAMES:
        raise SpecError(f"`{name}` is a name of the run and cannot be given in `lets`")
    return checked


def _check_let(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_check_let(name, item) for item in value)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _check_let(name, item) for key, item in value.items()}
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise SpecError(f"`lets` gives `{name}` too large a number, got {brief(value)}")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise SpecError(f"`lets` must give a number, text or a list of them for `{name}`, got {_show_wrong(value)}")


def _metric_text(values: Any) -> str:
    """A list of numbers as on the command line, such as `0.9,0.8`.

    Raises:
        SpecError: it is not a list of numbers, or it is empty.
    """
    _check_type("metric", values, list, "text or a list of numbers")
    for value in values:
        _check_type("metric", None if isinstance(value, bool) else value, int | float, "a list of numbers")
    if not values:
        raise SpecError("`metric` must have at least one value, got []")
    return ",".join(repr(float(value)) for value in values)


def _is_pair(size: object) -> bool:
    return (
        isinstance(size, tuple | list)
        and len(size) == 2
        and all(isinstance(side, int | float) and not isinstance(side, bool) for side in size)
    )
