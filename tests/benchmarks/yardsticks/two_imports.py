"""What nobody gets below: importing torch and the least of matplotlib that can write a PNG."""

import matplotlib.backends.backend_agg
import matplotlib.figure  # noqa: F401
import torch  # noqa: F401
