"""What the commands do with scripts: stdin, files with values, questions, the list, and where each value is from."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from lrviz.cli import main

Capture = pytest.CaptureFixture[str]

SCRIPT = """\
import yaml
from torch.optim.lr_scheduler import LinearLR, SequentialLR, StepLR

cfg = yaml.safe_load(open("config.yaml"))
opt = torch.optim.SGD(model.parameters(), lr=args.lr)
warmup = LinearLR(opt, total_iters=cfg["warmup"])
decay = StepLR(
    opt,
    step_size=cfg["sched"]["step"],
    gamma=config.get("gamma", 0.3),
)
sched = SequentialLR(opt, [warmup, decay], milestones=[cfg["warmup"]])
for epoch in range(epochs_of(args)):
    for batch in loader:
        opt.step()
    sched.step()
"""
TOML = 'warmup = 3\nlr = 0.5\n[sched]\nstep = 4\nname = "step"\n'
JSON = '{"warmup": 3, "lr": 0.5, "sched": {"step": 4}}'
YAML = "base: &base\n  lr: 5e-1\nsched: {step: 4}\nwarmup: 3\n<<: *base\n"
NAMES = '"epochs_of(args)" = 6\n[cfg]\nwarmup = 3\nsched.step = 4\n[args]\nlr = 0.5\n'
WANTED = (
    "SequentialLR(schedulers=[LinearLR(total_iters=3), StepLR(step_size=4, gamma=0.3)], milestones=[3]) · 48 updates, "
    "6 scheduler steps, 6 epochs of 8 · lr 0.5"
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(SCRIPT)
    return tmp_path


class Typed(io.TextIOWrapper):
    """Standard input with a text, at a terminal or not."""

    def __init__(self, text: str, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(text.encode()), "utf-8")
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(("name", "text"), [("a.toml", TOML), ("a.json", JSON), ("a.yaml", YAML)])
def test_a_configuration_gives_the_values_of_a_script(name: str, text: str, capsys: Capture) -> None:
    Path(name).write_text(text)
    command = ["show", "train.py", "--let", "epochs_of(args)=6"]
    assert main([*command, "--config", name]) == 0
    assert WANTED in capsys.readouterr().err


def test_a_file_gives_the_values_of_names(capsys: Capture) -> None:
    Path("names.toml").write_text(NAMES)
    command = ["show", "train.py", "--let-file", "names.toml", "--let", "config.get('gamma', 0.3)=0.3"]
    assert main(command) == 0
    assert WANTED in capsys.readouterr().err
    assert main([*command, "--let", "args.lr=0.25"]) == 0  # what is typed wins
    assert "lr 0.25" in capsys.readouterr().err


FORMS = {
    "a default of argparse": "p = argparse.ArgumentParser()\np.add_argument('--step', default=9)\na = p.parse_args()\n"
    "StepLR(opt, a.step)",
    "an attribute": "StepLR(opt, args.step)",
    "of self": "StepLR(opt, self.cfg.step)",
    "as an item": "StepLR(opt, hparams['step'])",
    "with a default": "StepLR(opt, cfg.get('step', 9))",
    "from a file": "c = json.load(open('c.json'))\nStepLR(opt, c['step'])",
    "of a function": "c = OmegaConf.load('c.yaml')\nStepLR(opt, c.step)",
    "as keywords": "StepLR(opt, **cfg.sched)",
    "in a variable": "s = cfg['sched']\nStepLR(opt, **s)",
    "in a loop": "k = {}\nfor key, value in cfg['sched'].items():\n    k[key] = value\nStepLR(opt, **k)",
    "in a namespace": "c = yaml.safe_load(f)\na = argparse.Namespace(**c)\nStepLR(opt, a.step)",
    "in an argument of another name": "def f(c):\n    return StepLR(opt, c.step)\nf(self.args)",
    "in an argument": "def f(config):\n    return StepLR(opt, config.step)\nf(load())",
    "in a dictionary with attributes": "from easydict import EasyDict\nc = EasyDict({'a': {'step': 3}})\n"
    "c.a.step += 0\nStepLR(opt, c.a.step)",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_a_configuration_is_used_in_many_forms(text: str, capsys: Capture) -> None:
    Path("c.json").write_text('{"step": 3, "sched": {"step_size": 3}}')
    assert main(["table", text + "\n", "--config", "c.json", "--format", "json"]) == 0
    assert '"scheduler": "StepLR(step_size=3)"' in capsys.readouterr().out


def test_what_is_no_configuration_has_no_value_of_it(capsys: Capture) -> None:
    Path("c.json").write_text('{"lr": 0.5, "shape": 3}')
    assert main(["show", "StepLR(opt, [optimizer.lr, x.shape, torch.load(f)['lr']])\n", "--config", "c.json"]) == 2
    assert "the script needs 3 values: `optimizer.lr`" in capsys.readouterr().err


def test_stdin_is_a_script_or_notation(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    Path("c.json").write_text(JSON)
    monkeypatch.setattr(sys, "stdin", Typed(SCRIPT))
    assert main(["show", "-", "--config", "c.json", "--let", "epochs_of(args)=6"]) == 0
    assert WANTED in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", Typed("cosine(T_max={4,8})\n"))
    assert main(["compare", "-", "step(step_size=3)", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "step,epoch,CosineAnnealingLR T_max=4,CosineAnnealingLR T_max=8,StepLR(step_size=3)"
    )
    monkeypatch.setattr(sys, "stdin", Typed(SCRIPT))
    assert main(["show", "-"]) == 2
    assert capsys.readouterr().err.startswith("error: stdin: the script needs 5 values: ")


def test_values_are_asked_for_and_the_options_are_printed(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    answers = {"args.lr": "0.5", "cfg['warmup']": "3", "cfg['sched']['step']": "4", "config.get('gamma', 0.3)": "0.3",
               "epochs_of(args)": "6"}  # fmt: skip
    order = ["cfg['sched']['step']", "config.get('gamma', 0.3)", "cfg['warmup']", "args.lr", "epochs_of(args)"]
    typed = "".join(f"{answers[text]}\n" for text in order)
    monkeypatch.setattr(sys, "stdin", Typed(f"x y\n{typed}", terminal=True))
    assert main(["show", "train.py", "--ask"]) == 0
    err = capsys.readouterr().err
    assert err.count("error: ") == 1  # `x y` is not a value, and is asked for again
    assert "args.lr (a rate, line 5): " in err
    assert WANTED in err
    (line,) = [line for line in err.splitlines() if line.startswith("without questions: ") or ": without" in line]
    options = line.partition("without questions: ")[2]
    assert options == (
        "--let \"cfg['sched']['step']=4\" --let \"config.get('gamma', 0.3)=0.3\" --let \"cfg['warmup']=3\" "
        "--let args.lr=0.5 --let 'epochs_of(args)=6'"
    )
    monkeypatch.setattr(sys, "stdin", Typed("3\n", terminal=True))
    assert main(["show", "train.py", "--ask"]) == 2
    assert "error: no value for `config.get('gamma', 0.3)`" in capsys.readouterr().err


def test_the_batches_of_an_epoch_are_asked_for_as_a_field(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(sys, "stdin", Typed("five\n5\n", terminal=True))
    text = "s = cosine(opt, len(loader) * 3)\nfor epoch in range(3):\n    for x in loader:\n        s.step()"
    assert main(["show", text, "--ask"]) == 0
    err = capsys.readouterr().err
    assert "`--steps-per-epoch` must be a number, got `five`" in err
    assert "without questions: --steps-per-epoch 5" in err
    assert "15 steps, 3 epochs of 5" in err


def test_the_schedulers_of_a_script_are_listed(capsys: Capture) -> None:
    Path("two.py").write_text(
        "a = StepLR(SGD(p, 0.1), args.n)\nb = ExponentialLR(SGD(q, 0.1), 0.9)\nfor epoch in range(3):\n"
        "    for x in loader:\n        b.step()\n    a.step()\n"
    )
    for command in ("plot", "table", "show", "compare"):
        assert main([command, "two.py", "--list"]) == 0
        assert capsys.readouterr().out == (
            "name  line  scheduler      interval\na     1     StepLR         epoch\nb     2     ExponentialLR  step\n"
        )
    assert main(["show", "two.py@b"]) == 0  # the values of the other are not asked for


def test_it_is_explained_where_each_value_is_from(capsys: Capture) -> None:
    Path("c.json").write_text(JSON)
    options = ["--config", "c.json", "--let", "epochs_of(args)=9", "--steps-per-epoch", "9", "--explain"]
    assert main(["show", "train.py", *options]) == 0
    err = capsys.readouterr().err
    assert err.partition("SequentialLR(")[0] == (
        "from the script:\n"
        "  optimizer                SGD    line 5\n"
        "  lr                       0.5    line 5\n"
        "  epochs                   9      line 13\n"
        "  steps_per_epoch          9      `--steps-per-epoch`\n"
        "  interval                 epoch  line 16\n"
        "  LinearLR.total_iters     3      line 6: cfg['warmup']\n"
        "  StepLR.step_size         4      line 9: cfg['sched']['step']\n"
        "  StepLR.gamma             0.3    line 10: config.get('gamma', 0.3)\n"
        "  SequentialLR.milestones  [3]    line 12: [cfg['warmup']]\n"
    )
    assert main(["compare", "cosine", "--explain", "--chart"]) == 0
    assert (
        "note: `--explain` is for scripts and config files, and `CosineAnnealingLR(T_max=32)` is not one"
        in capsys.readouterr().err
    )


def test_without_pyyaml_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    Path("a.yaml").write_text(YAML)
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert main(["show", "train.py", "--config", "a.yaml"]) == 2
    assert capsys.readouterr().err == (
        "error: reading YAML needs the package PyYAML\n\n"
        "hint: `pip install pyyaml`, or write the file as TOML or JSON\n"
    )


SAID = {
    "an option of the run": (["--epochs", "0"], "error: `--epochs` must be 1 or more, got 0"),
    "a rate": (["--lr", "fast"], "error: `--lr` must be a number, got `fast`"),
    "a value of the notation": ([], "error: train.py: the script needs 5 values: "),
}


@pytest.mark.parametrize(("options", "start"), SAID.values(), ids=SAID.keys())
def test_only_an_error_of_the_script_begins_with_its_path(options: list[str], start: str, capsys: Capture) -> None:
    assert main(["show", "train.py", *options]) == 2
    assert capsys.readouterr().err.startswith(start)


def test_the_caret_is_at_the_scheduler_that_is_not_known(capsys: Capture) -> None:
    assert main(["show", "a = 1\nscheduler = create_scheduler(optimizer, a)\nscheduler.step()"]) == 2
    assert capsys.readouterr().err.splitlines()[1:3] == [
        "    scheduler = create_scheduler(optimizer, a)",
        "                ^",
    ]


# Files of values that are refused: the name, the content, and what is said.
FILES = {
    "no table": ("a.json", "[1, 2]", "`a.json` must have names and values"),
    "no JSON": ("a.json", "{", "`a.json` is not JSON: Expecting property name"),
    "no TOML": ("a.toml", "a = b", "`a.toml`, line 1, column 5: invalid value"),
    "no YAML": ("a.yaml", "a: [1", "`a.yaml` is not YAML: while parsing a flow sequence"),
    "a tag": (
        "a.yaml",
        "a: !!python/object/apply:os.getpid []",
        "`a.yaml` is not YAML: the tag `!!python/object/apply:os.getpid` names",
    ),
    "a date": ("a.toml", "a = 2020-01-01", "`a.toml`: a value is of the type date, which is not followed"),
    "a date in YAML": ("a.yaml", "a: 2020-01-01", "`a.yaml`: a value is of the type date, which is not followed"),
    "no date": ("a.yaml", "a: 2020-99-01", "`a.yaml` is not YAML: month must be in 1..12"),
    "a set": ("a.yaml", "a: !!set {b}", "`a.yaml`: a value is of the type set, which is not followed"),
    "no value of its tag": ("a.yaml", "a: !!bool x", "`a.yaml` is not YAML: a value is not what its tag says"),
    "no digits": ("a.yaml", 'a: !!int ""', "`a.yaml` is not YAML: a value is not what its tag says"),
    "a control character": ("a.yaml", "a: \x1f", "`a.yaml` is not YAML: unacceptable character #x001f"),
    "a large number": ("a.json", '{"a": 1' + "0" * 400 + "}", "`a.json`: a number of 1,329 bits is too large"),
    "a number of many digits": ("a.json", '{"a": 1' + "0" * 5000 + "}", "`a.json` is not JSON: a number has thousands"),
    "deep JSON": ("a.json", '{"a": ' + "[" * 3000, "`a.json`: nested too deeply"),
    "deep lists": ("a.json", '{"a": ' + "[" * 40 + "]" * 40 + "}", "`a.json`: it is nested more than 30 levels deep"),
    "deep YAML": ("a.yaml", "a: " + "[" * 3000, "`a.yaml`: nested too deeply"),
    "many values": ("a.json", '{"a": [' + "1," * 30_000 + "1]}", "`a.json`: it has over 10,000 values"),
    "aliases that double": (
        "a.yaml",
        "a0: &a0 [1, 1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40)),
        "`a.yaml` is not YAML: it has over 10,000 values with those that aliases repeat",
    ),
    "merges that double": (
        "a.yaml",
        "a0: &a0 {k: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 40)),
        "`a.yaml` is not YAML: it has over 10,000 values with those that aliases repeat",
    ),
    "an alias of itself": ("a.yaml", "a: &a [*a]", "`a.yaml` is not YAML: an alias is inside of what it stands for"),
    "a large file": ("a.json", '{"a": 1}' + " " * 300_000, "cannot read `a.json`: it has 300,008 bytes; the maximum"),
    "an invalid name": ("a.json", '{"a b": 1}', "`a.json` gives a value to `a b`, which is not a name"),
    "a name of the run": ("a.json", '{"epochs": 1}', "`epochs` is a name of the run and cannot be given in `a.json`"),
}


@pytest.mark.parametrize(("name", "text", "message"), FILES.values(), ids=FILES.keys())
def test_a_file_of_values_is_refused(name: str, text: str, message: str, capsys: Capture) -> None:
    Path(name).write_text(text)
    assert main(["show", "train.py", "--let-file", name]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")


def test_an_empty_file_has_no_values(capsys: Capture) -> None:
    Path("a.yaml").write_text("# nothing\n")
    assert main(["show", "cosine", "--config", "a.yaml", "--let-file", "a.yaml"]) == 0


def test_stdin_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["show", "-"]) == 2
    assert capsys.readouterr().err == "error: cannot read stdin: it is closed\n"
    monkeypatch.setattr(sys, "stdin", Typed(" \n"))
    assert main(["show", "-"]) == 2
    assert capsys.readouterr().err.startswith("error: stdin is empty, and `-` reads the scheduler from it\n")
    closed = Typed("cosine")
    closed.close()
    monkeypatch.setattr(sys, "stdin", closed)
    assert main(["show", "-"]) == 2
    assert capsys.readouterr().err == "error: cannot read stdin: it is closed\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\n\xff")))
    assert main(["show", "-"]) == 2
    assert capsys.readouterr().err == "error: cannot read stdin: it is not text in UTF-8 at line 2\n"


def test_dictionaries_of_a_script_are_no_sweep(capsys: Capture) -> None:
    text = "kwargs = {}\nnames = {1: 'a', **kwargs}\nk = {n: 3 for n in ['step_size']}\nStepLR(opt, **k)"
    assert main(["table", text, "--format", "json"]) == 0
    assert '"scheduler": "StepLR(step_size=3)"' in capsys.readouterr().out


GAN = """\
opt_g = Adam(g.parameters(), lr=2e-4)
opt_d = Adam(d.parameters(), lr=4e-4)
sched_g = ExponentialLR(opt_g, 0.5)
sched_d = StepLR(opt_d, 2, 0.1)
for epoch in range(4):
    for batch in loader:
        opt_d.step()
        opt_g.step()
    sched_g.step()
    sched_d.step()
"""


class TestSeveralSchedulers:
    """Each scheduler of a script with several optimizers is a curve."""

    ROWS = "step,epoch,sched_g,sched_d\n0,0,2e-4,4e-4\n1,1,1e-4,4e-4\n2,2,5e-5,4e-5\n3,3,2.5e-5,4e-5\n"

    def test_a_figure_and_the_numbers(self, capfd: Capture) -> None:
        Path("gan.py").write_text(GAN)
        assert main(["plot", "gan.py", "--steps-per-epoch", "1"]) == 0
        assert Path("curve.png").exists()
        out, err = capfd.readouterr()
        assert out == "curve.png\n"
        assert "from the script `sched_g`: Adam lr 2e-4 (line 1), 4 epochs (line 5)" in err
        assert "2 curves · 4 steps" in err
        assert "sched_d  4e-4" in err
        assert main(["table", "gan.py", "--steps-per-epoch", "1", "--format", "csv", "-q"]) == 0
        rows = [[*map(float, row.split(","))] for row in capfd.readouterr().out.splitlines()[1:]]
        wanted = [[*map(float, row.split(","))] for row in self.ROWS.splitlines()[1:]]
        assert rows == [pytest.approx(row) for row in wanted]
        assert main(["show", "gan.py", "--steps-per-epoch", "1"]) == 0
        assert "2 curves" in capfd.readouterr().err
        assert main(["check", "gan.py", "--steps-per-epoch", "1"]) == 0
        assert capfd.readouterr().out.startswith("2 schedules")

    def test_stdin(self, monkeypatch: pytest.MonkeyPatch, capfd: Capture) -> None:
        monkeypatch.setattr(sys, "stdin", Typed(GAN))
        assert main(["table", "-", "--steps-per-epoch", "1", "--format", "csv", "-q"]) == 0
        assert capfd.readouterr().out.startswith("step,epoch,sched_g,sched_d\n")

    def test_one_is_needed(self, capfd: Capture) -> None:
        Path("gan.py").write_text(GAN)
        for words in (["plot", "gan.py", "--resume-at", "2"], ["code", "gan.py"]):
            assert main(words) == 2
            assert capfd.readouterr().err == (
                "error: `gan.py` steps 2 schedulers: `sched_g`, `sched_d`\n\n"
                "hint: `gan.py@sched_g` is one of them, and `lrviz plot gan.py` draws all\n"
            )
        Path("two.py").write_text(
            GAN.replace("ExponentialLR(opt_g, 0.5)", "StepLR(opt_g, gamma=0.5)").replace(
                "StepLR(opt_d, 2, 0.1)", "StepLR(opt_d)"
            )
        )
        assert main(["table", "two.py", "--step_size", "2"]) == 2
        assert capfd.readouterr().err == (
            "error: `--step_size` is for one scheduler, and `two.py` has 2\n\nhint: `two.py@sched_g` is one of them\n"
        )
        assert main(["plot", "gan.py@sched_d", "--steps-per-epoch", "1", "-q"]) == 0
        assert Path("step.png").exists()
