"""The Python API: what it takes, what it gives, what it refuses, and what of the caller's it leaves alone."""

from __future__ import annotations

import csv
import io
import json
import math
import random
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import ChainedScheduler, ExponentialLR, LinearLR, SequentialLR, StepLR

import lrviz
from lrviz.errors import UsageError
from lrviz.notation import SchedulerCall
from tests.conftest import shown
from tests.plain_loop import rates
from tests.traces import trace

LAZY = ("draw", "simulate", "LrvizError", "NotationError", "OutputError", "SimulationError", "SpecError")
PUBLIC = {*LAZY, "UsageError", "ParamGroup", "RunSpec", "TrainingLoop", "Summary", "Trace"}


def first(trace: lrviz.Trace) -> list[float]:
    """(N,) the rates of the first parameter group."""
    rate: list[float] = trace.lr[:, 0].tolist()
    return rate


class TestPackage:
    def test_names(self) -> None:
        assert set(dir(lrviz)) == {*PUBLIC, "__version__"}
        assert set(lrviz.__all__) == PUBLIC
        assert lrviz.__version__.count(".") == 2

    def test_star(self) -> None:
        names: dict[str, Any] = {}
        exec("from lrviz import *", names)  # noqa: S102 - there is no other way to try it
        assert names.keys() - {"__builtins__"} == PUBLIC
        assert names["simulate"] is lrviz.simulate

    def test_no_such_name(self) -> None:
        with pytest.raises(AttributeError, match=r"^module 'lrviz' has no attribute 'plot'$"):
            lrviz.plot  # noqa: B018 - to look it up is the test


def stepped(optimizer: Optimizer) -> StepLR:
    return StepLR(optimizer, 3, gamma=0.5)


def by_hand(optimizer: Optimizer) -> ChainedScheduler:
    """A composite with another in it, made in an order of its own."""
    late = SequentialLR(optimizer, [StepLR(optimizer, 2), ExponentialLR(optimizer, 0.9)], [5])
    return ChainedScheduler([LinearLR(optimizer, start_factor=0.1, total_iters=3), late], optimizer)


class TestSchedulers:
    def test_notation(self) -> None:
        trace = lrviz.simulate("StepLR(3, gamma=0.5)", lr=1, epochs=2, steps_per_epoch=5)
        assert first(trace) == rates(stepped, 10, lr=1)
        assert trace.label == "StepLR(step_size=3, gamma=0.5)"
        assert trace.lr.shape == (10, 1)
        assert trace.lr.dtype == np.float64

    def test_a_short_name_and_what_follows_from_the_run(self) -> None:
        trace = lrviz.simulate("cosine", epochs=2, steps_per_epoch=3)
        assert trace.spec.scheduler == SchedulerCall("CosineAnnealingLR", kwargs=(("T_max", 6),))
        assert trace.spec.filled == ("T_max=6",)

    @pytest.mark.filterwarnings("ignore")  # torch warns of its own composites
    @pytest.mark.parametrize("make", [stepped, by_hand], ids=["plain", "composite"])
    def test_a_function(self, make: Callable[[Optimizer], Any]) -> None:
        trace = lrviz.simulate(make, lr=0.4, epochs=3, steps_per_epoch=4)
        assert first(trace) == rates(make, 12, lr=0.4)
        assert trace.label == make.__name__

    def test_any_callable(self) -> None:
        class Maker:
            def __call__(self, optimizer: Optimizer) -> Any:
                return StepLR(optimizer, 2)

        assert first(lrviz.simulate(Maker(), lr=1, epochs=1, steps_per_epoch=4)) == [1, 1, 0.1, 0.1]
        assert lrviz.simulate(Maker()).label.endswith("Maker")
        assert first(lrviz.simulate(lambda o: StepLR(o, 2), lr=1, epochs=1, steps_per_epoch=3)) == [1, 1, 0.1]

    def test_a_spec(self) -> None:
        trace = lrviz.simulate("cosine", lr={"a": 1, "b": 2}, epochs=2, label="mine")
        again = lrviz.simulate(trace.spec)
        assert again.spec is trace.spec
        assert (again.lr == trace.lr).all()

    def test_code_of_the_users_own(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "train.py").write_text(
            "from torch.optim.lr_scheduler import StepLR\n\ndef make(optimizer, n):\n    return StepLR(optimizer, n)\n"
        )
        monkeypatch.chdir(tmp_path)
        assert first(lrviz.simulate("train.py:make(2)", lr=1, epochs=1, steps_per_epoch=3)) == [1, 1, 0.1]


RATES: dict[str, tuple[Any, tuple[str, ...], list[float]]] = {
    "one": (0.5, ("lr",), [0.5]),
    "a whole number": (1, ("lr",), [1.0]),
    "a list": ([0.1, 0.2], ("group0", "group1"), [0.1, 0.2]),
    "a tuple": ((0.1, 0.2), ("group0", "group1"), [0.1, 0.2]),
    "a mapping": ({"backbone": 0.1, "head": 1}, ("backbone", "head"), [0.1, 1.0]),
    "a mapping of one": ({"head": 0.1}, ("head",), [0.1]),
    "numpy's number": (np.float64(0.1), ("lr",), [0.1]),
    "numpy's array": (np.array([0.1, 0.2]), ("group0", "group1"), [0.1, 0.2]),
    "numpy's numbers by name": ({"a": np.float64(0.1)}, ("a",), [0.1]),
}


class TestRun:
    @pytest.mark.parametrize("scheduler", ["StepLR(4)", stepped], ids=["notation", "function"])
    @pytest.mark.parametrize(("lr", "names", "starts"), RATES.values(), ids=RATES.keys())
    def test_rates(self, scheduler: Any, lr: Any, names: tuple[str, ...], starts: list[float]) -> None:
        trace = lrviz.simulate(scheduler, lr=lr)
        assert trace.group_names == names
        assert trace.lr[0].tolist() == starts

    @pytest.mark.parametrize("scheduler", ["StepLR(1)", lambda o: StepLR(o, 1)], ids=["notation", "function"])
    def test_interval(self, scheduler: Any) -> None:
        trace = lrviz.simulate(scheduler, lr=1, epochs=2, steps_per_epoch=3, interval="epoch")
        assert first(trace) == [1, 1, 1, 0.1, 0.1, 0.1]
        assert trace.epoch.tolist() == [0, 0, 0, 1, 1, 1]

    @pytest.mark.parametrize("scheduler", ["StepLR(1)", stepped], ids=["notation", "function"])
    def test_label(self, scheduler: Any) -> None:
        assert lrviz.simulate(scheduler, label="mine").label == "mine"

    def test_numbers_of_numpy(self) -> None:
        trace = lrviz.simulate("cosine", epochs=np.int64(2), steps_per_epoch=np.int32(3))  # type: ignore[arg-type]
        assert trace.spec.loop == lrviz.TrainingLoop(2, 3)
        assert type(trace.spec.loop.epochs) is int

    @pytest.mark.parametrize(
        ("notation", "lets", "printed"),
        [
            ("StepLR(n // 2)", {"n": 8}, "StepLR(step_size=4)"),
            ("StepLR(n)", {"n": np.int64(8)}, "StepLR(step_size=8)"),
            ("StepLR(n, total_steps / 64)", {"n": 8}, "StepLR(step_size=8, gamma=0.5)"),
            ("MultiStepLR(steps)", {"steps": [8, 16]}, "MultiStepLR(milestones=[8, 16])"),
            ("MultiStepLR(steps)", {"steps": (8, np.int64(16))}, "MultiStepLR(milestones=[8, 16])"),
            ("MultiStepLR(steps)", {"steps": np.array([8, 16])}, "MultiStepLR(milestones=[8, 16])"),
            ("OneCycleLR(1, 8, anneal_strategy=s)", {"s": "linear"}, None),
            ("LambdaLR(lambda e: g ** e)", {"g": 0.5}, "LambdaLR(lr_lambda=lambda e: 0.5 ** e)"),
        ],
        ids=str,
    )
    def test_lets(self, notation: str, lets: dict[str, Any], printed: str | None) -> None:
        trace = lrviz.simulate(notation, lets=lets, epochs=1, steps_per_epoch=8 if printed is None else 32)
        assert printed is None or str(trace.spec.scheduler) == printed

    def test_fields_after_the_notation_win(self) -> None:
        trace = lrviz.simulate("StepLR(4) @ epochs=2, lr=3", epochs=1, steps_per_epoch=5, lr=1)
        assert trace.lr.shape == (10, 1)
        assert trace.lr[0, 0] == 3


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "epochs a float": ({"epochs": 2.0}, "`epochs` must be a whole number, got 2.0"),
    "epochs text": ({"epochs": "3"}, "`epochs` must be a whole number, got '3'"),
    "epochs None": ({"epochs": None}, "`epochs` must be a whole number, got None"),
    "epochs True": ({"epochs": True}, "`epochs` must be a whole number, got True"),
    "epochs 0": ({"epochs": 0}, "`epochs` must be 1 or more, got 0"),
    "steps_per_epoch a float": ({"steps_per_epoch": 2.5}, "`steps_per_epoch` must be a whole number, got 2.5"),
    "lr None": ({"lr": None}, "`lr` must be a number, got None"),
    "lr text": ({"lr": "1e-3"}, "`lr` must be a number, got '1e-3'"),
    "lr bytes": ({"lr": b"12"}, "`lr` must be a number, got b'12'"),
    "lr True": ({"lr": True}, "`lr` must be a number, got True"),
    "lr nan": ({"lr": float("nan")}, "`lr` must be a finite number above 0, got nan"),
    "lr 0": ({"lr": 0}, "`lr` must be above 0, got 0"),
    "lr a tensor": ({"lr": torch.tensor(0.1)}, "`lr` must be a Python float, got a Tensor of torch.float32"),
    "lr by name with numpy's float32": (
        {"lr": {"a": np.float32(0.1)}},
        "`lr` must be a Python float, got a float32 of float32",
    ),
    "lr of nothing": ({"lr": []}, "a run needs a parameter group"),
    "lr with text in it": ({"lr": [0.1, "0.2"]}, "`lr` must be a number, got '0.2'"),
    "lr by name with None in it": ({"lr": {"a": None}}, "`lr` of `a` must be a number, got None"),
    "lr by number": ({"lr": {0: 0.1}}, "the names in `lr` must be text, got 0"),
    "interval": ({"interval": "batch"}, "`interval` must be step or epoch, got 'batch'"),
    "interval None": ({"interval": None}, "`interval` must be step or epoch, got None"),
    "label": ({"label": None}, "`label` must be text, got None"),
    "lets a list": ({"lets": ["n"]}, "`lets` must be a mapping of names to values, got ['n']"),
    "lets no name": ({"lets": {"a b": 1}}, "`lets` has 'a b', which is not a name"),
    "lets a number's name": ({"lets": {1: 1}}, "`lets` has 1, which is not a name"),
    "lets the run's own": ({"lets": {"lr": 1}}, "`lr` is a name of the run and cannot be given in `lets`"),
    "lets a set": ({"lets": {"n": {1}}}, "`lets` must give a number, text or a list of them for `n`, got {1}"),
    "lets a complex number": (
        {"lets": {"n": 1j}},
        "`lets` must give a number, text or a list of them for `n`, got 1j",
    ),
    "lets something long": (
        {"lets": {"n": {*range(50)}}},
        "`lets` must give a number, text or a list of them for `n`, got a set",
    ),
}


class TestRefusals:
    @pytest.mark.parametrize("scheduler", ["cosine", stepped], ids=["notation", "function"])
    @pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED.keys())
    def test_arguments(self, scheduler: Any, given: dict[str, Any], message: str) -> None:
        with pytest.raises(lrviz.SpecError) as caught:
            lrviz.simulate(scheduler, **given)
        assert caught.value.message == message

    @pytest.mark.parametrize("scheduler", [3, None, b"cosine", ["cosine"]], ids=repr)
    def test_what_is_no_scheduler(self, scheduler: Any) -> None:
        with pytest.raises(lrviz.SpecError) as caught:
            lrviz.simulate(scheduler)
        assert caught.value.message == (
            f"`scheduler` must be notation or a function that takes an optimizer, got {type(scheduler).__name__}"
        )

    @pytest.mark.parametrize(
        "given", [{"lr": 2}, {"epochs": 2}, {"interval": "epoch"}, {"label": "x"}, {"lets": {"n": 1}}], ids=str
    )
    def test_a_spec_takes_no_other_arguments(self, given: dict[str, Any]) -> None:
        with pytest.raises(lrviz.SpecError) as caught:
            lrviz.simulate(lrviz.simulate("cosine").spec, **given)
        assert caught.value.message == "a RunSpec describes the whole run, and takes no other arguments"

    def test_a_spec_of_text(self) -> None:
        with pytest.raises(lrviz.SpecError) as caught:
            lrviz.simulate(lrviz.RunSpec("cosine"))  # type: ignore[arg-type]
        assert caught.value.message == "`RunSpec.scheduler` must be resolved, got 'cosine'"

    @pytest.mark.parametrize(
        ("notation", "kind", "message"),
        [
            ("StepLR(", lrviz.NotationError, "cannot read the notation: '(' was never closed"),
            ("StepLR(4, gamma=x)", lrviz.NotationError, "unknown name `x`"),
            ("cosin", lrviz.SpecError, "unknown scheduler `cosin`"),
            ("StepLR(0)", lrviz.SpecError, "`StepLR` needs a `step_size` of 1 or more, got 0"),
            ("cosine @ time=3", UsageError, "a run has no field `time`"),
            ("ExponentialLR(1e308)", lrviz.SimulationError, "the rate of `ExponentialLR(gamma=1e308)` is infinite at"),
        ],
        ids=lambda value: value if isinstance(value, str) else value.__name__,
    )
    def test_errors_have_their_kinds(self, notation: str, kind: type[lrviz.LrvizError], message: str) -> None:
        with pytest.raises(kind) as caught:
            lrviz.simulate(notation)
        assert type(caught.value) is kind
        assert caught.value.message.startswith(message)
        assert str(caught.value).startswith(message)

    def test_an_error_of_torch_is_the_cause(self) -> None:
        with pytest.raises(lrviz.SimulationError) as caught:
            lrviz.simulate("CosineAnnealingWarmRestarts(4.0)")
        assert isinstance(caught.value.__cause__, ValueError)
        assert str(caught.value.__cause__) == "Expected positive integer T_0, but got 4.0"

    def test_a_function_that_raises_shows_its_frames(self) -> None:
        def inner() -> None:
            raise KeyError("warmup")

        def make(optimizer: Optimizer) -> Any:
            return inner()

        with pytest.raises(lrviz.SimulationError) as caught:
            lrviz.simulate(make)
        cause = caught.value.__cause__
        assert isinstance(cause, KeyError)
        head, *frames = shown(caught.value).split("\n")
        assert head.endswith("make` raised KeyError: 'warmup'")
        assert [line.strip() for line in frames if "test_api.py" not in line] == [
            "return inner()",
            'raise KeyError("warmup")',
        ]
        places = [f"test_api.py:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(cause.__traceback__)]
        assert [line.rpartition("/")[2] for line in frames if "test_api.py" in line] == places[-2:]

    def test_a_step_that_raises_is_told_with_the_step(self) -> None:
        class Failing(StepLR):
            def get_lr(self) -> list[Any]:
                if self.last_epoch == 3:
                    raise ValueError("three")
                return [0.1]

        with pytest.raises(lrviz.SimulationError) as caught:
            lrviz.simulate(lambda optimizer: Failing(optimizer, 1))
        assert "raised ValueError: three at step 3\n" in shown(caught.value)
        assert isinstance(caught.value.__cause__, ValueError)

    @pytest.mark.parametrize(
        ("made", "got"), [(None, "None"), (3, "int"), (StepLR, "a class, StepLR")], ids=["None", "int", "class"]
    )
    def test_a_function_that_makes_no_scheduler(self, made: Any, got: str) -> None:
        def make(optimizer: Optimizer) -> Any:
            return made

        with pytest.raises(lrviz.SimulationError, match=f"make` must return a scheduler, got {got}"):
            lrviz.simulate(make)

    def test_ctrl_c_is_passed_on(self) -> None:
        def make(optimizer: Optimizer) -> Any:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            lrviz.simulate(make)


class TestTheCallersOwn:
    def test_all_is_left_as_it_was(self, tmp_path: Path) -> None:
        torch.manual_seed(7)
        random.seed(7)
        np.random.seed(7)
        before = (torch.get_rng_state().clone(), random.getstate(), str(np.random.get_state()))
        settings, shown, path = dict(mpl.rcParams), list(warnings.filters), list(sys.path)
        streams = sys.stdout, sys.stderr
        trace = lrviz.simulate("SequentialLR([linear(), cosine()], [4])", lr=[0.1, 0.2])
        own = lrviz.simulate(by_hand)
        lrviz.draw([trace, own], style="dark", log=True).savefig(tmp_path / "curve.svg")
        with pytest.raises(lrviz.SpecError):
            lrviz.draw(trace, style="nonsense")
        assert torch.equal(torch.get_rng_state(), before[0])
        assert (random.getstate(), str(np.random.get_state())) == before[1:]
        assert dict(mpl.rcParams) == settings
        assert warnings.filters == shown
        assert sys.path == path
        assert (sys.stdout, sys.stderr) == streams

    def test_a_scheduler_of_the_callers_own_is_not_stepped(self) -> None:
        parameter = torch.nn.Parameter(torch.zeros(1))
        optimizer = SGD([parameter], lr=0.1)
        scheduler = StepLR(optimizer, 2)
        states = optimizer.state_dict(), scheduler.state_dict()
        made = []

        def make(given: Optimizer) -> Any:
            made.append(given)
            return StepLR(given, 2)

        lrviz.simulate(make)
        assert made[0] is not optimizer
        assert (optimizer.state_dict(), scheduler.state_dict()) == states
        assert parameter.item() == 0

    def test_what_a_function_prints_is_no_data(self, capsys: pytest.CaptureFixture[str]) -> None:
        def make(optimizer: Optimizer) -> Any:
            print("warming up")  # noqa: T201 - as people's code does
            return StepLR(optimizer, 2)

        lrviz.simulate(make)
        assert capsys.readouterr() == ("", "warming up\n")

    def test_warnings_of_torch_are_not_the_callers(self) -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            lrviz.simulate("SequentialLR([linear(), cosine()], [4])")
        assert caught == []


class TestDraw:
    def test_a_figure_of_matplotlib(self, tmp_path: Path) -> None:
        from matplotlib.figure import Figure

        figure = lrviz.draw(lrviz.simulate("StepLR(2)", epochs=1, steps_per_epoch=4), title="mine", size=(4, 3))
        assert isinstance(figure, Figure)
        assert figure.get_size_inches().tolist() == [4, 3]
        for suffix, magic in ((".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")):
            figure.savefig(tmp_path / f"curve{suffix}")
            assert (tmp_path / f"curve{suffix}").read_bytes().startswith(magic)

    def test_pyplot_knows_nothing_of_it(self) -> None:
        from matplotlib import pyplot

        lrviz.draw(lrviz.simulate("cosine"))
        assert pyplot.get_fignums() == []

    @pytest.mark.parametrize("several", [list, tuple, iter], ids=["list", "tuple", "iterator"])
    def test_several(self, several: Callable[[list[lrviz.Trace]], Any]) -> None:
        traces = [lrviz.simulate("cosine"), lrviz.simulate("step"), lrviz.simulate("linear")]
        figure = lrviz.draw(several(traces), layout="grid", columns=3)
        assert len(figure.axes) == 3

    @pytest.mark.parametrize(
        ("traces", "got"), [("cosine", "'c'"), (None, "None"), (3, "3"), ([1], "1"), ({"a": 1}, "'a'")], ids=repr
    )
    def test_what_is_no_trace(self, traces: Any, got: str) -> None:
        with pytest.raises(lrviz.SpecError) as caught:
            lrviz.draw(traces)
        assert caught.value.message == f"`traces` must be traces from `simulate`, got {got}"

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"style": 3}, "`style` must be text, got 3"),
            ({"style": "nonsense"}, "unknown style `nonsense`"),
            ({"log": "no"}, "`log` must be True or False, got 'no'"),
            ({"size": "10x5"}, "`size` must be width and height in inches, got '10x5'"),
            ({"size": (10,)}, "`size` must be width and height in inches, got (10,)"),
            ({"size": (10, True)}, "`size` must be width and height in inches, got (10, True)"),
            ({"size": (0, 5)}, "`size` must be from 1 to 100 inches each way, got 0x5"),
            ({"title": 3}, "`title` must be text, got 3"),
            ({"x": "time"}, "`x` must be step or epoch, got `time`"),
            ({"x": None}, "`x` must be text, got None"),
            ({"layout": "rows"}, "`layout` must be overlay or grid, got `rows`"),
            ({"columns": 2.5}, "`columns` must be a whole number, got 2.5"),
            ({"columns": "2"}, "`columns` must be a whole number, got '2'"),
            ({"columns": 0}, "`columns` must be from 1 to 24, got 0"),
        ],
        ids=str,
    )
    def test_options(self, options: dict[str, Any], message: str) -> None:
        with pytest.raises(lrviz.SpecError) as caught:
            lrviz.draw(lrviz.simulate("cosine"), **options)
        assert caught.value.message == message

    def test_nothing(self) -> None:
        with pytest.raises(lrviz.SpecError, match=r"^there is nothing to draw: no traces"):
            lrviz.draw([])


class TestTrace:
    TRACE = lrviz.simulate("StepLR(2)", lr={"a": 0.3, "b": 0.7}, epochs=2, steps_per_epoch=2)

    def test_csv(self, tmp_path: Path) -> None:
        text = self.TRACE.to_csv()
        assert text == (
            "step,epoch,lr[a],lr[b]\n0,0,0.3,0.7\n1,0,0.3,0.7\n"
            "2,1,0.03,0.06999999999999999\n3,1,0.03,0.06999999999999999\n"
        )
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [[float(row["lr[a]"]), float(row["lr[b]"])] for row in rows] == self.TRACE.lr.tolist()
        assert self.TRACE.to_csv(tmp_path / "new" / "a.csv") == text
        assert (tmp_path / "new" / "a.csv").read_bytes() == text.encode()

    def test_json(self, tmp_path: Path) -> None:
        text = self.TRACE.to_json()
        (found,) = json.loads(text)["traces"]
        assert found["scheduler"] == "StepLR(step_size=2)"
        assert [group["name"] for group in found["groups"]] == ["a", "b"]
        assert [group["lr"] for group in found["groups"]] == self.TRACE.lr.T.tolist()
        assert self.TRACE.to_json(str(tmp_path / "a.json")) == text
        assert (tmp_path / "a.json").read_bytes() == text.encode()

    def test_an_infinite_metric_reads_back_from_json(self) -> None:
        trace = lrviz.simulate("plateau", metric=[math.inf, -math.inf, math.nan, 0.5], epochs=1, steps_per_epoch=5)
        (found,) = json.loads(trace.to_json(), parse_constant=pytest.fail)["traces"]
        assert found["metric"] == [None, math.inf, -math.inf, None, 0.5]

    @pytest.mark.parametrize("write", [TRACE.to_csv, TRACE.to_json], ids=["csv", "json"])
    def test_a_path_that_cannot_be_written(self, write: Callable[[Any], str], tmp_path: Path) -> None:
        with pytest.raises(lrviz.OutputError, match="it is a folder"):
            write(tmp_path)

    def test_a_path_that_is_none(self) -> None:
        with pytest.raises(lrviz.OutputError, match=r"^cannot write to 3: it is not a path$"):
            self.TRACE.to_csv(3)  # type: ignore[arg-type]

    def test_a_peak_that_comes_again_but_for_rounding_is_told_where_it_was_first(self) -> None:
        assert trace([0.1, 0.05, 0.1 * (1 + 1e-15), 0.0]).summary().peak_step == 0
        assert trace([0.1, 0.05, 0.1 * (1 + 1e-9), 0.0]).summary().peak_step == 2

    def test_the_mean_of_the_greatest_rates_is_finite(self) -> None:
        summary = lrviz.simulate("constant(factor=0.5, total_iters=16)", lr=1.6e308).summary()
        assert summary.mean == pytest.approx(1.2e308)

    def test_summary(self) -> None:
        assert self.TRACE.summary(1) == lrviz.Summary(
            first=0.7,
            peak=0.7,
            peak_step=0,
            final=0.06999999999999999,
            least=0.06999999999999999,
            mean=0.385,
            warmup_end=None,
        )


def test_draw_takes_what_the_command_line_takes() -> None:
    momentum = lrviz.simulate("onecycle")
    assert len(lrviz.draw(momentum, momentum=True).axes) == 2
    assert lrviz.draw(momentum, dpi=40).dpi == 40
    pair = [momentum, lrviz.simulate("step", lr=0.1)]
    shared, free = (lrviz.draw(pair, layout="grid", share_y=share_y).axes for share_y in (True, False))
    assert shared[0].get_ylim() == shared[1].get_ylim()
    assert free[0].get_ylim() != free[1].get_ylim()
    for given in ({"dpi": 1.5}, {"share_y": 1}, {"momentum": "yes"}):
        with pytest.raises(lrviz.SpecError, match=f"`{next(iter(given))}` must be"):
            lrviz.draw(momentum, **given)
