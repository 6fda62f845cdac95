"""Options of the commands and of the schedulers, as data and as parameters of Typer.

Typer passes every value as text; the functions of lrviz that read it raise errors with a hint.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from lrviz.figure import LAYOUTS
from lrviz.spec import FIELDS, RESUME_WAYS

if TYPE_CHECKING:
    from lrviz.schedulers import Parameter, Scheduler

Function = TypeVar("Function", bound=Callable[..., Any])

RUN_PANEL: Final = "The run"
SCRIPT_PANEL: Final = "Scripts (FILE.py, or - for stdin)"
FIGURE_PANEL: Final = "The figure"
OUTPUT_PANEL: Final = "Output"

_RUN_PARAMETERS: Final = ("epochs", "steps_per_epoch", "warmup")  # parameters of schedulers that are options of the run


@dataclass(frozen=True)
class Option:
    """One option of lrviz. Without a `metavar` it is a switch; `default` is the text for the help page."""

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
        """The name of its value: `name`, or the long flag with underscores."""
        return self.name or self.flags.split()[-1].lstrip("-").replace("-", "_")


LET: Final = Option("--let", "a value for a name that pasted code uses", "NAME=VALUE", "", RUN_PANEL, repeat=True)
RUN: Final = (
    *(Option(f.option, f.help + f.cli_help, f.metavar, f.default, RUN_PANEL, complete=f.choices) for f in FIELDS),
    LET,
)
SCRIPT: Final = (
    Option("--let-file", "values of names that a script uses: .toml, .json or .yaml", "FILE", "", SCRIPT_PANEL),
    Option("--config", "the configuration that a script reads: .toml, .json or .yaml", "FILE", "", SCRIPT_PANEL),
    Option("--ask", "ask for the values that a script needs", panel=SCRIPT_PANEL),
    Option("--list", "list the schedulers of a script, and draw nothing", panel=SCRIPT_PANEL),
    Option("--explain", "print each value of the run and where it is from", panel=SCRIPT_PANEL),
)
# Config files of frameworks. Commands that draw figures have the same `--from` for the first step to show.
_FROM: Final = Option("--from", "a config file that describes the run", "FILE", "", RUN_PANEL, True, name="from_step")
FROM_KIND: Final = Option(
    "--from-kind", "the kind of a config file, where its keys do not say it", "KIND", "", RUN_PANEL
)
FROM: Final = (_FROM, FROM_KIND)
RESUME: Final = (
    Option("--resume-at", "stop after this update, and go on; also 50% or 3ep", "STEP", "", RUN_PANEL),
    Option(
        "--resume-by",
        f"how it goes on: {', '.join(RESUME_WAYS)}",
        "WAY",
        "load",
        RUN_PANEL,
        complete=tuple(RESUME_WAYS),
    ),
)
LABEL: Final = Option("--label", "what to call the curve", "TEXT", "its notation", RUN_PANEL)
LABELS: Final = Option(
    "--label", "what to call a curve; repeat it for each, in order", "TEXT", "", RUN_PANEL, repeat=True
)
MAX_CURVES: Final = Option("--max-curves", "how many curves a sweep may make", "N", "24", RUN_PANEL)
LOG: Final = Option("--log", "draw the rate on a logarithmic scale", panel=FIGURE_PANEL)
FIGURE: Final = (
    Option(
        "--style",
        "lrviz, dark, cheatsheet, a matplotlib style or an .mplstyle file, or several",
        "NAME,...",
        "lrviz",
        FIGURE_PANEL,
        complete=("lrviz", "dark", "cheatsheet"),
    ),
    Option("--font", "an installed font for all text", "NAME", "", FIGURE_PANEL),
    LOG,
    Option("--x", "what the x axis counts", "step|epoch", "step", FIGURE_PANEL, complete=("step", "epoch")),
    Option("--size", "width and height in inches", "WxH", "10x5", FIGURE_PANEL),
    Option("--dpi", "pixels per inch of a PNG, JPEG or WebP", "N", "150", FIGURE_PANEL),
    Option("--title", "a title in place of the notation", "TEXT", "", FIGURE_PANEL),
    Option(
        "--from",
        "the first step to show, also as 5% or 3ep; or a config file that describes the run",
        "STEP|FILE",
        "",
        FIGURE_PANEL,
        repeat=True,
        name="from_step",
    ),
    Option("--to", "the last step to show", "STEP", "", FIGURE_PANEL, name="to_step"),
    Option("--ylim", "the limits of the rate axis", "LOW,HIGH", "", FIGURE_PANEL),
    Option(
        "--inset",
        "a small panel with this part of the run",
        "warmup|FROM:TO",
        "",
        FIGURE_PANEL,
        complete=("warmup",),
    ),
    Option("--annotate", "label the peak, the end of warm-up, reductions and the final rate", panel=FIGURE_PANEL),
)
LAYOUT: Final = (
    Option(
        "--layout",
        ", or ".join(LAYOUTS.values()),
        "|".join(LAYOUTS),
        "overlay",
        FIGURE_PANEL,
        complete=tuple(LAYOUTS),
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
CHART: Final = Option("--chart", "draw a chart in the terminal in place of a file")
OUTPUT: Final = Option("-o --output", "the file to write; its suffix sets the format, - is stdout", "FILE")
OPEN: Final = Option("--open", "open the file with the system's viewer")
QUIET: Final = Option("-q --quiet", "print only errors to stderr")

PRESETS: Final = (
    Option("-o --output", "the file to write, - is stdout", "FILE", "-"),
    Option("--schema", "print the JSON Schema of preset files, for editors"),
)
CODE: Final = (
    Option("--only", "only the lines that create the scheduler", "scheduler", complete=("scheduler",)),
    Option("--lightning", "a LightningModule with configure_optimizers"),
    Option("-o --output", "the file to write, - is stdout", "FILE", "-"),
)
CHECK_FORMATS: Final = ("text", "json", "github")
RENDER: Final = (
    Option("-o --output", "the folder to render into, or to check", "DIR"),
    Option("--only", "only this figure; repeatable", "NAME", repeat=True),
    Option("--formats", "the formats of every figure", "FORMAT,...", "png,svg"),
    replace(FIGURE[0], help="the style of every figure, in place of the preset's", default=""),
    Option("--prune", "remove files of earlier renders that are no longer in the preset"),
    Option("--check", "render nothing; print how the folder differs"),
    Option("--format", "the format of --check", "|".join(CHECK_FORMATS), "text", complete=CHECK_FORMATS),
    Option("--rtol", "relative difference that --check accepts", "X", "0"),
    Option("--allow-code", "run code that the preset names, FILE.py:NAME"),
    Option("--allow-outside", "read metric and style files outside the preset's folder"),
    Option("--max-curves", "how many curves the preset may have in all", "N", "1000"),
    Option("--max-updates", "how many updates its curves may make in all", "N", "10000000"),
    replace(OPEN, help="open the page with the system's viewer"),
)

REPORT_FORMATS: Final = ("text", "json", "github", "sarif")
SEVERITIES: Final = ("error", "warning", "note")
CHECK: Final = (
    Option("--select", "only these rules: LR101, or LR1 for its group; repeatable", "CODE,...", repeat=True),
    Option("--ignore", "all but these rules; repeatable", "CODE,...", repeat=True),
    *RESUME,
    Option("--severity", "the least severity to report", "|".join(SEVERITIES), "note", complete=SEVERITIES),
    Option("--format", "the output format", "|".join(REPORT_FORMATS), "text", complete=REPORT_FORMATS),
    Option("--explain", "describe a rule: what it means, an example, the fix", "CODE"),
    *(option for option in RENDER if option.destination in ("allow_code", "allow_outside")),
    MAX_CURVES,
    *(option for option in RENDER if option.destination == "max_updates"),
)


def format_option(*names: str, default: str) -> Option:
    """The `--format` option of a command that writes these formats."""
    return Option("--format", "the output format", "|".join(names), default, complete=names)


def with_options(*groups: Sequence[Option] | Option) -> Callable[[Function], Function]:
    """Add options to a command function `(ctx, specs, **values)`, which gets their values in `values`."""
    options = [o for group in groups for o in ((group,) if isinstance(group, Option) else group)]

    def decorate(function: Function) -> Function:
        arguments = inspect.signature(function, eval_str=True).parameters.values()
        _set_signature(function, [*(p for p in arguments if p.kind is not p.VAR_KEYWORD), *map(_parameter, options)])
        return function

    return decorate


@cache
def scheduler_parameters(name: str) -> dict[str, Any]:
    """Typer's parameters for the parameters of a scheduler, or of all schedulers for "", by name.

    With all schedulers, options may come before the scheduler, as in `--T_max 32 cosine`; they are checked later.
    """
    from lrviz import schedulers

    info = schedulers.find(name)
    infos = (info,) if info else (*schedulers.all_schedulers(), *schedulers.compositions())
    names = {p.name: p for s in infos for p in s.parameters if p.name not in _RUN_PARAMETERS}
    app = typer.Typer(add_completion=False)

    def command() -> None: ...

    options = [(Option(f"--{name}", p.help, _metavar(p), name=name), _completer(name)) for name, p in names.items()]
    _set_signature(command, [_parameter(option, values) for option, values in options])
    app.command()(command)
    created = {str(p.name): p for p in typer.main.get_command(app).params}
    return {name: created[name] for name in names}


def _completer(name: str) -> Callable[[Any], list[str]]:
    """A completer for a parameter's value: its choices in the scheduler on the command line."""

    def complete(ctx: Any) -> list[str]:
        from lrviz import schedulers

        named = (schedulers.find(word.partition("(")[0]) for word in ctx.meta["lrviz.words"])
        parameter = next((info.parameter(name) for info in named if info), None)
        if parameter is None:
            return []
        return ["True", "False"] if parameter.kind == "bool" else list(parameter.choices)

    return complete


def describe(parameter: Parameter) -> Option:
    """A scheduler's parameter as an option for the help page, with its limits and its default or source."""
    from lrviz.schedulers import REQUIRED
    from lrviz.text import format_rate

    limits = f" ({parameter.limits})" if parameter.limits and not parameter.choices else ""
    default = parameter.default
    shown = "required" if default is REQUIRED else format_rate(default) if isinstance(default, float) else str(default)
    if parameter.follows and (default is REQUIRED or default is None):
        shown = f"from the run: {parameter.follows}"
    return Option(f"--{parameter.name}", parameter.help + limits, _metavar(parameter), shown)


def scheduler_options(info: Scheduler) -> list[Option]:
    """The options for one scheduler's parameters, for the help page."""
    return [describe(p) for p in info.parameters if p.name not in _RUN_PARAMETERS]


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
        "scheduler": "SPEC",
        "options": "{NAME: VALUE, ...}",
        "numbers": "X[,X...]",
        "text": "TEXT",
    }[parameter.kind]


def _parameter(option: Option, complete: Callable[..., list[str]] | None = None) -> inspect.Parameter:
    choices = (lambda: list(option.complete)) if option.complete else None
    typer_option: Any = typer.Option(
        *option.flags.split(),
        help=option.help,
        metavar=option.metavar or None,
        rich_help_panel=option.panel,
        show_default=option.default or False,
        autocompletion=complete or choices,
    )
    annotation: Any = bool if not option.metavar else list[str] | None if option.repeat else str | None
    return inspect.Parameter(
        option.destination,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if annotation is bool else None,
        annotation=Annotated[annotation, typer_option],
    )


def _set_signature(function: Callable[..., Any], parameters: list[inspect.Parameter]) -> None:
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {p.name: p.annotation for p in parameters}


def flags_of(info: Scheduler | None) -> set[str]:
    """The options for the parameters of a scheduler, or of all schedulers."""
    from lrviz import schedulers

    infos = (info,) if info else (*schedulers.all_schedulers(), *schedulers.compositions())
    return {f"--{parameter.name}" for each in infos for parameter in each.parameters}


def named_scheduler(words: list[str]) -> Scheduler | None:
    """The first scheduler of the catalogue that is named on the command line, if any."""
    return next((info for word in words if (info := scheduler_of(word))), None)


def scheduler_of(word: str) -> Scheduler | None:
    """The scheduler that notation begins with: `cosine`, `Cosine`, `CosineAnnealingLR(T_max=32)`, `cosine @ lr=0.1`."""
    from lrviz import schedulers

    name = re.split(r"[(@\s]", word.strip(), maxsplit=1)[0]
    return schedulers.find(name) or schedulers.find_spelling(name) if name else None


def complete_scheduler(incomplete: str) -> list[tuple[str, str]]:
    """Short names of schedulers that start with `incomplete`, with summaries, for shell completion."""
    from lrviz import schedulers

    installed = filter(schedulers.is_installed, schedulers.all_families())
    others = (s for family in installed for s in family.schedulers)
    known = (*schedulers.all_schedulers(), *schedulers.compositions(), *others)
    return [(s.short, s.summary) for s in known if s.short.startswith(incomplete)]


def complete_preset(incomplete: str) -> list[tuple[str, str]]:
    """Names of presets that start with `incomplete`, with descriptions, for shell completion."""
    from lrviz import presets

    return [(name, presets.about(name)) for name in presets.preset_names() if name.startswith(incomplete)]


SchedulerArgument = Annotated[
    list[str] | None, typer.Argument(metavar="SCHEDULER", autocompletion=complete_scheduler, show_default=False)
]
SpecsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="SPEC ...", autocompletion=complete_scheduler, show_default=False)
]
NameArgument = Annotated[
    str | None, typer.Argument(metavar="[NAME]", autocompletion=complete_scheduler, show_default=False)
]
PresetNameArgument = Annotated[
    str | None, typer.Argument(metavar="[NAME]", autocompletion=complete_preset, show_default=False)
]
CheckArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="SPEC|FILE.py|PRESET ...", autocompletion=complete_scheduler, show_default=False),
]
PresetArgument = Annotated[
    str | None, typer.Argument(metavar="PRESET", autocompletion=complete_preset, show_default=False)
]
