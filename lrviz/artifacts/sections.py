"""The sections of a page, and a check that those of an earlier page hold only what lrviz writes."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

BEGIN: Final = "<!-- figure: {} -->"
END: Final = "<!-- end of figure: {} -->"
_MARK: Final = re.compile(r"^<!-- (end of )?figure: ([\w.-]+) -->$", re.MULTILINE)

# What lrviz writes inside a section; of attributes also those that begin with `aria-` and `data-`.
_ELEMENTS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        a caption circle clippath code defs desc div ellipse em figcaption figure g h2 h3 li line
        lineargradient mask metadata p path pattern polygon polyline rect script section span stop strong svg table
        tbody td text th thead title tr tspan ul use
        """,
    )
)
_ATTRIBUTES: Final = frozenset(
    re.findall(
        r"[\w-]+",
        """
        class clip-path cx cy d fill fill-opacity height id opacity patterncontentunits patterntransform patternunits
        points preserveaspectratio r rel role rx ry scope stroke stroke-width style transform type viewbox width x x1 x2
        xmlns y y1 y2
        """,
    )
)
_FILE: Final = re.compile(r"[\w.-]+")
_LOADS: Final = re.compile(r"url\((?!#)|@import|expression|image-set|\\", re.IGNORECASE)


def sections_of(text: str) -> dict[str, str]:
    """The sections of a page, by figure name."""
    sections, name, start = {}, None, 0
    for mark in _MARK.finditer(text):
        if name is None and not mark[1]:
            name, start = mark[2], mark.end() + 1
        elif mark[1] and mark[2] == name:
            sections[name] = text[start : mark.start()]
            name = None
    return sections


def foreign_part(section: str) -> str | None:
    """The first element or attribute of a page's section that lrviz does not write; None if there is none.

    The manifest of a folder may be forged, so its digest of a page does not show that lrviz wrote the page.
    """
    parser = _Parser(convert_charrefs=True)
    parser.feed(section)
    parser.close()
    return parser.foreign


class _Parser(HTMLParser):
    foreign: str | None = None

    def refuse(self, part: str) -> None:
        self.foreign = self.foreign or part

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in _ELEMENTS or (tag == "script" and values.get("type") != "application/json"):
            self.refuse(f"<{tag}>")
        for name, value in values.items():
            if name in ("href", "src"):
                if not _is_address(tag, name, value):
                    self.refuse(f'{name}="{value}"')
            elif name not in _ATTRIBUTES and not name.startswith(("aria-", "data-")):
                self.refuse(name)
            elif name in ("style", "clip-path", "fill") and _LOADS.search(value):
                self.refuse(f'{name}="{value}"')

    def handle_comment(self, data: str) -> None:
        self.refuse("<!-- -->")

    def handle_decl(self, decl: str) -> None:
        self.refuse(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.refuse(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.refuse(f"<![{data}]>")


def _is_address(tag: str, name: str, value: str) -> bool:
    """Whether a link leads to a file beside the page or torch's documentation, or names a part of the page."""
    match tag, name:
        case "a", "href":
            return bool(_FILE.fullmatch(value)) or value.startswith("https://docs.pytorch.org/docs/")
        case "use", "href":
            return value.startswith("#")
    return False
