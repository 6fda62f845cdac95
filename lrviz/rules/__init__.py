"""What is wrong with a schedule: a `RunSpec` and its `Trace` to findings, each with a fix.

In: `RunSpec`, `Trace`. Out: `Finding`s, and texts of them. May import `schedulers`, `notation`, `spec`, `trace` and
numpy. Each module `GROUP.py` of `registry.GROUPS` holds the rules of a group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.lazy import lazy

if TYPE_CHECKING:
    from lrviz.rules.explaining import explain, rules_page
    from lrviz.rules.model import SEVERITIES, Finding, Rule, Severity, split_example
    from lrviz.rules.registry import all_rules, check_run, find_rule, first_finding, is_code, matches, misfit
    from lrviz.rules.reporting import REPORT_FORMATS, report
    from lrviz.rules.thresholds import THRESHOLDS
else:
    __getattr__ = lazy(
        __name__,
        explaining=["explain", "rules_page"],
        model=["SEVERITIES", "Finding", "Rule", "Severity", "split_example"],
        registry=["all_rules", "check_run", "find_rule", "first_finding", "is_code", "matches", "misfit"],
        reporting=["REPORT_FORMATS", "report"],
        thresholds=["THRESHOLDS"],
    )

__all__ = [
    "REPORT_FORMATS", "SEVERITIES", "THRESHOLDS", "Finding", "Rule", "Severity", "all_rules", "check_run", "explain",
    "find_rule", "first_finding", "is_code", "matches", "misfit", "report", "rules_page", "split_example",
]  # fmt: skip
