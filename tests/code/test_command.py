"""`lrviz code` on the command line: what it prints, writes and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrviz.cli import main
from tests.code.test_code import trained

Capture = pytest.CaptureFixture[str]

SCRIPT = """\
import torch
from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

# Replace the model, the loss and the data with your own.
model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
loss_function = nn.MSELoss()
loader = [(torch.randn(16, 8), torch.randn(16, 8))] * 100  # your DataLoader

optimizer = AdamW(
    [
        {"params": model[0].parameters(), "lr": 1e-4, "name": "backbone"},
        {"params": model[1].parameters(), "lr": 1e-3, "name": "head"},
    ],
)
scheduler = SequentialLR(
    optimizer,
    schedulers=[
        LinearLR(optimizer, start_factor=0.01, total_iters=12),
        CosineAnnealingLR(optimizer, T_max=238, eta_min=1e-5),
    ],
    milestones=[12],
)

resume = False  # True to continue from the checkpoint
start = 0
if resume:
    checkpoint = torch.load("checkpoint.pt")
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    start = checkpoint["epoch"] + 1

for epoch in range(start, 10):
    for i, (inputs, targets) in enumerate(loader):
        loss = loss_function(model(inputs), targets) / 4
        loss.backward()
        if (i + 1) % 4 == 0 or i + 1 == len(loader):
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    torch.save(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "epoch": epoch,
        },
        "checkpoint.pt",
    )
"""
LIGHTNING = """\
import lightning as L
from torch.optim import SGD
from torch.optim.lr_scheduler import ReduceLROnPlateau


class Model(L.LightningModule):
    def configure_optimizers(self):
        optimizer = SGD(self.parameters(), lr=0.1, momentum=0.9)
        scheduler = ReduceLROnPlateau(optimizer, patience=2)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {
                "scheduler": scheduler,
                "interval": "epoch",
                "monitor": "val_loss",
            },
        }


trainer = L.Trainer(max_epochs=90)
"""
SCHEDULER = """\
scheduler = LambdaLR(
    optimizer,
    lr_lambda=lambda step: 512**-0.5 * min((step + 1) ** -0.5, (step + 1) * 4000**-1.5),
)
"""
WORDS = {
    SCRIPT: "warmup-cosine --eta_min 1e-5 --lr backbone=1e-4,head=1e-3 --optimizer AdamW --grad-accum 4 --epochs 10 "
    "--steps-per-epoch 100 --warmup 5%",
    LIGHTNING: "plateau --patience 2 --lr 0.1 --momentum 0.9 --interval epoch --epochs 90 --lightning",
    SCHEDULER: "noam --lr 1 --only scheduler",
    "scheduler = StepLR(optimizer, step_size=4, gamma=0.5)\n": "StepLR(optimizer,4,0.5) --only scheduler",
    'scheduler = make(optimizer, warmup=10, shape="cosine")\n': "src/train.py:make(warmup=10,shape='cosine') "
    "--only scheduler",
}
# Command lines after `lrviz code`, and what stderr has.
REFUSED = {
    "cosine --only optimizer": "`--only` must be scheduler, got `optimizer`",
    "cosine --only scheduler --lightning": "`--only` and `--lightning` write different code\n\n"
    "hint: leave one of them out",
    "cosine step": "`lrviz code` takes one scheduler, got 2: `cosine`, `step`",
    "": "`lrviz code` needs a scheduler",
    "cosine --optimizer LBFGS": "`lrviz code` has no training loop for `LBFGS`, which calls a closure several times an "
    "update"
    "\n\nhint: `--only scheduler` writes the scheduler without a loop",
    "cosine --optimizer Adagrad --momentum 0.5": "`Adagrad` has no momentum\n\nhint: leave out momentum 0.5",
    "my-code.py:make": "`my-code.py` cannot be imported: `my-code` is not the name of a module",
    "cosine --num-processes 2 --lightning": "Lightning steps the scheduler once an update, not 2 times",
    "cosine -o .": "cannot write `.`",
    "train.py -o train.py": "`train.py` is the script that is read\n\nhint: write another file with `-o`",
}


@pytest.mark.parametrize("expected", WORDS, ids=list(WORDS.values()))
def test_the_code_as_it_is_printed(expected: str, capsys: Capture) -> None:
    assert main(["code", *WORDS[expected].split(), "-q"]) == 0
    assert capsys.readouterr() == (expected, "")


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_refused(words: str, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    script = "optimizer = torch.optim.SGD(p, lr=0.1)\nscheduler = StepLR(optimizer, 3)\n"
    Path("train.py").write_text(script, encoding="utf-8")
    assert main(["code", *words.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {REFUSED[words]}"), err
    assert [p.name for p in tmp_path.iterdir()] == ["train.py"]
    assert Path("train.py").read_text(encoding="utf-8") == script


def test_a_file_is_written(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["code", "cosine", "--epochs", "2", "-o", "out.py"]) == 0
    assert capsys.readouterr() == ("out.py\n", "from the run: T_max=16\n")
    assert main(["code", "cosine", "--epochs", "2", "-q"]) == 0
    assert capsys.readouterr().out == Path("out.py").read_text(encoding="utf-8")


def test_code_of_the_user_is_imported(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("src").mkdir()
    source = "from torch.optim.lr_scheduler import StepLR\nclass Own:\n    make = StepLR\n"
    Path("src/user_code_of_a_test.py").write_text(source, encoding="utf-8")
    words = ["src/user_code_of_a_test.py:Own.make(step_size=2)", "--epochs", "2", "--steps-per-epoch", "2"]
    assert main(["code", *words]) == 0
    text = capsys.readouterr().out
    assert 'sys.path.insert(0, "src")\n\nfrom user_code_of_a_test import Own\n' in text
    assert trained(text) == [[1e-3], [1e-3], [1e-4], [1e-4]]


def test_a_class_that_the_catalogue_does_not_describe(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"": {"NewLR"}, "torch.optim.swa_utils": {"NewLR"}}
    monkeypatch.setattr("lrviz.schedulers.installed_schedulers", lambda module="": known[module])
    monkeypatch.setattr("lrviz.schedulers.catalogue.installed_schedulers", lambda module="": known[module])
    assert main(["code", "NewLR(3)", "--steps", "4"]) == 0
    assert "from torch.optim.swa_utils import NewLR\n" in capsys.readouterr().out
