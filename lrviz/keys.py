"""The keys of a preset file, as plain data: what reads presets and what describes them to editors are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["text", "count", "number", "switch", "choice", "rates", "metric", "values", "formats", "size", "tables"]
Table = Literal["top", "defaults", "figure", "curve"]

FORMATS: Final = ("png", "svg", "pdf")
MOST_FIGURES: Final = 200
MOST_CURVES: Final = 24  # of a figure that does not say
MOST_CURVES_EVER: Final = 1000

_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$"
NAME_LENGTH: Final = 100


@dataclass(frozen=True)
class Key:
    """One key: its kind, what it says, and the limits of its value.

    `least` and `most` bound a number, or the length of a list. `inside` is the table that a table or list of tables
    holds.
    """

    name: str
    kind: Kind
    help: str
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    pattern: str = ""
    required: bool = False
    inside: Table | None = None


RUN: Final = (
    Key("lr", "rates", "base rate: a number, a list with one for each parameter group, or a table of names and rates"),
    Key("epochs", "count", "epochs in the run", least=1),
    Key("steps_per_epoch", "count", "batches in an epoch", least=1),
    Key("dataset_size", "count", "samples in the dataset; with batch_size gives the steps of an epoch", least=1),
    Key("batch_size", "count", "samples in a batch of one process", least=1),
    Key("drop_last", "switch", "leave out the partial last batch of an epoch"),
    Key("grad_accum", "count", "batches whose gradients make one update", least=1),
    Key("num_processes", "count", "processes of Accelerate, which steps once for each", least=1),
    Key(
        "interval",
        "choice",
        "when scheduler.step() is called: after each update, or after each epoch",
        ("step", "epoch"),
    ),
    Key("optimizer", "text", "one of torch.optim by its class name"),
    Key("momentum", "number", "the optimizer's momentum, or the first of its betas", least=0),
    Key("metric", "metric", "what ReduceLROnPlateau watches: FILE[:COLUMN], an expression, or a list of numbers"),
    Key("let", "values", "values for names that the notation uses"),
)
LOOK: Final = (
    Key("style", "text", "lrviz, dark, cheatsheet, a matplotlib style or an .mplstyle file"),
    Key("log", "switch", "draw the rate on a logarithmic scale"),
    Key("x", "choice", "what the x axis counts", ("step", "epoch")),
    Key("size", "size", 'width and height in inches, as [10, 5] or "10x5"'),
    Key("dpi", "count", "pixels per inch of a PNG", least=20, most=1200),
    Key("layout", "choice", "all in one panel, or a panel for each", ("overlay", "grid")),
    Key("columns", "count", "panels in a row of the grid", least=1, most=24),
    Key("axes", "choice", "whether the panels of a grid share one scale", ("shared", "free")),
    Key("show", "choice", "the optimizer's momentum as well", ("momentum",)),
    Key("max_curves", "count", "how many curves the figure may have", least=1, most=MOST_CURVES_EVER),
    Key("formats", "formats", "the formats to render", FORMATS, least=1),
)
TABLES: Final[dict[Table, tuple[Key, ...]]] = {
    "top": (
        Key("about", "text", "what the preset shows, in one line"),
        Key("defaults", "tables", "what holds for every figure that does not say otherwise", inside="defaults"),
        Key("figure", "tables", "a figure", least=1, most=MOST_FIGURES, required=True, inside="figure"),
    ),
    "defaults": (*RUN, *LOOK),
    "figure": (
        Key("name", "text", "the name of its files, without a suffix", pattern=_NAME, most=NAME_LENGTH, required=True),
        Key("title", "text", "the title"),
        *LOOK,
        *RUN,
        Key(
            "curve", "tables", "a curve", least=1, most=MOST_CURVES_EVER, required=True, inside="curve"
        ),
    ),
    "curve": (
        Key(
            "scheduler",
            "text",
            "a short name, notation, FILE.py:NAME or package.module:NAME",
            required=True,
        ),
        Key("label", "text", "what to call the curve"),
        *RUN,
    ),
}  # fmt: skip
LISTS: Final[frozenset[Table]] = frozenset({"figure", "curve"})  # arrays of tables in TOML


def keys_of(table: Table) -> dict[str, Key]:
    """The keys of a table, by name."""
    return {key.name: key for key in TABLES[table]}


def wanted(key: Key) -> str:
    """What a value must be, in words that follow `must be`."""
    match key.kind:
        case "text":
            return "text in quotes"
        case "count":
            return "a whole number"
        case "number":
            return "a number"
        case "switch":
            return "true or false"
        case "choice":
            *most, last = (f'"{choice}"' for choice in key.choices)
            return f"{', '.join(most)} or {last}" if most else last
        case "rates":
            return "a number, a list of numbers, or a table of names and numbers"
        case "metric":
            return "text in quotes, or a list of numbers"
        case "values":
            return "a table of names and values"
        case "formats":
            return f"a list with {', '.join(key.choices[:-1])} or {key.choices[-1]}, each once"
        case "size":
            return 'width and height in inches, such as [10, 5] or "10x5"'
        case "tables":
            return f"tables, such as `{heading(key)}`" if key.inside in LISTS else f"a table, `{heading(key)}`"


def heading(key: Key) -> str:
    """How a table's heading is written in TOML."""
    name = "figure.curve" if key.inside == "curve" else str(key.inside)
    return f"[[{name}]]" if key.inside in LISTS else f"[{name}]"


def fits(key: Key, value: Any) -> bool:
    """Whether a value is of the key's kind; its limits are looked at apart."""
    match key.kind:
        case "text":
            return isinstance(value, str)
        case "count":
            return type(value) is int
        case "number":
            return _is_number(value)
        case "switch":
            return isinstance(value, bool)
        case "choice":
            return isinstance(value, str) and value in key.choices
        case "rates":
            rates = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
            return bool(rates) and all(map(_is_number, rates))
        case "metric":
            return isinstance(value, str) or (isinstance(value, list) and bool(value) and all(map(_is_number, value)))
        case "values":
            return isinstance(value, dict) and all(map(_is_value, value.values()))
        case "formats":
            # Looked up one by one: a list of lists has no set.
            return isinstance(value, list) and all(value.count(f) == 1 and f in key.choices for f in value)
        case "size":
            return isinstance(value, str) or (
                isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
            )
        case "tables":
            if key.inside in LISTS:
                return isinstance(value, list) and all(isinstance(item, dict) for item in value)
            return isinstance(value, dict)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_value(value: Any) -> bool:
    return (
        isinstance(value, str | bool) or _is_number(value) or (isinstance(value, list) and all(map(_is_value, value)))
    )
