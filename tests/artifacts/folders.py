"""A preset of two figures, and what the files of a render must be like."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from lrviz.artifacts.manifest import MANIFEST
from lrviz.cli import main

TWO = """
[defaults]
epochs = 2
[[figure]]
name = "one"
[[figure.curve]]
scheduler = "step(step_size=4, gamma=0.5)"
[[figure]]
name = "two"
title = "Two"
formats = ["svg"]
[[figure.curve]]
scheduler = "cosine"
label = "down"
[[figure.curve]]
scheduler = "linear"
label = "up"
"""
TWO_SVG = TWO.replace('name = "one"', 'name = "one"\nformats = ["svg"]')
ENDS = {"index.html", "summary.md", MANIFEST}


def render(*words: str) -> None:
    assert main(["render", *words]) == 0


def files(target: Path) -> dict[str, bytes]:
    """Every file in a folder and below it."""
    return {str(p.relative_to(target)): p.read_bytes() for p in sorted(target.rglob("*")) if p.is_file()}


def manifest(target: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((target / MANIFEST).read_bytes())
    return found


def check_whole(target: Path) -> None:
    """Every file is whole, and the manifest, where there is one, matches."""
    there = files(target)
    for name, data in there.items():
        if name.endswith(".png"):
            assert data.endswith(b"IEND\xaeB`\x82"), name
        elif name.endswith(".svg"):
            ElementTree.fromstring(data)  # noqa: S314 - our own
        elif name.endswith(".csv"):
            lines = data.decode().split("\n")
            assert lines[-1] == "", name
            assert len({len(row) for row in csv.reader(lines[:-1])}) == 1, name
        elif name == "index.html":
            assert data.endswith(b"</html>\n"), name
        elif name == "summary.md":
            assert data.splitlines()[-1].startswith(b"made with"), name
    if MANIFEST in there:
        for name, item in manifest(target)["files"].items():
            assert hashlib.sha256(there[name]).hexdigest() == item["sha256"], name
            assert len(there[name]) == item["size"], name
