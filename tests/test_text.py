"""Text of the user's own can neither steer a terminal nor break a line."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrviz.text import ascii_only, cells, draws_unicode, excerpt, printable, shorten


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CosineAnnealingLR(T_max=32)", "CosineAnnealingLR(T_max=32)"),
        ("naïve ± 学習率", "naïve ± 学習率"),
        ("no-break\u00a0space", "no-break\u00a0space"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31mred", r"\x9b31mred"),
        ("bell\a tab\t", r"bell\x07 tab\t"),
        ("two\nlines\r\n", r"two\nlines\r\n"),
        ("\u2028 \u2029 \x85", r"\u2028 \u2029 \x85"),
        ("\u202etxt.exe\u2066", r"\u202etxt.exe\u2066"),
        ("\u200bhidden", r"\u200bhidden"),
        ("\udcff", r"\udcff"),
        ("\0", r"\x00"),
    ],
    ids=repr,
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_nothing_printable_steers_a_terminal(text: str) -> None:
    shown = printable(text)
    assert all(c.isprintable() or c == "\u00a0" or c.isspace() for c in shown)
    assert len(shown.splitlines()) <= 1
    assert printable(shown) == shown
    shown.encode("utf-8")


@given(st.text())
def test_ascii_only(text: str) -> None:
    assert ascii_only(text).isascii()
    assert ascii_only(text) == text or not text.isascii()


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("", 0), ("é", 1), ("e\u0301", 1), ("学習率", 6), ("▁█…", 3)])
def test_cells(text: str, width: int) -> None:
    assert cells(text) == width


@pytest.mark.parametrize(
    ("text", "width", "ellipsis", "short"),
    [
        ("cosine", 6, "…", "cosine"),
        ("cosine", 5, "…", "cosi…"),
        ("cosine", 5, "...", "co..."),
        ("a label", 3, "…", "a…"),
        ("学習率", 6, "…", "学習率"),
        ("学習率", 5, "…", "学習…"),
        ("学習率", 4, "…", "学…"),
        ("cosine", 1, "…", "…"),
        ("cosine", 2, "...", ""),
        ("cosine", 0, "…", ""),
    ],
)
def test_shorten(text: str, width: int, ellipsis: str, short: str) -> None:
    assert shorten(text, width, ellipsis) == short


@pytest.mark.parametrize(
    ("encoding", "draws"),
    [("utf-8", True), ("utf-16", True), ("ascii", False), ("latin-1", False), ("cp437", False), ("cp1252", False)],
)
def test_draws_unicode(encoding: str, draws: bool) -> None:
    assert draws_unicode(io.TextIOWrapper(io.BytesIO(), encoding=encoding)) is draws


def test_a_stream_without_an_encoding_takes_any_text() -> None:
    assert draws_unicode(io.StringIO())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error title=x::y", r"\x3a:error title=x::y"),
        (" \u00a0::error::y", " \u00a0\\x3a:error::y"),
        ("\n::error::y", r"\n::error::y"),
        ("a ::error::y", "a ::error::y"),
        (
            "a ##[error]y ##vso[task]z ##teamcity[x] ###[a]",
            r"a \x23#[error]y \x23#vso[task]z \x23#teamcity[x] #\x23#[a]",
        ),
        ("## heading, a[::2]", "## heading, a[::2]"),
    ],
)
def test_commands_to_ci_services(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(), st.integers(min_value=5, max_value=50))
def test_a_long_text_loses_its_middle(text: str, most: int) -> None:
    shown = printable(text, most)
    assert len(shown) <= most
    full = printable(text)
    if len(full) > most:
        cuts = [i for i in range(len(shown)) if shown[i : i + 3] == "..."]
        assert any(full.startswith(shown[:i]) and full.endswith(shown[i + 3 :]) for i in cuts)
    else:
        assert shown == full
    assert printable(shown, most) == shown


@pytest.mark.parametrize(
    ("line", "column", "lines"),
    [
        ("a = b", 4, ("a = b", "    ^")),
        ("\ta = b", 5, (r"\ta = b", "      ^")),
        ("学 = b", 4, ("学 = b", "     ^")),
        ("::error::x", 2, (r"\x3a:error::x", "     ^")),
        ("x" * 200, 190, ("x" * 76, " " * 66 + "^")),
        ("", 3, ("", "^")),
    ],
)
def test_an_excerpt(line: str, column: int, lines: tuple[str, str]) -> None:
    assert excerpt(line, column) == lines
