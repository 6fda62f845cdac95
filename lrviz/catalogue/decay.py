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
    use="The classic staircase of image classification: train until the loss levels off, divide the rate by ten, go on. "
    "Stepped once an epoch, typically with a step_size of 30 out of 90.",
    cautions=(
        "step_size counts scheduler steps: a step_size of 30 meant as epochs drops every 30 batches when the "
        "scheduler is stepped every update.",
        "With a gamma of 0.1 the fourth drop leaves a ten-thousandth of the rate; little is learned from there on.",
    ),
    source="He et al., Deep Residual Learning for Image Recognition, 2015, arXiv:1512.03385",
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
    use="A staircase with hand-picked drops, such as at half and three quarters of the run. The recipe of ResNet, "
    "DenseNet and most detection models.",
    cautions=(
        "A milestone past the end of the run never fires, and nothing says so.",
        "A milestone that is given twice multiplies by gamma twice; 0 drops before the first update.",
        "Milestones count scheduler steps: stepped every update, [30, 80] is over within the first epoch.",
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
    use="The constant warm-up: a few epochs at a low rate before the real schedule begins. Mostly a child of "
    "SequentialLR or ChainedScheduler.",
    cautions=(
        "It ends in a jump from lr * factor to lr, which can upset a large-batch run; LinearLR climbs there gradually.",
        "It never lowers the rate in the long run: after total_iters the full base rate holds until the end.",
    ),
    source="Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017, arXiv:1706.02677",
    past_end="It stays at the base rate.",
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
    formula="rate(t) = lr * (start_factor + (end_factor - start_factor) * min(t, total_iters) / total_iters)",
    use="Warm-up, with its defaults or a small start_factor, before another schedule in SequentialLR. With "
    "start_factor=1 and end_factor=0 it is the linear decay of fine-tuning.",
    cautions=(
        "The defaults are a warm-up over 5 scheduler steps, not a decay: after them the rate is lr for good.",
        "start_factor must be above 0; a warm-up from nothing starts at something small such as 1e-3.",
        "With end_factor=0 rounding can leave the last rate at about -1e-21 instead of 0.",
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
    use="A smooth decay by the same share each time, stepped once an epoch with a gamma between 0.9 and 0.99.",
    cautions=(
        "The number of steps decides everything: 0.9 leaves 0.5 % of the rate after 50 steps, 0.99 still leaves 61 %.",
        "A gamma chosen for epochs is ruin when the scheduler is stepped every update: 0.95 is down to 6e-6 of the "
        "rate after 234 updates.",
        "A gamma above 1 grows without bound.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html",
    past_end="It has no end: it shrinks until it sticks at the least number a float can hold.",
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
    use="The poly schedule of semantic segmentation, with a power of 0.9 over all iterations. With a power of 1 it is "
    "the linear decay to zero of BERT-like fine-tuning.",
    cautions=(
        "The default total_iters of 5 is over after five scheduler steps, and the rate is 0 from there: nothing is "
        "learned any more. Give it the length of the run.",
        "The rate ends at exactly 0; there is no floor to set.",
    ),
    source="Chen et al., DeepLab: Semantic Image Segmentation with Deep Convolutional Nets, Atrous Convolution, and "
    "Fully Connected CRFs, 2016, arXiv:1606.00915",
    past_end="It stays at 0.",
)
