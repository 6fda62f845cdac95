"""Options as plain data, and as Typer's parameters: lrviz's own, and those of the catalogue's schedulers.

Every value arrives as text and is read by lrviz's own readers, whose errors say what to type next.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

if TYPE_CHECKING:
    from lrviz.catalogue import Parameter, Scheduler

Function = TypeVar("Function", bound=Callable[..., Any])

FIGURES: Final = ("png", "svg", "pdf")
DATA: Final = ("csv", "tsv", "json", "md")

RUN_PANEL: Final = "The run"
FIGURE_PANEL: Final = "The figure"
OUTPUT_PANEL: Final = "Output"

_RUNS_OWN: Final = ("epochs", "steps_per_epoch")  # OneCycleLR has them too, and is fed by the run's


@dataclass(frozen=True)
class Option:
    """One option of lrviz's own. Without a `metavar` it is a switch; `default` is what help shows."""

    flags: str
    help: str
    metavar: str = ""
    default: str = ""
    panel: str = OUTPUT_PANEL
    repeat: bool = False
    complete: tuple[str, ...] = ()
    name: str = ""

    @property
    def destination(self) -> str:
        """The name its value goes by: `name`, or the long flag with underscores."""
        return self.name or self.flags.split()[-1].lstrip("-").replace("-", "_")


RUN: Final = (
    Option("--lr", "base rate, or one for each parameter group: 1e-4,1e-3 or a=1e-4,b=1e-3", "RATE", "1e-3", RUN_PANEL),
    Option("--epochs", "epochs in the run", "N", "4", RUN_PANEL),
    Option("--steps-per-epoch", "batches in an epoch", "N", "8", RUN_PANEL),
    Option("--dataset-size", "samples in the dataset; with --batch-size gives the steps", "N", "", RUN_PANEL),
    Option("--batch-size", "samples in a batch of one process", "N", "", RUN_PANEL),
    Option("--drop-last", "leave out the partial last batch of an epoch", panel=RUN_PANEL),
    Option("--grad-accum", "batches whose gradients make one update", "N", "1", RUN_PANEL),
    Option("--num-processes", "processes of Accelerate, which steps once for each", "N", "1", RUN_PANEL),
    Option(
        "--interval",
        "when scheduler.step() is called: after each update, or after each epoch",
        "step|epoch",
        "step",
        RUN_PANEL,
        complete=("step", "epoch"),
    ),
    Option("--optimizer", "one of torch.optim by its class name", "NAME", "SGD", RUN_PANEL),
    Option("--momentum", "the optimizer's momentum, or the first of its betas", "X", "torch's", RUN_PANEL),
    Option(
        "--metric",
        "what ReduceLROnPlateau watches: FILE[:COLUMN], 0.9,0.8,... or exp(-epoch / 10)",
        "METRIC",
        "",
        RUN_PANEL,
    ),
    Option("--let", "a value for a name that pasted code uses", "NAME=VALUE", "", RUN_PANEL, repeat=True),
)
LABEL: Final = Option("--label", "what to call the curve", "TEXT", "its notation", RUN_PANEL)
LABELS: Final = Option("--label", "what to call a curve, once for each, in order", "TEXT", "", RUN_PANEL, repeat=True)
MAX_CURVES: Final = Option("--max-curves", "how many curves a sweep may make", "N", "24", RUN_PANEL)
LOG: Final = Option("--log", "draw the rate on a logarithmic scale", panel=FIGURE_PANEL)
FIGURE: Final = (
    Option(
        "--style",
        "lrviz, dark, cheatsheet, a matplotlib style or an .mplstyle file",
        "NAME",
        "lrviz",
        FIGURE_PANEL,
        complete=("lrviz", "dark", "cheatsheet"),
    ),
    LOG,
    Option("--x", "what the x axis counts", "step|epoch", "step", FIGURE_PANEL, complete=("step", "epoch")),
    Option("--size", "width and height in inches", "WxH", "10x5", FIGURE_PANEL),
    Option("--dpi", "pixels per inch of a PNG", "N", "150", FIGURE_PANEL),
    Option("--title", "a title in place of the notation", "TEXT", "", FIGURE_PANEL),
)
LAYOUT: Final = (
    Option(
        "--layout",
        "all in one panel, or a panel for each",
        "overlay|grid",
        "overlay",
        FIGURE_PANEL,
        complete=("overlay", "grid"),
    ),
    Option("--columns", "panels in a row of the grid", "N", "", FIGURE_PANEL),
    Option(
        "--axes",
        "whether the panels of a grid share one scale",
        "shared|free",
        "shared",
        FIGURE_PANEL,
        complete=("shared", "free"),
    ),
)
SHOW_MOMENTUM: Final = Option(
    "--show", "the optimizer's momentum as well", "momentum", "", FIGURE_PANEL, complete=("momentum",)
)
SHOW_CHART: Final = Option("--show", "draw a chart in the terminal in place of a file", name="show_chart")
OUTPUT: Final = Option("-o --output", "the file to write; its suffix says the format, - is stdout", "FILE")
QUIET: Final = Option("-q --quiet", "say nothing on stderr but errors")

PRESETS: Final = (
    Option("-o --output", "the file to write it to, - is stdout", "FILE", "-"),
    Option("--schema", "print the JSON Schema of preset files, for editors"),
)
CHECK_FORMATS: Final = ("text", "json", "github")
RENDER: Final = (
    Option("-o --output", "the folder to render into, or to check", "DIR"),
    Option("--only", "this figure alone; repeatable", "NAME", repeat=True),
    Option("--formats", "the formats of every figure", "FORMAT,...", "png,svg"),
    replace(FIGURE[0], help="the style of every figure, in place of the preset's", default=""),
    Option("--prune", "remove files of earlier renders that are no longer in the preset"),
    Option("--check", "render nothing; say what differs from what is there"),
    Option("--format", "how --check says it", "|".join(CHECK_FORMATS), "text", complete=CHECK_FORMATS),
    Option("--rtol", "relative difference that --check lets pass", "X", "0"),
    Option("--allow-code", "run code of the preset's own, FILE.py:NAME"),
)


def format_option(*names: str, default: str) -> Option:
    """The `--format` option of a command that writes any of these."""
    return Option("--format", "what to write", "|".join(names), default, complete=names)


def with_options(*groups: Sequence[Option] | Option) -> Callable[[Function], Function]:
    """Give a command function `(ctx, specs, **values)` these options; each arrives in `values` under its name."""
    options = [o for group in groups for o in ((group,) if isinstance(group, Option) else group)]

    def decorate(function: Function) -> Function:
        own = list(inspect.signature(function, eval_str=True).parameters.values())
        kept = [p for p in own if p.kind is not p.VAR_KEYWORD]
        _sign(function, [*kept, *map(_typed, options)])
        return function

    return decorate


@cache
def scheduler_parameters() -> dict[str, Any]:
    """One command-line option for each parameter name of any scheduler in the catalogue, as Typer makes it.

    Which scheduler has which of them is checked when the scheduler is known; so `--T_max 32 cosine` works too.
    """
    from lrviz import catalogue

    names = {p.name: p for s in catalogue.SCHEDULERS for p in s.parameters if p.name not in _RUNS_OWN}
    app = typer.Typer(add_completion=False)

    def command() -> None: ...

    made_of = [(Option(f"--{name}", p.help, _metavar(p), name=name), _values_of(name)) for name, p in names.items()]
    _sign(command, [_typed(option, values) for option, values in made_of])
    app.command()(command)
    made = {str(p.name): p for p in typer.main.get_command(app).params}
    return {name: made[name] for name in names}


def _values_of(name: str) -> Callable[[Any], list[str]]:
    """What completes a parameter's value: the words it takes in the scheduler that the command line names."""

    def complete(ctx: Any) -> list[str]:
        from lrviz import catalogue

        named = (catalogue.find(word.partition("(")[0]) for word in ctx.meta["lrviz.words"])
        parameter = next((info.parameter(name) for info in named if info), None)
        if parameter is None:
            return []
        return ["True", "False"] if parameter.kind == "bool" else list(parameter.choices)

    return complete


def describe(parameter: Parameter) -> Option:
    """A scheduler's parameter as a row of help: its limits and its default, or what it follows from."""
    from lrviz.catalogue import REQUIRED

    limits = f" ({parameter.limits})" if parameter.limits and not parameter.choices else ""
    default = "required" if parameter.default is REQUIRED else _default(parameter.default)
    if parameter.follows and (parameter.default is REQUIRED or parameter.default is None):
        default = f"from the run: {parameter.follows}"
    return Option(f"--{parameter.name}", parameter.help + limits, _metavar(parameter), default)


def _default(value: object) -> str:
    from lrviz.numbers import format_rate

    return format_rate(value) if isinstance(value, float) else str(value)


def own_options(info: Scheduler) -> list[Option]:
    """The rows of help for one scheduler's parameters, as the command line takes them."""
    return [describe(p) for p in info.parameters if p.name not in _RUNS_OWN]


def _metavar(parameter: Parameter) -> str:
    return {
        "int": "N",
        "float": "X",
        "bool": "True|False",
        "choice": "|".join(parameter.choices),
        "milestones": "N,N,...",
        "per_group": "X",
        "lr_lambda": "LAMBDA",
        "function": "LAMBDA",
        "schedulers": "[SPEC, ...]",
    }[parameter.kind]


def _typed(option: Option, complete: Callable[..., list[str]] | None = None) -> inspect.Parameter:
    listed = (lambda: list(option.complete)) if option.complete else None
    declared: Any = typer.Option(
        *option.flags.split(),
        help=option.help,
        metavar=option.metavar or None,
        rich_help_panel=option.panel,
        show_default=option.default or False,
        autocompletion=complete or listed,
    )
    annotation: Any = bool if not option.metavar else list[str] | None if option.repeat else str | None
    return inspect.Parameter(
        option.destination,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if annotation is bool else None,
        annotation=Annotated[annotation, declared],
    )


def _sign(function: Callable[..., Any], parameters: list[inspect.Parameter]) -> None:
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {p.name: p.annotation for p in parameters}
