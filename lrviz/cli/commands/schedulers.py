"""`lrviz schedulers`: the list of schedulers, and a page for each."""

from __future__ import annotations

from lrviz.cli.options import NameArgument
from lrviz.errors import UsageError


def command(name: NameArgument = None) -> None:
    """Print the list, or the page of one scheduler with its chart."""
    from lrviz import files, schedulers, terminal

    if name is None:
        with files.stdout_errors():
            terminal.print_catalogue((*schedulers.all_schedulers(), *schedulers.compositions()))
        return
    info = schedulers.find(name) or schedulers.find_spelling(name)
    if info is None:
        close = schedulers.suggest(name)
        hint = f"did you mean `{close}`? " if close else ""
        raise UsageError(f"unknown scheduler `{name}`", f"{hint}`lrviz schedulers` lists them all")
    with files.stdout_errors():
        terminal.print_page(info)
    if info.short in schedulers.CURVES:
        rates = [rate / 1e6 for rate in schedulers.CURVES[info.short]]
    else:  # a scheduler of another package
        from lrviz.cli import runs
        from lrviz.spec import read_run

        (trace,) = runs.simulate_all([read_run(info.example or info.short)], quiet=True)
        rates = trace.lr[:, 0].tolist()
    files.write_stdout("\n")
    with files.stdout_errors():
        terminal.print_curve(rates)
