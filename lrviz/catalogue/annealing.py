"""The annealings: cosine, cosine with restarts, and the last stretch of stochastic weight averaging."""

from __future__ import annotations

from lrviz.catalogue.model import Parameter, Scheduler

COSINE = Scheduler(
    short="cosine",
    name="CosineAnnealingLR",
    summary="takes the rate down to eta_min along half a cosine",
    parameters=(
        Parameter("T_max", "int", "scheduler steps from the top to eta_min", least=1, follows="total_steps"),
        Parameter("eta_min", "float", "the rate at the bottom", default=0.0, least=0),
    ),
    formula="rate(t) = eta_min + (lr - eta_min) * (1 + cos(pi * t / T_max)) / 2",
    use="The usual choice for image and language models of today, mostly after a linear warm-up in SequentialLR. It "
    "has no milestones to tune; all it needs is the length of the run.",
    cautions=(
        "With a T_max shorter than the run the rate climbs again, back to lr at 2 * T_max.",
        "With a T_max longer than the run the rate is still on its way down when the run ends.",
        (
            "T_max counts scheduler steps: epochs when stepped once an epoch, epochs * steps_per_epoch when stepped "
            "every update."
        ),
        "With T_max the length of the run, the last update is still one step short of eta_min.",
        "An eta_min above lr makes the rate rise.",
    ),
    source="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983",
    past_end="It rises again, and falls again: the full period is 2 * T_max.",
)

WARM_RESTARTS = Scheduler(
    short="warm-restarts",
    name="CosineAnnealingWarmRestarts",
    summary="anneals along a cosine and jumps back to lr, again and again",
    parameters=(
        Parameter(
            "T_0",
            "int",
            "scheduler steps until the first restart",
            least=1,
            follows="steps_per_epoch if interval == 'step' else max(1, total_steps // 4)",
        ),
        Parameter("T_mult", "int", "how many times longer each period is than the last", default=1, least=1),
        Parameter("eta_min", "float", "the rate that each period falls towards", default=0.0, least=0),
    ),
    formula="rate(t) = eta_min + (lr - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2\n"
    "T_cur: scheduler steps since the last restart\n"
    "T_i: T_0 in the first period, then T_mult times longer in each",
    use="SGDR: each restart shakes the weights loose, and the models at the ends of the periods make an ensemble for "
    "free. With T_mult=2 a few restarts fill a long run.",
    cautions=(
        "A run that stops inside a period stops at a high rate; with T_mult=2 periods end after 1, 3, 7, 15 times T_0.",
        "The rate never reaches eta_min: the step that would is the restart.",
        "T_0 counts scheduler steps: 10 meant as epochs restarts every 10 batches when stepped every update.",
        "It sets the rate outright instead of scaling it, so it does not combine with others in ChainedScheduler.",
    ),
    source="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983",
    past_end="It has no end: the restarts go on.",
)

SWA = Scheduler(
    short="swa",
    name="SWALR",
    module="torch.optim.swa_utils",
    summary="anneals the rate to swa_lr and holds it there, to average weights",
    parameters=(
        Parameter(
            "swa_lr",
            "per_group",
            "the rate to settle at, one or one for each group",
            least=0,
            follows="lr / 10",
        ),
        Parameter("anneal_epochs", "int", "scheduler steps to get there; 0 goes there at once", default=10, least=0),
        Parameter(
            "anneal_strategy",
            "choice",
            "the way there: half a cosine, or a straight line",
            default="cos",
            choices=("cos", "linear"),
        ),
    ),
    formula="rate(t) = swa_lr * a + lr * (1 - a)\n"
    "x = min(t / anneal_epochs, 1) if anneal_epochs else 1\n"
    'anneal_strategy="cos": a = (1 - cos(pi * x)) / 2\n'
    'anneal_strategy="linear": a = x',
    use="The last part of a run with stochastic weight averaging: hold a rather high rate and average the weights that "
    "it visits. Takes over from the main schedule at about three quarters of the run, stepped once an epoch.",
    cautions=(
        "anneal_epochs counts scheduler steps: stepped every update, 10 is ten updates.",
        "The held rate pays only with averaged weights (AveragedModel); the last weights alone are no good measure.",
        "It starts from whatever rate it finds; as a later child of SequentialLR it goes on from there.",
    ),
    source="Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization, 2018, arXiv:1803.05407",
    past_end="It stays at swa_lr.",
)
