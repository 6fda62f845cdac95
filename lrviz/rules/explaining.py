"""The rules as text: one of them for the terminal, all of them as a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from lrviz.rules.model import Rule
from lrviz.rules.registry import GROUPS, all_rules
from lrviz.rules.thresholds import THRESHOLDS
from lrviz.text import count, print_value

if TYPE_CHECKING:
    from collections.abc import Callable

_BARS: Final = " ▁▂▃▄▅▆▇█"
_WIDTH: Final = 40


def explain(rule: Rule, fix: str) -> list[str]:
    """The lines that describe a rule, up to its chart; `fix` is that of its example."""
    return [
        f"{rule.code} {rule.name} · {rule.severity}",
        "",
        rule.what,
        rule.why,
        "",
        *_shown("example:", rule.example),
        *([f"fix:     {fix}"] if fix else []),
        *_shown("fine:   ", rule.near_miss),
        *(f"see:     {source}" for source in rule.sources),
    ]


def _shown(title: str, example: str) -> list[str]:
    """Notation beside its title, or the lines of a script below it."""
    return (
        [f"{title} {example}"] if "\n" not in example else [title.rstrip(), *(f"    {s}" for s in example.splitlines())]
    )


def rules_page(examples: Callable[[Rule], tuple[list[float], str, str]]) -> str:
    """`docs/rules.md`; `examples` gives the rates of a rule's example, its message and its fix."""
    return "\n".join(_page(examples))


def _page(examples: Callable[[Rule], tuple[list[float], str, str]]) -> Iterator[str]:
    yield "# Rules of `lrviz check`"
    yield ""
    yield (
        f"{count(len(all_rules()), 'rule')} judge a schedule against its run, and the loop of a script. "
        "`lrviz check --explain LR101` prints the entry of a rule. A finding is an error, a warning or a note; errors "
        "and warnings make the exit status 1. Where a rule explains the finding of a more general one, only it is "
        "reported."
    )
    yield ""
    yield (
        "`lrviz check` takes notation, scripts and presets, with the options of the run. `--format` is text, json, "
        "github or sarif; `--select LR1`, `--ignore LR102` and `--severity warning` choose what is reported. "
        '`ignore = ["LR102"]` in the defaults, a figure or a curve of a [preset](presets.md), and '
        "`# lrviz: ignore[LR102]` on a line of a scheduler in a [script](scripts.md), or above it, turn rules off."
    )
    yield ""
    yield "This page is generated: `python -m tests.rules.page` writes it."
    for number, title in enumerate(GROUPS.values(), start=1):
        yield ""
        yield f"## LR{number}xx: {title}"
        for rule in all_rules():
            if rule.code[2] == str(number):
                yield from _entry(rule, *examples(rule))
    yield ""
    yield "## Thresholds"
    yield ""
    yield "| name | value | reason |"
    yield "| :-- | --: | :-- |"
    for name, threshold in THRESHOLDS.items():
        yield f"| {name} | {print_value(round(threshold.value, 4) or threshold.value)} | {threshold.reason} |"
    yield ""


def _entry(rule: Rule, rates: list[float], message: str, fix: str) -> Iterator[str]:
    yield ""
    yield f"### {rule.code} {rule.name}"
    yield ""
    yield f"*{rule.severity}* · {rule.what}"
    yield ""
    yield rule.why
    yield ""
    notation, *options = rule.example.split(" --")
    is_script = "\n" in notation
    if is_script:
        yield from _script(notation)
        yield ""
    yield "```text"
    yield " --".join([f"$ lrviz check {'train.py' if is_script else quoted(notation)}", *options])
    yield f"{rule.code}: {message}"
    if chart := bars(rates):
        yield chart
    if fix:
        yield f"fix: {fix}"
    yield "```"
    yield ""
    if is_script:
        yield "No finding:"
        yield ""
        yield from _script(rule.near_miss)
    else:
        yield f"No finding: `{rule.near_miss}`"
    if rule.sources:
        yield ""
        yield "See " + "; ".join(f"<{s}>" if s.startswith("https:") else s for s in rule.sources) + "."


def _script(text: str) -> list[str]:
    return ["```python", *text.splitlines(), "```"]


def quoted(text: str) -> str:
    """Notation as an argument of a shell."""
    return f"'{text}'" if "'" not in text else f'"{text}"'


def bars(rates: list[float]) -> str:
    """A curve as bars from 0 to its peak."""
    top = max(rates, default=0.0)
    if top <= 0:
        return ""
    width = min(_WIDTH, len(rates))
    at = [rates[i * (len(rates) - 1) // max(width - 1, 1)] / top for i in range(width)]
    return "".join(_BARS[max(0, min(8, round(value * 8)))] for value in at).rstrip()
