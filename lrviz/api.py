"""The Python API: `lrviz.simulate` and `lrviz.draw`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from lrviz.errors import SpecError
from lrviz.runs import Fields, read_run
from lrviz.spec import Factory, Interval, ParamGroup, RunSpec, TrainingLoop

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
    label: str = "",
    lets: Mapping[str, Any] | None = None,
) -> Trace:
    """Run the real torch scheduler over a dummy model and record the rate that each update uses.

    Args:
        scheduler: Notation such as `"CosineAnnealingLR(T_max=32)"` or `"cosine"`; or a function that takes an
            optimizer and returns a scheduler. The optimizer is made for the call, so nothing of the caller's changes.
        lr: The base rate; a list or a mapping of names gives one parameter group for each.
        epochs: Epochs in the run.
        steps_per_epoch: Updates in an epoch.
        interval: "step" when `scheduler.step()` is called after each update, "epoch" when after each epoch.
        label: What to call the curve in place of its notation.
        lets: Values for names that the notation uses, beside `total_steps`, `epochs`, `steps_per_epoch` and `lr`.

    Returns:
        Trace with `lr` (N, G) for N updates and G parameter groups; `lr[t]` is the rate that update t uses.

    Raises:
        NotationError: the notation cannot be read.
        SpecError: a name is unknown, or a value makes no sense.
        SimulationError: torch refused the parameters, or a rate came out NaN, infinite, complex or negative.

    Examples:
        >>> trace = simulate("StepLR(step_size=2, gamma=0.5)", lr=0.1, epochs=1, steps_per_epoch=5)
        >>> trace.lr[:, 0].tolist()
        [0.1, 0.1, 0.05, 0.05, 0.025]
    """
    from lrviz import simulation

    if isinstance(scheduler, RunSpec):
        return simulation.simulate(scheduler)
    if isinstance(scheduler, str):
        fields = {"lr": lr, "epochs": epochs, "steps_per_epoch": steps_per_epoch, "interval": interval}
        spec = read_run(scheduler, Fields(fields, prefix="", lets=lets or {}), name=label)
    elif callable(scheduler):
        spec = RunSpec(Factory(scheduler), TrainingLoop(epochs, steps_per_epoch, interval), _groups(lr), name=label)
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
    title: str | None = None,
    x: Literal["step", "epoch"] = "step",
    layout: Literal["overlay", "grid"] = "overlay",
    columns: int | None = None,
) -> Figure:
    """Draw one curve or several as a matplotlib figure, ready for `savefig`.

    Args:
        traces: What `simulate` gave.
        style: "lrviz", "dark", "cheatsheet", a matplotlib style, or the path of an `.mplstyle` file.
        log: Whether the rate is on a logarithmic scale.
        size: Width and height in inches.
        title: A title in place of the notation.
        x: What the x axis counts.
        layout: "overlay" for one panel, "grid" for a panel each.
        columns: Panels in a row of the grid.

    Returns:
        A figure that pyplot knows nothing of.

    Raises:
        SpecError: an option makes no sense, or there is nothing to draw.
    """
    from lrviz import figure
    from lrviz.look import FigureOptions
    from lrviz.trace import Trace

    several = [traces] if isinstance(traces, Trace) else list(traces)
    options = FigureOptions(style=style, log=log, size=size, title=title, x=x, layout=layout, columns=columns)
    return figure.draw(several, options)


def _groups(lr: float | Sequence[float] | Mapping[str, float]) -> tuple[ParamGroup, ...]:
    if isinstance(lr, Mapping):
        return tuple(ParamGroup(name, rate) for name, rate in lr.items())
    if isinstance(lr, Sequence):
        return tuple(ParamGroup("", rate) for rate in lr)
    return (ParamGroup("", lr),)
