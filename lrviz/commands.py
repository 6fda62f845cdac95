"""What each command does with its options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lrviz import catalogue
from lrviz.errors import UsageError
from lrviz.notation import SchedulerCall
from lrviz.options import FIGURES
from lrviz.reading import read_choice, read_count, read_lets, read_size
from lrviz.runs import FIELDS, MAX_CURVES, Fields, Sweep, read_run, read_runs
from lrviz.spec import CodeCall

if TYPE_CHECKING:
    from lrviz.look import FigureOptions
    from lrviz.spec import RunSpec

Values = Mapping[str, Any]


def plot(schedulers: Sequence[str], parameters: Mapping[str, str], values: Values) -> None:
    """`lrviz plot`: one curve as a figure."""
    spec, look = _spec("plot", schedulers, parameters, values), _look(values)
    from lrviz import delivery

    path, chosen = delivery.target(values, "png", _stem(spec))
    (trace,) = delivery.simulate_all([spec], values["quiet"], figure=chosen in FIGURES)
    delivery.write([trace], path, chosen, look)
    delivery.say_runs([spec], values["quiet"], [trace])
    delivery.summarise(trace, path, values["quiet"])


def table(schedulers: Sequence[str], parameters: Mapping[str, str], values: Values) -> None:
    """`lrviz table`: one curve as numbers."""
    spec = _spec("table", schedulers, parameters, values)
    from lrviz import delivery

    path, chosen = delivery.target(values, "table", _stem(spec))
    (trace,) = delivery.simulate_all([spec], values["quiet"], figure=chosen in FIGURES)
    delivery.say_runs([spec], values["quiet"], [trace])
    delivery.write([trace], path, chosen)


def show(schedulers: Sequence[str], parameters: Mapping[str, str], values: Values) -> None:
    """`lrviz show`: one curve in the terminal."""
    spec = _spec("show", schedulers, parameters, values)
    from lrviz import delivery

    traces = delivery.simulate_all([spec], values["quiet"])
    delivery.say_runs([spec], values["quiet"], traces)
    delivery.print_chart(traces, log=values["log"])
    delivery.summarise(traces[0], None, values["quiet"])


def compare(specs: Sequence[str], values: Values) -> None:
    """`lrviz compare`: several curves, and how they differ."""
    if not specs:
        raise UsageError("`lrviz compare` needs schedulers", "such as `lrviz compare cosine onecycle`")
    look, quiet = _look(values), values["quiet"]
    most = MAX_CURVES if values["max_curves"] is None else read_count("--max-curves", values["max_curves"])
    runs = read_runs(specs, _fields(values), values["label"] or (), most)
    from lrviz import delivery

    if values["show_chart"]:
        if values["output"] is not None or values["format"] is not None:
            raise UsageError("`--show` draws in the terminal and writes no file", "leave out `--show`, or `-o`")
        traces = delivery.simulate_all(runs, quiet)
        delivery.say_runs(runs, quiet, traces)
        delivery.print_chart(traces, log=values["log"])
        delivery.summarise_all(traces, None, quiet)
        return
    path, chosen = delivery.target(values, "png", "compare")
    traces = delivery.simulate_all(runs, quiet, figure=chosen in FIGURES)
    delivery.write(traces, path, chosen, look)
    delivery.say_runs(runs, quiet, traces)
    delivery.summarise_all(traces, path, quiet)


def _fields(values: Values) -> Fields:
    given = {name: values[name] for name in FIELDS if values.get(name) not in (None, False)}
    shown = values.get("show")
    if shown is not None:
        read_choice("--show", shown, ("momentum",))
    return Fields(given, lets=read_lets(values["let"] or ()), show_momentum=shown == "momentum")


def _spec(command: str, scheduler: Sequence[str], parameters: Mapping[str, str], values: Values) -> RunSpec:
    name = f"lrviz {command}"
    if not scheduler:
        raise UsageError(f"`{name}` needs a scheduler", f"such as `{name} cosine`; `lrviz schedulers` lists them all")
    if len(scheduler) > 1:
        listed = " ".join(s if s.isidentifier() else f'"{s}"' for s in scheduler)
        raise UsageError(
            f"`{name}` takes one scheduler, got {len(scheduler)}: {', '.join(f'`{s}`' for s in scheduler)}",
            f"`lrviz compare {listed}` puts them side by side; notation needs quotes",
        )
    if (size := Sweep.of(scheduler[0]).size) != 1:
        raise UsageError(
            f"`{name}` takes one curve, and the braces make {size:,}", f'use `lrviz compare "{scheduler[0]}"`'
        )
    return read_run(scheduler[0], _fields(values), parameters, values["label"] or "")


def _look(values: Values) -> FigureOptions:
    from lrviz.look import FigureOptions

    given: dict[str, Any] = {
        "style": "lrviz" if values["style"] is None else values["style"],
        "log": values["log"],
        "title": values["title"],
        "momentum": values.get("show") == "momentum",
    }
    if values["size"] is not None:
        given["size"] = read_size(values["size"])
    if values["dpi"] is not None:
        given["dpi"] = read_count("--dpi", values["dpi"])
    if values["x"] is not None:
        given["x"] = read_choice("--x", values["x"], ("step", "epoch"))
    if values.get("layout") is not None:
        given["layout"] = read_choice("--layout", values["layout"], ("overlay", "grid"))
    if values.get("columns") is not None:
        given["columns"] = read_count("--columns", values["columns"])
    if values.get("axes") is not None:
        given["share_y"] = read_choice("--axes", values["axes"], ("shared", "free")) == "shared"
    return FigureOptions(**given)


def _stem(spec: RunSpec) -> str:
    """A plain file name for a figure: the scheduler's short name, or the function's own."""
    match spec.scheduler:
        case SchedulerCall(name=name):
            info = catalogue.find(name)
            return info.short if info else name.lower()
        case CodeCall(call=call):
            return re.sub(r"\W+", "_", call.name).strip("_").lower() or "curve"
    return "curve"
