"""`RunSpec` to PyTorch code: the scheduler's lines, a whole training script, or a LightningModule.

In: `RunSpec`. Out: text, laid out as `ruff format` does. May import `schedulers`, `notation`, `spec`, `errors`, `text`,
`lazy`; neither torch nor numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.code.scheduler import scheduler_line, scheduler_lines
from lrviz.lazy import lazy

if TYPE_CHECKING:
    from lrviz.code.lightning import lightning_module
    from lrviz.code.script import training_script
else:
    __getattr__ = lazy(__name__, lightning=["lightning_module"], script=["training_script"])

__all__ = ["lightning_module", "scheduler_line", "scheduler_lines", "training_script"]
