"""`lrviz check`: what is wrong with a schedule, and the fix."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from lrviz import files, terminal
from lrviz.cli import options
from lrviz.cli.options import CheckArgument, with_options
from lrviz.errors import LrvizError, MisfitError, UsageError
from lrviz.spec import (
    FIELDS,
    CodeCall,
    RunSpec,
    is_recipe,
    read_all,
    read_choice,
    read_count,
    read_runs,
    resumed_run,
    split_commas,
)
from lrviz.text import count

if TYPE_CHECKING:
    from lrviz.rules import Finding, Rule

    Report = Callable[[int, int], None]

_LIMITS: Final = ("max_curves", "max_updates")


@with_options(options.RUN, options.FROM, options.LABELS, options.CHECK, options.QUIET)
def command(ctx: typer.Context, scheduler: CheckArgument = None, **values: Any) -> int:
    """Judge schedules; the exit status is 1 if there is a warning or an error."""
    from lrviz import rules
    from lrviz.cli import runs

    if values["explain"] is not None:
        _explain(values["explain"])
        return 0
    scheduler, values = runs.with_config_files(scheduler, values)
    if not scheduler:
        raise UsageError(
            "`lrviz check` needs schedules", "such as `lrviz check cosine`, `lrviz check train.py` or a preset"
        )
    format = read_choice("--format", values["format"] or "text", rules.REPORT_FORMATS)
    least = read_choice("--severity", values["severity"] or "note", rules.SEVERITIES)
    select, ignore = (_read_codes(f"--{name}", values[name]) for name in ("select", "ignore"))
    specs, misfits = _read_specs(scheduler, ctx.obj, values)
    shown = rules.SEVERITIES[: rules.SEVERITIES.index(least) + 1]
    findings = [
        finding
        for finding in (*misfits, *_findings(specs, values))
        if finding.severity in shown
        and (not select or rules.matches(finding.code, select))
        and not rules.matches(finding.code, ignore)
    ]
    if not values["quiet"] and findings and any(len(spec.assumed) == 2 for spec, _ in specs):
        loop = specs[0][0].loop
        terminal.print_note(
            f"the run is lrviz's default of {loop.epochs} epochs of {loop.steps_per_epoch} updates: give `--epochs` "
            "and `--steps-per-epoch`, or `--steps`"
        )
    findings.sort(key=lambda f: rules.SEVERITIES.index(f.severity))
    try:
        files.write_stdout(rules.report(findings, len(specs) + len(misfits), format))
    except BrokenPipeError:  # a reader that has gone does not change the status
        files.discard_stdout()
    return 1 if any(finding.severity != "note" for finding in findings) else 0


def _read_codes(option: str, texts: Sequence[str] | None) -> tuple[str, ...]:
    from lrviz import rules

    codes = tuple(part.strip().upper() for text in texts or () for part in split_commas(text))
    for code in codes:
        if not rules.is_code(code):
            raise UsageError(
                f"`{option}` takes codes of rules, got `{code}`",
                "such as LR101, or LR1 for its group; see docs/rules.md",
            )
    return codes


def _read_specs(
    words: Sequence[str], parameters: dict[str, str], values: dict[str, Any]
) -> tuple[list[tuple[RunSpec, Path]], list[Finding]]:
    """The runs of notation, scripts and presets, each with the folder in which its code runs.

    The second list has findings about schedules that have no room in their run.
    """
    from lrviz import presets, rules
    from lrviz.cli import runs

    fields = replace(runs.read_fields(values), any_length=True)
    labels = values["label"] or ()
    shipped = presets.preset_names()
    found: list[tuple[RunSpec, Path]] = []
    misfits: list[Finding] = []
    texts: list[str] = []
    for word in words:
        if not (word in shipped or (word.lower().endswith(".toml") and not is_recipe(word))):
            texts.append(word)
            continue
        given = [f.option for f in FIELDS if values.get(f.name) not in (None, False)]
        if given:
            raise UsageError(
                f"`{given[0]}` is for notation and scripts, and `{word}` is a preset", "its runs are described in it"
            )
        limits = {n: read_count(f"--{n.replace('_', '-')}", values[n]) for n in _LIMITS if values[n] is not None}
        path = presets.find_preset(word)
        try:
            loaded = presets.load_preset(
                path,
                allow_code=values["allow_code"],
                allow_outside=values["allow_outside"],
                any_length=True,
                **limits,
            )
        except MisfitError as error:
            misfits.append(rules.misfit(word, error))
            continue
        found += [(run, loaded.folder) for plan in loaded.figures for run in plan.runs]
    if parameters and len(texts) != 1:
        raise UsageError(
            f"`--{next(iter(parameters))}` is for one scheduler, got {len(texts)}", "write it in the notation of each"
        )
    if len(labels) > len(texts):
        raise UsageError(f"{len(labels)} labels for {count(len(texts), 'scheduler')}", "give `--label` once for each")
    most = 1000 if values["max_curves"] is None else read_count("--max-curves", values["max_curves"])
    for text, label in zip_longest(texts, labels[: len(texts)], fillvalue=""):
        try:
            read = (
                read_runs([text], fields, [label], most) if "{" in text else read_all(text, fields, parameters, label)
            )
        except MisfitError as error:
            misfits.append(rules.misfit(text, error))
        else:
            found += [(run, Path()) for run in read]
    return found, misfits


def _findings(specs: Sequence[tuple[RunSpec, Path]], values: dict[str, Any]) -> Iterator[Finding]:
    """The findings of every run.

    Raises:
        LrvizError: a run cannot be simulated, and no rule says why; or it cannot be stopped where `--resume-at` says.
    """
    from lrviz import rules
    from lrviz.cli import runs

    runs.check_packages([spec for spec, _ in specs])
    with runs.gc_paused():
        from lrviz import simulation
    total = sum(spec.loop.scheduler_calls for spec, _ in specs)
    done_before = 0
    resumes = [runs.read_resume(values, spec) for spec, _ in specs]
    for spec, _ in specs if values["resume_at"] is not None else ():
        resumed_run(spec, "load")  # refuses the loop of a script
    with terminal.progress_bar("simulating", values["quiet"]) as report:
        for (spec, folder), resume in zip(specs, resumes, strict=True):
            trace, failure, stop = None, None, None
            is_code = isinstance(spec.scheduler, CodeCall)
            try:
                with contextlib.chdir(folder) if is_code else contextlib.nullcontext():
                    trace = simulation.simulate_apart(spec, _advance(report, done_before, total))
                    stop = resume.outcomes(values["resume_by"]) if resume is not None else None
            except LrvizError as error:
                failure = error
            found = rules.check_run(spec, trace, failure, simulation.simulate, stop)
            if failure is not None and not found:
                raise failure
            yield from found
            done_before += spec.loop.scheduler_calls


def _advance(report: Report | None, offset: int, total: int) -> Report | None:
    return None if report is None else lambda done, _: report(offset + done, total)


def _explain(text: str) -> None:
    """Print the entry of a rule, with the chart of its example."""
    from lrviz import rules

    rule = rules.find_rule(text)
    if rule is None:
        raise UsageError(f"no rule `{text}`", "such as `lrviz check --explain LR101`; docs/rules.md has them all")
    rates, fix = _example(rule)
    files.write_stdout("".join(f"{line}\n" for line in rules.explain(rule, fix)) + ("\n" if rates else ""))
    if rates:
        with files.stdout_errors():
            terminal.print_curve(rates)


def _example(rule: Rule) -> tuple[list[float], str]:
    """The rates of a rule's example, empty if it cannot run, and the fix of the finding."""
    from lrviz import rules
    from lrviz.cli import runs
    from lrviz.spec import Fields

    text, given = rules.split_example(rule.example)
    with runs.gc_paused():
        from lrviz import simulation
    (spec,) = read_all(text, Fields(any_length=True))
    trace, failure, stop = None, None, None
    try:
        trace = simulation.simulate(spec)
        if resume := runs.read_resume({"resume_at": None, "resume_by": None, **given}, spec):
            stop = resume.outcomes(given.get("resume_by"))
    except LrvizError as error:
        failure = error
    findings = rules.check_run(spec, trace, failure, simulation.simulate, stop)
    fix = next((f.fix for f in findings if f.code == rule.code), "")
    return ([] if trace is None else trace.lr[:, 0].tolist()), fix
