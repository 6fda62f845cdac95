"""`lrviz schedulers`: the list of schedulers, and a page for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lrviz.cli.options import NameArgument
from lrviz.errors import UsageError

if TYPE_CHECKING:
    from lrviz.schedulers import Scheduler


_TORCH: Final = "The schedulers of torch.optim.lr_scheduler, and compositions of them that have short names."
_SOURCE: Final = "https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"


def command(name: NameArgument = None) -> None:
    """Print the list, the schedulers of a package, or the page of one scheduler with its chart."""
    from lrviz import files, schedulers, terminal

    listed = (*schedulers.all_schedulers(), *schedulers.compositions())
    torch = schedulers.Family("torch", "torch", _TORCH, listed, _SOURCE, schedulers.CURVES)
    if name is None:
        others = [(family, schedulers.is_installed(family)) for family in schedulers.all_families()]
        with files.stdout_errors():
            terminal.print_catalogue(torch, others)
        return
    info = schedulers.require(name.rpartition(".")[2], name.rpartition(".")[0]) if "." in name else _find(name)
    families = (torch, *schedulers.all_families())
    family = None if info else next((f for f in families if name in (f.package, f.install)), None)
    if family is not None:
        with files.stdout_errors():
            terminal.print_family(family, family is torch or schedulers.is_installed(family))
        return
    if info is None:
        from difflib import get_close_matches

        packages = [n for f in schedulers.all_families() for n in (f.package, f.install)]
        close = next(iter(get_close_matches(name, packages, n=1, cutoff=0.8)), None) or schedulers.suggest(name)
        hint = f"did you mean `{close}`? " if close else ""
        raise UsageError(f"unknown scheduler `{name}`", f"{hint}`lrviz schedulers` lists them all")
    with files.stdout_errors():
        terminal.print_page(info)
    rates = _rates(info)
    if rates:
        files.write_stdout("\n")
        with files.stdout_errors():
            terminal.print_curve(rates)


def _find(name: str) -> Scheduler | None:
    from lrviz import schedulers

    return schedulers.find(name) or schedulers.find_spelling(name)


def _rates(info: Scheduler) -> list[float]:
    """The rates of the example of a scheduler; empty if it has no curve, and its package is not installed."""
    from lrviz import schedulers

    family = schedulers.family(info.family)
    curves = schedulers.CURVES if family is None else family.curves
    if info.short in curves:
        return [rate / 1e6 for rate in curves[info.short]]
    if family is not None and not schedulers.is_installed(family):
        return []
    from lrviz.cli import runs
    from lrviz.spec import read_run

    (trace,) = runs.simulate_all([read_run(info.example or info.short)], quiet=True)
    rates: list[float] = trace.lr[:, 0].tolist()
    return rates
