"""What lrviz shows of the schedules: it imports this module when one of them is named, and the others when it runs."""

from lrviz.schedulers import Family, Parameter, Scheduler


def stepper(scheduler, loop):
    """The calls that a training loop makes after each update."""

    def step(updates):
        scheduler.step_update(updates)
        if updates % loop.updates_per_epoch == 0:
            scheduler.step_epoch(updates // loop.updates_per_epoch)

    return step


FAMILY = Family(
    package="acme",
    install="acme-schedules",
    help="The schedules of acme.",
    refused={"Adaptive": "its step() takes the gradients"},
    schedulers=(
        Scheduler(
            short="acme-rsqrt",
            name="get_rsqrt_schedule",
            module="acme.schedules",
            package="acme-schedules",
            summary="divides the rate by the square root of the step",
            parameters=(Parameter("timescale", "int", "steps after which the rate falls", default=1, least=1),),
            formula="rate(t) = lr * sqrt(timescale / max(t, timescale))",
            use="Transformers that are trained without a fixed length of the run.",
            cautions=("It never reaches 0.",),
            source="https://example.org/acme",
            past_end="It has no end: the rate keeps falling.",
            takes_last_epoch=False,
        ),
        Scheduler(
            short="acme-halving",
            name="Halving",
            module="acme.schedules",
            package="acme-schedules",
            summary="halves the rate at every second update, and doubles it each epoch",
            parameters=(
                Parameter("factor", "float", "the factor of every second update", default=0.5, least=0),
                Parameter("after", "scheduler", "another scheduler, which is not used", default=None, optional=True),
            ),
            formula="rate(t) = lr * factor ** (t // 2) * 2 ** (t // steps_per_epoch); after changes nothing",
            use="It shows how a scheduler with calls of its own is described.",
            cautions=("It is not a schedule for training.",),
            source="https://example.org/acme",
            past_end="It goes on.",
            takes_last_epoch=False,
            optimizer_at=1,  # Halving(0.5, optimizer)
            build=lambda factory, optimizer, args, kwargs: factory(kwargs.pop("factor", 0.5), optimizer, **kwargs),
            stepper=stepper,
        ),
    ),
)
