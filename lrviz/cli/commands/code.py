"""`lrviz code`: a schedule as PyTorch code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from lrviz import files
from lrviz.cli import options
from lrviz.cli.options import SchedulerArgument, with_options
from lrviz.errors import UsageError
from lrviz.text import printable


@with_options(options.RUN, options.FROM, options.CODE, options.QUIET)
def command(ctx: typer.Context, scheduler: SchedulerArgument = None, **values: Any) -> None:
    """Write a training script, a LightningModule, or the scheduler's lines alone."""
    from lrviz import code
    from lrviz.cli import runs
    from lrviz.spec import read_choice

    scheduler, values = runs.with_config_files(scheduler, values)
    if values["only"] is not None:
        read_choice("--only", values["only"], ("scheduler",))
        if values["lightning"]:
            raise UsageError("`--only` and `--lightning` write different code", "leave one of them out")
    spec = runs.read_spec("code", scheduler, ctx.obj, {**values, "label": None})
    path = values["output"] or "-"
    files.check_target(path)
    if path != "-" and any(Path(word).resolve() == Path(path).resolve() for word in scheduler):
        raise UsageError(f"`{printable(path)}` is the script that is read", "write another file with `-o`")
    write = code.scheduler_lines if values["only"] else code.training_script
    text = (code.lightning_module if values["lightning"] else write)(spec)
    runs.print_run_notes([spec], values)
    files.write_text(path, text)
    if path != "-":
        files.write_stdout(f"{printable(path)}\n")
