"""`PolynomialLR`: lowers the rate to zero as a power of the remaining steps."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler

SCHEDULER = Scheduler(
    short="polynomial",
    name="PolynomialLR",
    summary="lowers the rate to zero as a power of the remaining steps",
    parameters=(
        Parameter(
            "total_iters",
            "int",
            "scheduler steps until the rate is zero",
            default=5,
            least=0,
            fraction="the rate stops short of 0",
        ),
        Parameter("power", "float", "1 is a straight line, above 1 falls faster at first", default=1.0, least=0),
    ),
    formula="rate(t) = lr * (1 - min(t, total_iters) / total_iters) ** power",
    use="The poly schedule of semantic segmentation, with a power of 0.9 over the whole run. A power of 1 is a linear "
    "decay to zero.",
    cautions=(
        (
            "With the default total_iters of 5 the rate is 0 after five scheduler steps, and nothing is learned after "
            "them: set it to the length of the run."
        ),
        "It ends at exactly 0; a minimum rate cannot be set.",
    ),
    source="Chen et al., DeepLab: Semantic Image Segmentation with Deep Convolutional Nets, Atrous Convolution, and "
    "Fully Connected CRFs, 2016, arXiv:1606.00915",
    past_end="It stays at 0.",
    aliases=("poly", "polydecay", "polynomialdecay"),
)
