"""The JSON Schema of preset files, made of the same table of keys that reads them."""

from __future__ import annotations

import json
from typing import Any

from lrviz.keys import LISTS, TABLES, Key, Table

_NUMBER = {"type": "number"}
_RATES: list[dict[str, Any]] = [
    _NUMBER,
    {"type": "array", "items": _NUMBER, "minItems": 1},
    {"type": "object", "additionalProperties": _NUMBER, "minProperties": 1},
]


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12, of what TOML gives for a preset file."""
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
        case "number":
            return _NUMBER | _bounds(key)
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
        case "size":
            pair = _list_of(_NUMBER) | {"minItems": 2, "maxItems": 2}
            return {"anyOf": [{"type": "string"}, pair]}
        case "tables":
            inside = {"$ref": f"#/$defs/{key.inside}"}
            if key.inside not in LISTS:
                return inside
            return _list_of(inside) | {"minItems": key.least, "maxItems": key.most}


def _bounds(key: Key) -> dict[str, int]:
    found = {"minimum": key.least, "maximum": key.most}
    return {name: limit for name, limit in found.items() if limit is not None}
