"""`lrviz schedulers`: what there is, and what each one does."""

from __future__ import annotations

from lrviz import catalogue, pages
from lrviz.errors import UsageError
from lrviz.stdout import guarding_stdout


def list_schedulers() -> None:
    """All of them, in a line each."""
    with guarding_stdout():
        pages.print_catalogue(catalogue.SCHEDULERS)


def describe_scheduler(name: str) -> None:
    """One in full: the page first, for the chart below it takes torch a second to come.

    Raises:
        UsageError: there is none of that name.
    """
    info = catalogue.find(name)
    if info is None:
        close = catalogue.suggest(name)
        hint = f"did you mean `{close}`? " if close else ""
        raise UsageError(f"unknown scheduler `{name}`", f"{hint}`lrviz schedulers` lists them all")
    with guarding_stdout():
        pages.print_page(info)
    from lrviz import delivery, output
    from lrviz.runs import read_run

    spec = read_run(info.example or info.short)
    output.write_stdout("\n")
    delivery.print_chart(delivery.simulate_all([spec], quiet=True), height=12)
