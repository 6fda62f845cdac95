"""The constraints of `make test-lowest`: constraints.txt with the lowest direct versions that pyproject.toml allows."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
ASIDE = "torch"  # its builds are large, and other versions of it are tested on their own


def name(requirement: str) -> str:
    """The normalized name of the package that a requirement or a constraint is about."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


def lowest(requirements: list[str]) -> dict[str, str]:
    """The constraint `name==X` of each requirement `name>=X`, by name."""
    found = {}
    for requirement in requirements:
        if not re.fullmatch(r"[\w.-]+>=[\d.]+", requirement):
            raise ValueError(f"a requirement that is not `name>=version`: {requirement}")
        found[name(requirement)] = requirement.replace(">=", "==")
    return found


def constraints() -> str:
    """The lines of constraints.txt, with the lowest version of each direct dependency but torch in place of its own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = lowest(project["dependencies"] + project["optional-dependencies"]["test"])
    del direct[ASIDE]
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    kept = [pin for pin in pins if not pin.startswith("#") and name(pin) not in direct]
    return "\n".join([*direct.values(), *kept, ""])


if __name__ == "__main__":
    sys.stdout.write(constraints())
