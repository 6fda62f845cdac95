"""Rates and counts as people write them: 1e-3 rather than 0.001000. No imports."""

from __future__ import annotations


def format_rate(value: float, digits: int = 3) -> str:
    """A rate in `digits` significant figures, without padding: "0", "0.05", "1e-3", "7.5e-4".

    From 0.01 up to 10,000 it is a plain decimal with its whole part in full, outside of that a power of ten, judged
    after rounding: 0.0099999 is "0.01".
    """
    if value == 0:
        return "0"
    if value - value != 0:  # NaN or infinite
        return str(float(value))
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    exponent = int(power)
    if -2 <= exponent < 4:
        plain = f"{value:.{max(digits - 1 - exponent, 0)}f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{exponent}"


def count(number: int, noun: str) -> str:
    """A number and its noun: "1 step", "3 steps", "1,000 steps"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
