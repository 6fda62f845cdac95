"""How schedulers of other packages are found, imported, built and stepped, with packages that stand for them."""

from __future__ import annotations

import importlib
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrviz import rules, schedulers
from lrviz.cli import main
from lrviz.cli.options import complete_scheduler
from lrviz.errors import LrvizError
from lrviz.notation import parse
from lrviz.schedulers import all_families, catalogue, families, packages, plugins
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_run
from tests.families.loops import rates
from tests.families.stubs import TRANSFORMERS, write_acme, write_package

Capture = pytest.CaptureFixture[str]
ROOTS = ("transformers", "acme")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages, beside an empty current folder that is on the import path too."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ROOTS]:
        monkeypatch.delitem(sys.modules, name)
    folder, work = tmp_path / "site", tmp_path / "work"
    folder.mkdir()
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    caches = (plugins.entry_points, plugins.load)
    for cache in caches:
        cache.cache_clear()
    yield folder
    for cache in caches:
        cache.cache_clear()
    catalogue._brought.clear()
    for name in [name for name in sys.modules if name.partition(".")[0] in ROOTS]:
        del sys.modules[name]


@pytest.fixture
def transformers(site: Path) -> Any:
    """The module `transformers.optimization` of a package that stands for transformers; it is not imported yet."""
    write_package(site, "transformers", optimization=TRANSFORMERS)

    def module() -> Any:
        return sys.modules["transformers.optimization"]

    return module


def shown(text: str, **fields: Any) -> list[list[float]]:
    found: list[list[float]] = simulate(read_run(text, Fields(fields))).lr.tolist()
    return found


# The index


def test_the_index_has_the_names_of_the_families() -> None:
    for package, names in families.NAMES.items():
        found = schedulers.family(package)
        assert found is not None
        assert found.package == package
        assert {s.short: s.name for s in found.schedulers} == names
        assert {s.family for s in found.schedulers} == {package}
        assert {s.package for s in found.schedulers} == {found.install}
        assert list(found.curves) == [s.short for s in found.schedulers]
    assert len(families.INDEX) == len(
        {name for names in families.NAMES.values() for pair in names.items() for name in pair}
    )


def test_each_scheduler_of_a_family_is_found_and_described() -> None:
    for found in all_families():
        for info in found.schedulers:
            assert schedulers.find(info.short) is info
            assert schedulers.find(info.name) is info
            assert schedulers.find_imported(info.attribute, info.module) is info
            assert schedulers.require(info.attribute, info.module) is info
            words = "".join(c if c.isalnum() or c == "_" else " " for c in info.formula).split()
            assert {p.name for p in info.parameters} <= set(words), info.short
            assert len(info.summary) <= 75, info.short
            assert info.summary[0].islower(), info.short
            assert all(len(p.help) <= 90 and not p.help.endswith(".") for p in info.parameters), info.short
            assert all(text.endswith(".") for text in (info.use, info.past_end, *info.cautions)), info.short
            if info.example:
                assert parse(info.example, {"total_steps": 32}).name == info.name
        assert found.help.endswith(".")


def test_a_plot_of_torch_loads_no_family(python: Any) -> None:
    code = """
import sys
from lrviz.spec import read_run
read_run("cosine"), read_run("CosineAnnealingLR(optimizer, T_max=3)")
print([name for name in sys.modules if name.startswith("lrviz.schedulers.families.")])
"""
    assert python("-c", code).stdout.split() == ["[]"]


# Rates


LINES = {
    "hf-linear": ("get_linear_schedule_with_warmup", (1, 32)),
    "hf-linear(num_warmup_steps=4)": ("get_linear_schedule_with_warmup", (4, 32)),
    "get_linear_schedule_with_warmup(optimizer, 4, total_steps // 2)": ("get_linear_schedule_with_warmup", (4, 16)),
    "transformers.get_constant_schedule_with_warmup(self.optimizer, num_warmup_steps=5)": (
        "get_constant_schedule_with_warmup", (5,),
    ),
    "get_scheduler('linear', optimizer, 4, 20)": ("get_linear_schedule_with_warmup", (4, 20)),
    "get_scheduler('constant_with_warmup', optimizer=optimizer, num_warmup_steps=3)": (
        "get_constant_schedule_with_warmup", (3,),
    ),
    "hf-scheduler(SchedulerType.LINEAR)": ("get_linear_schedule_with_warmup", (1, 32)),
    "from transformers import get_linear_schedule_with_warmup\nepochs = 2\n"
    "s = get_linear_schedule_with_warmup(opt, num_warmup_steps=int(0.1 * 40), num_training_steps=epochs * 20)": (
        "get_linear_schedule_with_warmup", (4, 40),
    ),
    "from transformers.optimization import get_scheduler as get, SchedulerType\nkind = SchedulerType.LINEAR\n"
    "options = {}\nscheduler = get(kind, opt, 4, 40, scheduler_specific_kwargs=options)": (
        "get_linear_schedule_with_warmup", (4, 40),
    ),
    "import transformers as hf\nopt = torch.optim.AdamW(model.parameters(), lr=1e-3)\n"
    "lr_scheduler = hf.get_scheduler(name='linear', optimizer=opt, num_warmup_steps=2, num_training_steps=12)\n"
    "for epoch in range(3):\n    for batch in range(4):\n        opt.step()\n        lr_scheduler.step()": (
        "get_linear_schedule_with_warmup", (2, 12),
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", LINES)
def test_a_line_is_what_the_package_makes_of_it(text: str, transformers: Any) -> None:
    found = shown(text)
    name, arguments = LINES[text]
    assert found == rates(lambda optimizer: getattr(transformers(), name)(optimizer, *arguments), len(found))


def test_the_notation_reads_back(transformers: Any) -> None:
    for text in ("hf-linear", "get_scheduler('reduce_lr_on_plateau', scheduler_specific_kwargs={'patience': 2})"):
        spec = read_run(text)
        assert read_run(str(spec.scheduler)).scheduler == spec.scheduler
        assert hash(spec.scheduler) == hash(read_run(str(spec.scheduler)).scheduler)


def test_a_metric_is_given_where_the_type_takes_one(transformers: Any) -> None:
    values = "1,1,1,1,1,1,1,1"
    text = "get_scheduler('reduce_lr_on_plateau', optimizer, scheduler_specific_kwargs={'patience': 1, 'factor': 0.5})"
    found = shown(text, metric=values, steps=8)
    expected = rates(
        lambda optimizer: transformers().ReduceLROnPlateau(optimizer, patience=1, factor=0.5), 8, metrics=[1.0] * 8
    )
    assert found == expected
    with pytest.raises(LrvizError, match="does not use a metric"):
        read_run("get_scheduler('linear')", Fields({"metric": values}))


def test_what_a_package_prints_is_not_among_the_data(transformers: Any, capsys: Capture) -> None:
    assert main(["table", "hf-linear", "--steps", "2", "--format", "csv", "--num_warmup_steps", "1"]) == 0
    out, err = capsys.readouterr()
    assert out == "step,epoch,lr\n0,0,0.0\n1,0,0.001\n"
    assert "transformers is imported" in err


def test_the_code_runs(transformers: Any, capsys: Capture) -> None:
    assert main(["code", "get_scheduler('linear', scheduler_specific_kwargs={'a': [1, 'b']})", "--steps", "6"]) == 0
    code = capsys.readouterr().out
    assert "from transformers.optimization import get_scheduler\n" in code
    assert 'scheduler_specific_kwargs={"a": [1, "b"]}' in code
    names: dict[str, Any] = {}
    importlib.import_module("transformers.optimization")  # prints a line

    capsys.readouterr()
    exec(code.partition("resume = False")[0], names)  # noqa: S102 - the code that lrviz wrote
    assert names["optimizer"].param_groups[0]["lr"] == 0
    assert main(["code", "hf-plateau", "--only", "scheduler"]) == 0
    assert capsys.readouterr().out == "scheduler = get_reduce_on_plateau_schedule(optimizer)\n"


SCRIPT = """
import argparse
from accelerate import Accelerator
from transformers import get_scheduler, SchedulerType

parser = argparse.ArgumentParser()
parser.add_argument("--lr_scheduler_type", type=SchedulerType, default="linear", choices=["linear", "cosine"])
parser.add_argument("--num_warmup_steps", type=int, default=2)
parser.add_argument("--num_train_epochs", type=int, default=3)
args = parser.parse_args()
accelerator = Accelerator(gradient_accumulation_steps=2)
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)
steps = args.num_train_epochs * math.ceil(len(train_dataloader) / accelerator.gradient_accumulation_steps)
lr_scheduler = get_scheduler(
    name=args.lr_scheduler_type,
    optimizer=optimizer,
    num_warmup_steps=args.num_warmup_steps * accelerator.num_processes,
    num_training_steps=steps * accelerator.num_processes,
)
model, optimizer, train_dataloader, lr_scheduler = accelerator.prepare(
    model, optimizer, train_dataloader, lr_scheduler
)
for epoch in range(args.num_train_epochs):
    for step, batch in enumerate(train_dataloader):
        with accelerator.accumulate(model):
            accelerator.backward(model(batch).loss)
            optimizer.step()
            lr_scheduler.step()
            optimizer.zero_grad()
""".replace("accelerator.gradient_accumulation_steps)", "2)")


def test_a_script_under_accelerate(transformers: Any, capsys: Capture) -> None:
    Path("train.py").write_text(SCRIPT)
    lengths = ["--let", "len(train_dataloader)=10"]
    assert main(["table", "train.py", *lengths, "--format", "csv"]) == 0
    one = [float(line.split(",")[-1]) for line in capsys.readouterr().out.splitlines()[1:]]
    function = transformers().get_linear_schedule_with_warmup
    assert [[rate] for rate in one] == rates(lambda optimizer: function(optimizer, 2, 15), 15, 5e-5)
    assert main(["table", "train.py", *lengths, "--num-processes", "2", "--format", "csv"]) == 0
    two = [float(line.split(",")[-1]) for line in capsys.readouterr().out.splitlines()[1:]]
    assert [[rate] for rate in two] == rates(lambda optimizer: function(optimizer, 4, 30), 30, 5e-5)[::2]
    assert main(["check", "train.py", *lengths]) == 0
    assert "no findings" in capsys.readouterr().out


# Errors: the command line after `lrviz`, and the error and a part of the hint.
BAD = {
    "plot transformers.get_cosine_schedul": (
        "unknown scheduler `transformers.get_cosine_schedul`",
        "did you mean `get_cosine_schedule_with_warmup`? `lrviz schedulers transformers` lists",
    ),
    "plot transformers.get_adafactor_schedule": (
        "`transformers.get_adafactor_schedule` cannot be shown: it repeats the rate that Adafactor computes from the "
        "gradients, which a run without a model does not have", "",
    ),
    "plot hf-cosin": ("unknown scheduler `hf-cosin`", "did you mean `hf-cosine`?"),
    "plot get_cosine_schedule": ("unknown scheduler `get_cosine_schedule`", "did you mean `get_cosine_schedule_with_"),
    "schedulers get_cosine_schedule_with_warmu": (
        "unknown scheduler `get_cosine_schedule_with_warmu`", "did you mean `get_cosine_schedule_with_warmup`?",
    ),
    "schedulers transformers.get_x": ("unknown scheduler `transformers.get_x`", "`lrviz schedulers transformers` "),
    "plot 'hf-linear(3, 4, 5)'": (
        "`get_linear_schedule_with_warmup` takes 2 values at most, got 3",
        "its parameters are num_warmup_steps, num_training_steps",
    ),
    "plot 'hf-cosine-min-lr(1, 9, 0.5, 0.1)'": (
        "`get_cosine_with_min_lr_schedule_with_warmup` takes 3 values at most by position, got 4", "min_lr",
    ),
    "plot 'hf-linear(warmup=3)'": ("`get_linear_schedule_with_warmup` has no parameter `warmup`", "num_warmup_steps"),
    "plot hf-linear --num_warmup_steps -1": (
        "`get_linear_schedule_with_warmup` needs a `num_warmup_steps` of 0 or more, got -1", "",
    ),
    "plot hf-cosine-min-lr --min_lr 0 --min_lr_rate 0": (
        "`min_lr` and `min_lr_rate` are both given, and one sets the other", "leave one of them out",
    ),
    "plot hf-scheduler --name cosin": ("`get_scheduler` has no `name` 'cosin'", "use linear, cosine,"),
    "plot hf-scheduler": ("`get_scheduler` needs `name`", 'get_scheduler("cosine"'),
    "plot \"get_scheduler('linear', scheduler_specific_kwargs=3)\"": (
        "`get_scheduler` needs a dict such as {'num_cycles': 2} for `scheduler_specific_kwargs`, got 3", "",
    ),
    "plot 'get_scheduler(optimizer, opt)'": (
        "`get_scheduler` of transformers takes the optimizer as argument 2, and here it is the first",
        "`FILE.py:get_scheduler(...)`",
    ),
    "plot 'diffusers-piecewise(\"1:a,2\")'": ("`step_rules` cannot be read: '1:a,2'", '"1:10,0.1:20,0.01"'),
    "plot 'diffusers-piecewise(\"" + "1:2," * 101 + "1\")'": ("`step_rules` has 102 parts; 101 is the limit", ""),
    "plot 'diffusers-piecewise(3)'": ("`get_piecewise_constant_schedule` needs text for `step_rules`, got 3", ""),
    "plot hf-cosine": (  # the package that stands for transformers has few schedules
        "this version of transformers (1.2.3) has no `get_cosine_schedule_with_warmup`",
        "`pip install --upgrade transformers`",
    ),
}  # fmt: skip


def test_bad_input(transformers: Any, capsys: Capture) -> None:
    for line, (message, hint) in BAD.items():
        assert main(shlex.split(line)) == 2, line
        out, err = capsys.readouterr()
        assert out == "", line
        said, _, hinted = err.partition("hint: ")
        found = said.partition("error: ")[2].splitlines()[0]  # after what the package prints
        assert found.replace("diffusers.optimization.", "").lower() == message.lower(), line
        assert hint in hinted, line


def test_a_package_that_is_missing(site: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    for command in ("plot", "check", "show"):
        assert main([command, "hf-cosine"]) == 2
        assert capsys.readouterr().err == (
            "error: `get_cosine_schedule_with_warmup` needs the package transformers, which is not installed\n\n"
            "hint: `pip install transformers`\n"
        )
    assert main(["plot", "cosine-warmup-restarts"]) == 2  # from a repository
    assert capsys.readouterr().err.startswith(
        "error: `CosineAnnealingWarmupRestarts` needs the package cosine_annealing_warmup, which is not installed\n\n"
        "hint: `pip install git+https://"
    )
    assert main(["code", "hf-cosine"]) == 0  # needs only what lrviz knows
    assert main(["schedulers", "hf-cosine"]) == 0
    assert "Package\n  transformers: `pip install transformers`\n" in capsys.readouterr().out


def test_a_package_whose_import_fails(site: Path) -> None:
    write_package(site, "transformers", optimization="import lrviz_has_no_such_module")
    with pytest.raises(
        LrvizError, match="the package transformers cannot be imported: ModuleNotFoundError: No module "
    ):
        shown("hf-linear")
    (site / "transformers" / "optimization.py").write_text("raise RuntimeError('built for\\nanother torch')")
    with pytest.raises(LrvizError, match="cannot be imported: RuntimeError: built for another torch"):
        shown("hf-linear")


HOSTILE = "from pathlib import Path\nPath('hostile').touch()\n"


def test_nothing_of_the_current_folder_is_imported(site: Path, tmp_path: Path, capsys: Capture) -> None:
    work = tmp_path / "work"
    (work / "transformers.py").write_text(HOSTILE)
    (work / "acme.py").write_text(HOSTILE)
    write_acme(work / "more")
    (work / "more" / "acme_schedules-1.0.dist-info").rename(work / "acme_schedules-1.0.dist-info")
    preset = 'name = "x"\n[[figures]]\nname = "a"\n[[figures.curves]]\nscheduler = "hf-linear"\n'
    (work / "preset.toml").write_text(preset)
    try:
        import importlib.metadata

        importlib.metadata.version("transformers")
        installed = True
    except importlib.metadata.PackageNotFoundError:
        installed = False
    assert main(["table", "hf-linear"]) == (0 if installed else 2)
    assert main(["table", "acme-rsqrt"]) == 2
    assert main(["render", "preset.toml", "-o", "out"]) in ((0, 2) if installed else (2,))
    assert main(["schedulers"]) == 0
    assert not (work / "hostile").exists()
    write_package(site, "transformers", optimization=TRANSFORMERS)
    for name in [name for name in sys.modules if name.partition(".")[0] == "transformers"]:
        del sys.modules[name]
    assert main(["table", "hf-linear"]) == 0
    assert not (work / "hostile").exists()


# Findings: what is checked, and the code, a part of the sentence and the fix; the run has 10 epochs of 100 updates.
FINDINGS = {
    "hf-linear": None,
    "get_scheduler('constant_with_warmup')": None,
    "hf-linear(num_training_steps=500)": ("LR103", "for the last 50 % of the run", "num_training_steps=1000)"),
    "hf-linear(num_training_steps=2000)": (
        "LR102", "get_linear_schedule_with_warmup with num_training_steps 2,000, and the run has 1,000 updates",
        "get_linear_schedule_with_warmup(num_warmup_steps=50, num_training_steps=1000)",
    ),
    "get_scheduler('linear', num_training_steps=300)": ("LR103", "for the last 70 %", "num_training_steps=1000)"),
    "hf-linear(num_warmup_steps=3000)": (
        "LR107", "the warm-up takes 3,000 updates, and the run has 1,000 updates: the rate reaches 3.33e-4 of 1e-3",
        "get_linear_schedule_with_warmup(num_warmup_steps=50, num_training_steps=1000)",
    ),
    "hf-linear(num_warmup_steps=1e308)": (
        "LR107", "the warm-up takes over 1,000,000,000,000,000,000 updates, and the run has 1,000 updates",
        "get_linear_schedule_with_warmup(num_warmup_steps=50, num_training_steps=1000)",
    ),
    "hf-linear(num_warmup_steps=25, num_training_steps=1000) @ num_processes=4": (
        "LR204", "the run makes 4,000 scheduler steps", "(num_warmup_steps=100, num_training_steps=4000)",
    ),
    "hf-linear(num_warmup_steps=50, num_training_steps=1000) @ interval=epoch": (
        "LR202", "counts updates, and the scheduler steps once in each of 10 epochs", "--interval step",
    ),
    "hf-constant-warmup(num_warmup_steps=4) @ interval=epoch": (
        "LR303", "the rate is 0 for the first 100 updates, 1 whole epoch", "step the scheduler after each update",
    ),
}  # fmt: skip


def test_findings(transformers: Any) -> None:
    for text, expected in FINDINGS.items():
        spec = read_run(text, Fields({"epochs": 10, "steps_per_epoch": 100, "optimizer": "AdamW"}))
        found = rules.check_run(spec, simulate(spec))
        if expected is None:
            assert found == [], text
            continue
        code, said, fix = expected
        assert [f.code for f in found][:1] == [code], text
        assert said in found[0].message, text
        assert (found[0].fix or found[0].advice).endswith(fix), text


# Families of entry points


def test_a_family_of_an_entry_point(site: Path, capsys: Capture) -> None:
    write_acme(site)
    expected = [[1e-3 * (3 / max(step, 3)) ** 0.5] for step in range(32)]
    for text in (
        "acme-rsqrt(timescale=3)",
        "acme.schedules.get_rsqrt_schedule(optimizer, 3)",
        "get_rsqrt_schedule(optimizer, timescale=3)",
        "from acme.schedules import get_rsqrt_schedule as rsqrt\nwidth = 3\nscheduler = rsqrt(optimizer, width)",
        "SequentialLR([get_rsqrt_schedule(timescale=3), StepLR(4)], milestones=[32])",
    ):
        assert shown(text) == expected, text
    assert main(["table", "acme-rsqrt", "--timescale", "3", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"31,3,{expected[-1][0]}"
    assert main(["schedulers"]) == 0
    out = capsys.readouterr().out
    assert "\nacme-schedules\nacme-rsqrt " in out
    for name in ("acme", "acme-schedules"):
        assert main(["schedulers", name]) == 0
        assert capsys.readouterr().out.startswith("acme-schedules  installed\nThe schedules of acme.\n\nacme-rsqrt  ")
    assert main(["schedulers", "acme-rsqrt"]) == 0
    assert "\n  lr\n" in capsys.readouterr().out
    assert main(["code", "acme-rsqrt"]) == 0
    assert "from acme.schedules import get_rsqrt_schedule\n" in capsys.readouterr().out
    with pytest.raises(LrvizError, match=re.escape("`acme.Adaptive` cannot be shown: its step() takes the gradients")):
        read_run("acme.Adaptive(optimizer)")


def test_completion_has_what_is_installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert complete_scheduler("acme-") == []
    plugins.entry_points.cache_clear()
    plugins.load.cache_clear()
    write_acme(site)
    assert [name for name, _ in complete_scheduler("acme-")] == ["acme-rsqrt", "acme-halving"]
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    assert complete_scheduler("hf-") == []


def test_a_family_says_how_its_schedulers_are_built_and_stepped(site: Path) -> None:
    write_acme(site)
    found = shown("acme-halving", epochs=2, steps_per_epoch=4, lr=16.0)
    assert found == [[16], [16], [8], [8], [8], [8], [4], [4]]
    assert shown("Halving(0.25, optimizer, after=StepLR(optimizer, 3))", steps=3, lr=16.0) == [[16], [16], [4]]
    with pytest.raises(LrvizError, match="needs a scheduler such as CosineAnnealingLR"):
        read_run("Halving(after=3)")
    with pytest.raises(LrvizError, match="Accelerate wraps only torch's LRScheduler, and `Halving` is not one"):
        shown("acme-halving", num_processes=2)
    spec = read_run("Halving(0.25, optimizer, after=StepLR(optimizer, 3))")
    assert str(spec.scheduler) == "Halving(factor=0.25, after=StepLR(step_size=3))"


FAULTS = {
    "acme = acme.absent": "`acme` of the group lrviz.families cannot be loaded: ModuleNotFoundError: No module named",
    "acme = acme.lrviz_family:stepper": "`acme` of the group lrviz.families is a function, not",
}


@pytest.mark.parametrize("line", FAULTS)
def test_an_entry_point_at_fault_is_named(line: str, site: Path, capsys: Capture) -> None:
    write_acme(site, f"[lrviz.families]\n{line}\n[other]\nacme = nothing\n")
    for words in (["schedulers"], ["plot", "acme-rsqrt"], ["plot", "no_such_scheduler"]):
        assert main(words) == 2
        assert FAULTS[line] in capsys.readouterr().err
    assert main(["table", "cosine"]) == 0
