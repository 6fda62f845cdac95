"""Each rule: it fires on its example, is silent on a near miss, and its fix removes the finding."""

from __future__ import annotations

import re

import pytest

from lrviz.rules import THRESHOLDS, all_rules, is_code, rules_page
from tests.rules.checking import codes, example, findings, with_fix
from tests.rules.page import PAGE

RULES = {rule.code: rule for rule in all_rules()}
# Fixes that are sentences: nothing that can be pasted mends these.
SENTENCES = frozenset({"LR606", "LR803"} | {code for code in RULES if code.startswith("LR7")})


@pytest.mark.parametrize("code", RULES)
def test_a_rule_fires_on_its_example_and_its_fix_removes_the_finding(code: str) -> None:
    rule = RULES[code]
    found = findings(rule.example)
    assert [f.code for f in found if f.severity != "note" or f.code == code] == [code]
    assert code not in codes(rule.near_miss)
    assert codes(rule.near_miss, "error", "warning") == []
    (fix,) = (f.fix for f in found if f.code == code)
    assert (code in SENTENCES) == (fix == "")
    if fix:
        assert codes(with_fix(rule.example, fix), "error", "warning") == [], fix


def test_codes_and_names_are_unique_and_hidden_codes_exist() -> None:
    names = [rule.name for rule in all_rules()]
    assert len(set(names)) == len(names) == len(RULES) == len(all_rules())
    assert all(re.fullmatch(r"LR\d{3}", code) for code in RULES)
    assert all(is_code(code) for rule in all_rules() for code in rule.hides)


def test_each_threshold_has_a_reason() -> None:
    assert [name for name, threshold in THRESHOLDS.items() if len(threshold.reason) < 20] == []


def test_the_page_has_the_texts_of_all_rules() -> None:
    """The page is the snapshot of the texts; `python -m tests.rules.page` renews it."""
    assert PAGE.read_text(encoding="utf-8") == rules_page(example)
