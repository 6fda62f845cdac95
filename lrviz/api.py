"""The Python API: `lrviz.simulate` and `lrviz.draw`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from lrviz.arguments import check_look, check_type, plain, read_lets, read_rates, read_values
from lrviz.errors import SpecError
from lrviz.metric import read_metric
from lrviz.notation import SchedulerCall
from lrviz.reading import read_optimizer
from lrviz.resolve import run_names
from lrviz.runs import Fields, read_run
from lrviz.spec import CodeCall, Factory, Interval, OptimizerChoice, ParamGroup, RunSpec, TrainingLoop

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch.optim import Optimizer

    from lrviz.trace import Trace


def simulate(
    scheduler: str | Callable[[Optimizer], Any] | RunSpec,
    *,
    lr: float | Sequence[float] | Mapping[str, float] = 1e-3,
    epochs: int = 4,
    steps_per_epoch: int = 8,
    interval: Interval = "step",
    grad_accum: int = 1,
    num_processes: int = 1,
    dataset_size: int | None = None,
    batch_size: int | None = None,
    drop_last: bool = False,
    optimizer: str = "SGD",
    momentum: float | None = None,
    metric: str | Sequence[float] | None = None,
    show_momentum: bool = False,
    label: str = "",
    lets: Mapping[str, Any] | None = None,
) -> Trace:
    """Run the real torch scheduler over a dummy model and record the rate that each update uses.

    Args:
        scheduler: Notation such as `"CosineAnnealingLR(T_max=32)"` or `"cosine"`; or a function that takes an
            optimizer and returns a scheduler. The optimizer is made for the call, so nothing of the caller's changes.
            Or a RunSpec, such as another trace's, which says all of its run and takes no other arguments.
        lr: The base rate; a list or a mapping of names gives one parameter group for each.
        epochs: Epochs in the run.
        steps_per_epoch: Batches in an epoch; it follows from `dataset_size` and `batch_size` where they are given.
        interval: "step" when `scheduler.step()` is called after each update, "epoch" when after each epoch.
        grad_accum: Batches whose gradients make one update.
        num_processes: Processes of Accelerate, whose wrapper steps the scheduler once for each.
        dataset_size: Samples in the dataset, with `batch_size`.
        batch_size: Samples in a batch of one process.
        drop_last: Whether the partial last batch of an epoch is left out.
        optimizer: A class of torch.optim by its name.
        momentum: The optimizer's momentum, or the first of its betas; torch's default where None.
        metric: What ReduceLROnPlateau watches: a file's column, as `"val.csv:val_loss"`, an expression, as
            `"exp(-epoch / 10)"`, or a value for each call of the scheduler.
        show_momentum: Whether the trace has the momentum even where the scheduler leaves it alone.
        label: What to call the curve in place of its notation.
        lets: Values for names that the notation uses, beside `total_steps`, `epochs`, `steps_per_epoch` and `lr`.

    Returns:
        Trace with `lr` (N, G) for N updates and G parameter groups; `lr[t]` is the rate that update t uses.

    Raises:
        NotationError: the notation cannot be read.
        UsageError: a field after the notation's `@` is unknown, or its value is none.
        SpecError: a name is unknown, a value makes no sense, or an argument is of the wrong type.
        SimulationError: torch refused the parameters, or a rate came out NaN, infinite, complex or negative.

    Examples:
        >>> trace = simulate("StepLR(step_size=2, gamma=0.5)", lr=0.1, epochs=1, steps_per_epoch=5)
        >>> trace.lr[:, 0].tolist()
        [0.1, 0.1, 0.05, 0.05, 0.025]
    """
    from lrviz import simulation

    check_type("label", label, str, "text")
    values = {} if lets is None else read_lets(lets)
    rates = plain(lr)
    groups = read_rates(rates)
    given: dict[str, Any] = {
        "epochs": plain(epochs),
        "steps_per_epoch": plain(steps_per_epoch),
        "interval": interval,
        "grad_accum": plain(grad_accum),
        "num_processes": plain(num_processes),
        "dataset_size": plain(dataset_size),
        "batch_size": plain(batch_size),
        "drop_last": drop_last,
    }
    check_type("drop_last", drop_last, bool, "True or False")
    check_type("optimizer", optimizer, str, "text")
    loop = TrainingLoop(**given)
    driven = OptimizerChoice(read_optimizer({"optimizer": optimizer}).name, plain(momentum))
    if metric is not None and not isinstance(metric, str):
        metric = read_values("metric", plain(metric))
    if isinstance(scheduler, RunSpec):
        same = (loop, groups, driven) == (TrainingLoop(), (ParamGroup(),), OptimizerChoice())
        if label or values or metric or show_momentum or not same:
            raise SpecError(
                "a RunSpec says all of its run, and takes no other arguments",
                "change it with `dataclasses.replace(spec, ...)`",
            )
        check_type("RunSpec.scheduler", scheduler.scheduler, SchedulerCall | CodeCall | Factory, "resolved")
        return simulation.simulate(scheduler)
    if isinstance(scheduler, str):
        if loop.dataset_size is not None:
            del given["steps_per_epoch"]
        given |= {"lr": rates, "optimizer": driven.name, "momentum": driven.momentum, "metric": metric}
        spec = read_run(scheduler, Fields(given, prefix="", lets=values, show_momentum=show_momentum), name=label)
    elif callable(scheduler):
        watched = None if metric is None else read_metric(metric, loop, run_names(loop, groups) | values)
        spec = RunSpec(Factory(scheduler), loop, groups, driven, watched, show_momentum, label)
    else:
        raise SpecError(
            f"`scheduler` must be notation or a function that takes an optimizer, got {type(scheduler).__name__}",
            'such as `"StepLR(step_size=4)"` or `lambda optimizer: StepLR(optimizer, 4)`',
        )
    return simulation.simulate(spec)


def draw(
    traces: Trace | Sequence[Trace],
    *,
    style: str = "lrviz",
    log: bool = False,
    size: tuple[float, float] | None = None,
    dpi: int | None = None,
    title: str | None = None,
    x: Literal["step", "epoch"] = "step",
    layout: Literal["overlay", "grid"] = "overlay",
    columns: int | None = None,
    share_y: bool = True,
    momentum: bool = False,
) -> Figure:
    """Draw one curve or several as a matplotlib figure, ready for `savefig`.

    Args:
        traces: What `simulate` gave.
        style: "lrviz", "dark", "cheatsheet", a matplotlib style, or the path of an `.mplstyle` file.
        log: Whether the rate is on a logarithmic scale.
        size: Width and height in inches.
        dpi: Pixels per inch where the figure is saved as PNG.
        title: A title in place of the notation.
        x: What the x axis counts.
        layout: "overlay" for one panel, "grid" for a panel each.
        columns: Panels in a row of the grid.
        share_y: Whether the panels of a grid share one scale.
        momentum: Whether traces that have momentum show it, in a panel of its own.

    Returns:
        A figure that pyplot knows nothing of.

    Raises:
        SpecError: an option makes no sense or is of the wrong type, or there is nothing to draw.
    """
    from lrviz import figure
    from lrviz.look import FigureOptions
    from lrviz.trace import Trace

    texts = {"style": style, "x": x, "layout": layout, "title": "" if title is None else title}
    check_look(texts, {"log": log, "share_y": share_y, "momentum": momentum}, {"columns": columns, "dpi": dpi}, size)
    try:
        several = [traces] if isinstance(traces, Trace) else list(traces)
    except TypeError:
        several = [traces]  # type: ignore[list-item] # the next line refuses it
    for trace in several:
        check_type("traces", trace, Trace, "what `simulate` gave")
    return figure.draw(several, FigureOptions(style, log, size, dpi, title, x, layout, columns, share_y, momentum))
