"""Schedulers of packages other than torch in scripts; none of the packages is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrviz.errors import LrvizError
from lrviz.spec import Fields, read_all

FUNCTION = """\
def make(optimizer, total):
    if not total:
        raise ValueError("no updates")
    return {}(optimizer, {})
"""
CLASS = """\
class Learner:
    def fit(self, loader, epochs=3):
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=1e-4)
        self.schedule = {}(self.optimizer, {})
        for epoch in range(epochs):
            for batch in loader:
                self.optimizer.step()
                self.schedule.step()
"""
NAMED = {
    "get_linear_schedule_with_warmup": "num_warmup_steps=5, num_training_steps=24",
    "transformers.get_wsd_schedule": "num_warmup_steps=2, num_decay_steps=2, num_training_steps=8",
    "GradualWarmupScheduler": "multiplier=1, total_epoch=5",
    "LinearWarmupCosineAnnealingLR": "warmup_epochs=2, max_epochs=8",
    "WarmupDecayLR": "total_num_steps=100",
}


@pytest.mark.parametrize("script", [FUNCTION, CLASS], ids=["function", "class"])
def test_what_nothing_in_the_script_calls_is_read(script: str, tmp_path: Path) -> None:
    path = tmp_path / "build.py"
    for name, arguments in NAMED.items():
        path.write_text(script.format(name, arguments), encoding="utf-8")
        fields = Fields({"steps_per_epoch": "8"}, lets={"total": 24}, folder=tmp_path)
        (run,) = read_all("build.py", fields)
        assert str(run.scheduler) == f"{name.rpartition('.')[2]}({arguments})", name


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("s = sched.MultiStepLR(opt, milestones=[3, 6])", "MultiStepLR(milestones=[3, 6])"),
        (
            "s = warmup_scheduler.GradualWarmupScheduler(opt, multiplier=1, total_epoch=5)",
            "GradualWarmupScheduler(multiplier=1, total_epoch=5)",
        ),
    ],
)
def test_the_import_of_the_module_may_be_left_out(line: str, expected: str) -> None:
    (run,) = read_all(f"opt = SGD(model.parameters(), lr=0.1)\n{line}", Fields({}))
    assert str(run.scheduler) == expected


@pytest.mark.parametrize("owner", ["self", "made"])
def test_an_attribute_of_an_object_is_no_class_of_a_module(owner: str) -> None:
    with pytest.raises(LrvizError, match="`MultiStepLR` on line 2 is not a scheduler of torch"):
        read_all(f"made = build()\ns = {owner}.MultiStepLR(optimizer, milestones=[3])", Fields({}))


def test_the_note_without_a_loop_says_how_the_package_is_stepped(tmp_path: Path) -> None:
    for call, said in {
        "CosineLRScheduler(optimizer, t_initial=9)": "the calls that the documentation of timm asks for",
        "get_constant_schedule_with_warmup(optimizer, 9)": "a step after each update",
    }.items():
        (tmp_path / "a.py").write_text(f"optimizer = SGD(p)\nscheduler = {call}\n", encoding="utf-8")
        (run,) = read_all("a.py", Fields({}, folder=tmp_path))
        assert run.notes == (f"`a.py` does not show where the scheduler steps: it is drawn with {said}, over 4 epochs",)


def test_the_examples_of_what_is_asked_for_fit_together() -> None:
    lines = "total = n_epochs * 4\ns = get_linear_schedule_with_warmup(opt, {}, total)"
    for warmup, example in {
        "warm_epo": "3",
        "total * args.warm_ratios": "0.1",
        "int(total * rates.warmup)": "3",
    }.items():
        with pytest.raises(LrvizError) as raised:
            read_all(lines.format(warmup), Fields({}))
        assert f"={example} " in f"{raised.value.hint} ", warmup
