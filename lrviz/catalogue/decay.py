"""The decays: factors and powers of the base rate."""

from __future__ import annotations

from lrviz.catalogue.model import Parameter, Scheduler

STEP = Scheduler(
    short="step",
    name="StepLR",
    summary="multiplies the rate by gamma every step_size scheduler steps",
    parameters=(
        Parameter(
            "step_size",
            "int",
            "scheduler steps between two drops",
            least=1,
            follows="steps_per_epoch if interval == 'step' else max(1, total_steps // 4)",
        ),
        Parameter("gamma", "float", "factor of each drop", default=0.1, least=0),
    ),
    formula="rate(t) = lr * gamma ** (t // step_size)",
    use="The staircase of image classification: train until the loss levels off, divide the rate by ten, go on. "
    "Stepped once an epoch, with a step_size of a third of the run or so.",
    cautions=(
        "step_size counts scheduler steps: 30 meant as epochs drops every 30 batches when stepped every update.",
        "Every drop is a fraction of what is left: after four drops by 0.1 a ten-thousandth of the rate remains.",
    ),
    source="Huang et al., Densely Connected Convolutional Networks, 2016, arXiv:1608.06993",
    past_end="It has no end: the drops go on.",
)

MULTISTEP = Scheduler(
    short="multistep",
    name="MultiStepLR",
    summary="multiplies the rate by gamma at every milestone",
    parameters=(
        Parameter(
            "milestones",
            "milestones",
            "scheduler steps at which the rate drops",
            least=0,
            follows="[max(1, total_steps // 2), max(2, total_steps * 3 // 4)]",
        ),
        Parameter("gamma", "float", "factor of each drop", default=0.1, least=0),
    ),
    formula="rate(t) = lr * gamma ** sum(m <= t for m in milestones)",
    use="A staircase whose drops are picked by hand, such as at half and at three quarters of the run, the recipe of "
    "ResNet on CIFAR-10.",
    cautions=(
        "Milestones count scheduler steps: stepped every update, [30, 80] is over before the first epoch is.",
        "A milestone past the end of the run never fires, and nothing says so.",
        "A milestone given twice multiplies by gamma twice, and a milestone of 0 drops before the first update.",
    ),
    source="He et al., Deep Residual Learning for Image Recognition, 2015, arXiv:1512.03385",
    past_end="It stays at the rate of the last milestone.",
)

CONSTANT = Scheduler(
    short="constant",
    name="ConstantLR",
    summary="holds the rate at a fraction for total_iters steps, then lets it go",
    parameters=(
        Parameter(
            "factor",
            "float",
            "fraction of the base rate to hold",
            default=1.0 / 3,
            least=0,
            above_least=True,
            most=1,
        ),
        Parameter("total_iters", "int", "scheduler steps to hold it for", default=5, least=1),
    ),
    formula="rate(t) = lr * factor if t < total_iters else lr",
    use="The constant warm-up: a few epochs at a low rate before the real schedule. Mostly a child of SequentialLR or "
    "ChainedScheduler.",
    cautions=(
        "It ends in a jump from lr * factor to lr, which can make the loss spike; LinearLR climbs there gradually.",
        "It is no decay: after total_iters the whole base rate holds until the end of the run.",
    ),
    source="Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017, arXiv:1706.02677",
    past_end="It stays at lr.",
)

LINEAR = Scheduler(
    short="linear",
    name="LinearLR",
    summary="moves the rate on a straight line between two fractions of it",
    parameters=(
        Parameter(
            "start_factor",
            "float",
            "fraction of the base rate at the start",
            default=1.0 / 3,
            least=0,
            above_least=True,
            most=1,
        ),
        Parameter("end_factor", "float", "fraction of the base rate at the end", default=1.0, least=0, most=1),
        Parameter("total_iters", "int", "scheduler steps from start to end", default=5, least=1),
    ),
    formula="rate(t) = lr * (start_factor + (end_factor - start_factor) * x)\nx = min(t, total_iters) / total_iters",
    use="Warm-up before another schedule in SequentialLR, or, from start_factor=1 down to end_factor=0 over the whole "
    "run, the linear decay of fine-tuning.",
    cautions=(
        "The defaults are a warm-up of five scheduler steps and no decay: after them the rate is lr for good.",
        "start_factor must be above 0, so a warm-up from nothing starts at a small value such as 1e-3.",
        "With end_factor=0 rounding may leave the last rate a hair below 0, by about 1e-16 of lr.",
    ),
    source="Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017, arXiv:1706.02677",
    past_end="It stays at lr * end_factor.",
)

EXPONENTIAL = Scheduler(
    short="exponential",
    name="ExponentialLR",
    summary="multiplies the rate by gamma at every scheduler step",
    parameters=(
        Parameter("gamma", "float", "factor of every scheduler step", least=0, follows="0.01 ** (1 / total_steps)"),
    ),
    formula="rate(t) = lr * gamma ** t",
    use="A smooth decay by the same share at every step. Stepped once an epoch, with a gamma from 0.9 to 0.99.",
    cautions=(
        (
            "Small changes of gamma decide everything: after 50 steps 0.8 leaves 0.001 % of the rate, 0.9 leaves 0.5 % "
            "and 0.99 leaves 61 %."
        ),
        "A gamma meant for epochs is ruin when stepped every update: 0.95 leaves 0.001 % after 225 batches.",
        "A gamma above 1 grows without bound.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html",
    past_end="It has no end: the rate goes on shrinking.",
)

POLYNOMIAL = Scheduler(
    short="polynomial",
    name="PolynomialLR",
    summary="takes the rate to zero along a power of what is left of the run",
    parameters=(
        Parameter("total_iters", "int", "scheduler steps until the rate is zero", default=5, least=1),
        Parameter("power", "float", "1 is a straight line, more falls faster at first", default=1.0, least=0),
    ),
    formula="rate(t) = lr * (1 - min(t, total_iters) / total_iters) ** power",
    use="The poly schedule of semantic segmentation, with a power of 0.9 over the whole run. A power of 1 is a linear "
    "decay to zero.",
    cautions=(
        (
            "The default total_iters of 5 brings the rate to 0 within five scheduler steps, and nothing is learned "
            "after them: give it the length of the run."
        ),
        "It ends at exactly 0; there is no floor to set.",
    ),
    source="Chen et al., DeepLab: Semantic Image Segmentation with Deep Convolutional Nets, Atrous Convolution, and "
    "Fully Connected CRFs, 2016, arXiv:1606.00915",
    past_end="It stays at 0.",
)
