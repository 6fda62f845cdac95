"""The keys of a preset file and their values: one table for the checks and the JSON Schema."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from lrviz.figure import FIGURE_FORMATS, LAYOUTS
from lrviz.spec import FIELDS

Kind = Literal[
    "text", "count", "epochs", "length", "number", "switch", "choice", "rates", "metric", "values", "formats", "size",
    "limits", "tables", "codes",
]  # fmt: skip
Table = Literal["top", "defaults", "figure", "curve"]

MAX_FIGURES: Final = 200
DEFAULT_MAX_CURVES: Final = 24  # of a figure without `max_curves`
MAX_CURVES: Final = 1000
MAX_LETS: Final = 1000  # names in the `let` tables of a curve
# The limits of all curves of a preset together, unless the command line sets others: as many curves as one figure may
# have, and as many updates as a hundred curves of 100,000, which are simulated in about a minute.
TOTAL_CURVES: Final = MAX_CURVES
TOTAL_UPDATES: Final = 10_000_000

_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$"
NAME_LENGTH: Final = 100
_CODE: Final = "LR[0-9]{0,3}"  # of a rule, or the start of several


def is_figure_name(text: str) -> bool:
    """Whether a figure of a preset can have this name."""
    return len(text) <= NAME_LENGTH and re.fullmatch(_NAME[1:-1], text) is not None


@dataclass(frozen=True)
class Key:
    """One key: its kind, its description, and the limits of its value.

    `least` and `most` bound a number, or the length of a list. `inside` is the kind of the
    table, or of the tables in a list.
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


RUN_KEYS: Final = (
    *(Key(f.name, f.kind, f.help + f.preset_help, f.choices, f.least) for f in FIELDS),
    Key("let", "values", "values for names that the notation uses"),
)
FILE_KEYS: Final = (
    Key("config", "text", "a YAML, TOML or JSON file with the values that a script or a config file reads"),
    Key("from_kind", "text", "the kind of a config file, where its keys do not say it"),
)
IGNORE: Final = Key("ignore", "codes", 'rules that `lrviz check` does not apply, such as ["LR102"]')
FIGURE_KEYS: Final = (
    Key("style", "text", "lrviz, dark, cheatsheet, a matplotlib style or an .mplstyle file, or several with commas"),
    Key("font", "text", "an installed font for all text"),
    Key("log", "switch", "draw the rate on a logarithmic scale"),
    Key("x", "choice", "what the x axis counts", ("step", "epoch")),
    Key("size", "size", 'width and height in inches, as [10, 5] or "10x5"'),
    Key("dpi", "count", "pixels per inch of a PNG, JPEG or WebP", least=20, most=1200),
    Key("layout", "choice", ", or ".join(LAYOUTS.values()), tuple(LAYOUTS)),
    Key("columns", "count", "panels in a row of the grid", least=1, most=24),
    Key("axes", "choice", "whether the panels of a grid share one scale", ("shared", "free")),
    Key("show", "choice", "the optimizer's momentum as well", ("momentum",)),
    Key("from", "length", 'the first step to show, also as "5%" or "3ep"', least=0),
    Key("to", "length", 'the last step to show, also as "5%" or "3ep"', least=0),
    Key("ylim", "limits", "the limits of the rate axis, as [0, 1e-3]"),
    Key("inset", "text", 'a small panel with a part of the run: "warmup", or "0:5%"'),
    Key("annotate", "switch", "label the peak, the end of warm-up, reductions and the final rate"),
    Key("max_curves", "count", "how many curves the figure may have", least=1, most=MAX_CURVES),
    Key("formats", "formats", "the formats to render", FIGURE_FORMATS, least=1),
)
TABLES: Final[dict[Table, tuple[Key, ...]]] = {
    "top": (
        Key("about", "text", "what the preset shows, in one line"),
        Key("defaults", "tables", "the default values for every figure", inside="defaults"),
        Key("figure", "tables", "a figure", least=1, most=MAX_FIGURES, required=True, inside="figure"),
    ),
    "defaults": (*RUN_KEYS, *FILE_KEYS, *FIGURE_KEYS, IGNORE),
    "figure": (
        Key("name", "text", "the name of its files, without a suffix", pattern=_NAME, most=NAME_LENGTH, required=True),
        Key("title", "text", "the title"),
        *FIGURE_KEYS,
        *RUN_KEYS,
        *FILE_KEYS,
        IGNORE,
        Key("curve", "tables", "a curve", least=1, most=MAX_CURVES, required=True, inside="curve"),
    ),
    "curve": (
        Key(
            "scheduler",
            "text",
            "a short name, notation, a config file, FILE.py:NAME or package.module:NAME",
            required=True,
        ),
        Key("label", "text", "what to call the curve"),
        *RUN_KEYS,
        *FILE_KEYS,
        IGNORE,
    ),
}  # fmt: skip
LISTS: Final[frozenset[Table]] = frozenset({"figure", "curve"})  # arrays of tables in TOML


def keys_of(table: Table) -> dict[str, Key]:
    """The keys of a table, by name."""
    return {key.name: key for key in TABLES[table]}


def expected(key: Key) -> str:
    """A description of the values that a key takes, to follow `must be`."""
    match key.kind:
        case "text":
            return "text in quotes"
        case "count":
            return "a whole number"
        case "length":
            return 'a whole number, or text such as "5%" or "2ep"'
        case "epochs":
            return "a number above 0"
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
        case "codes":
            return 'a list of codes of rules, such as ["LR102"]'
        case "size":
            return 'width and height in inches, such as [10, 5] or "10x5"'
        case "limits":
            return "two rates, the lower one first, such as [0, 1e-3]"
        case "tables":
            return f"tables, such as `{heading(key)}`" if key.inside in LISTS else f"a table, `{heading(key)}`"


def heading(key: Key) -> str:
    """The heading of a table in TOML."""
    name = "figure.curve" if key.inside == "curve" else str(key.inside)
    return f"[[{name}]]" if key.inside in LISTS else f"[{name}]"


def fits(key: Key, value: Any) -> bool:
    """Whether a value is of the key's kind; its limits are not checked."""
    match key.kind:
        case "text":
            return isinstance(value, str)
        case "count":
            return type(value) is int
        case "length":
            return type(value) is int or isinstance(value, str)
        case "epochs":
            return _is_number(value) and value > 0
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
            # not a set: the list may hold lists, which cannot be hashed
            return isinstance(value, list) and all(value.count(f) == 1 and f in key.choices for f in value)
        case "codes":
            return isinstance(value, list) and all(isinstance(v, str) and re.fullmatch(_CODE, v) for v in value)
        case "size":
            return isinstance(value, str) or (
                isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
            )
        case "limits":
            return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
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


_NUMBER = {"type": "number"}
_RATES: list[dict[str, Any]] = [
    _NUMBER,
    {"type": "array", "items": _NUMBER, "minItems": 1},
    {"type": "object", "additionalProperties": _NUMBER, "minProperties": 1},
]


def schema() -> dict[str, Any]:
    """The JSON Schema, draft 2020-12, of a preset file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lrviz preset",
        "description": "The figures of a project's learning-rate schedules, for `lrviz render`",
        **_table("top"),
        "$defs": {table: _table(table) for table in TABLES if table != "top"}
        | {"value": {"anyOf": [{"type": ["string", "number", "boolean"]}, _list_of({"$ref": "#/$defs/value"})]}},
    }


def schema_text() -> str:
    """The schema as JSON."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _table(table: Table) -> dict[str, Any]:
    keys = TABLES[table]
    return {
        "type": "object",
        "properties": {key.name: {"description": key.help} | _property(key) for key in keys},
        "required": [key.name for key in keys if key.required],
        "additionalProperties": False,
    }


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _property(key: Key) -> dict[str, Any]:
    match key.kind:
        case "text":
            limits = {"pattern": key.pattern, "maxLength": key.most} if key.pattern else {}
            return {"type": "string"} | limits
        case "count":
            return {"type": "integer"} | _bounds(key)
        case "length":
            return {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}
        case "number":
            return _NUMBER | _bounds(key)
        case "epochs":
            return {"type": "number", "exclusiveMinimum": 0}
        case "switch":
            return {"type": "boolean"}
        case "choice":
            return {"enum": list(key.choices)}
        case "rates":
            return {"anyOf": _RATES}
        case "metric":
            return {"anyOf": [{"type": "string"}, _list_of(_NUMBER) | {"minItems": 1}]}
        case "values":
            return {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}}
        case "formats":
            return _list_of({"enum": list(key.choices)}) | {"minItems": key.least, "uniqueItems": True}
        case "codes":
            return _list_of({"type": "string", "pattern": f"^{_CODE}$"})
        case "size":
            pair = _list_of(_NUMBER) | {"minItems": 2, "maxItems": 2}
            return {"anyOf": [{"type": "string"}, pair]}
        case "limits":
            return _list_of(_NUMBER) | {"minItems": 2, "maxItems": 2}
        case "tables":
            inside = {"$ref": f"#/$defs/{key.inside}"}
            if key.inside not in LISTS:
                return inside
            return _list_of(inside) | {"minItems": key.least, "maxItems": key.most}


def _bounds(key: Key) -> dict[str, int]:
    bounds = {"minimum": key.least, "maximum": key.most}
    return {name: bound for name, bound in bounds.items() if bound is not None}
