"""Config files of training frameworks to runs: a module for each kind of file.

In: the path of a YAML, TOML or JSON file, and the fields that are given. Out: the scheduler and the fields of its run.
"""

from __future__ import annotations

from lrviz.spec.recipes.recognising import is_recipe, read_recipe

__all__ = ["is_recipe", "read_recipe"]
