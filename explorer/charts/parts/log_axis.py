"""Ticks of a logarithmic axis."""

from __future__ import annotations

import numpy as np

# Axes over less than so many powers of ten have ticks at 1, 2 and 5 as well, or at round steps.
DECADES, STEPS = 2.2, 0.8


def log_ticks(low: float, high: float) -> tuple[list[float], list[str]]:
    """Places (decimal logarithms) and texts of ticks between two decimal logarithms: plain numbers, not too many."""
    span = high - low
    if span > STEPS:
        digits = (1,) if span > DECADES else (1, 2, 5)
        every = max(1, round(span / 8))
        values = [d * 10.0**e for e in range(int(np.floor(low)), int(np.ceil(high)) + 1, every) for d in digits]
    else:
        step = 10 ** np.floor(np.log10((10**high - 10**low) / 2))
        step *= next(k for k in (1, 2, 5, 10) if (10**high - 10**low) / (k * step) <= 6)
        values = list(np.arange(np.ceil(10**low / step), np.floor(10**high / step) + 1) * step)
    kept = [value for value in values if low <= np.log10(value) <= high]
    return [float(np.log10(value)) for value in kept], [plain(value) for value in kept]


def plain(value: float) -> str:
    """A positive number as it stands at a tick: a power of ten where it is very large or very small."""
    if 1e-4 <= value < 1e6:
        return f"{value:,.0f}".replace(",", "\u202f") if value >= 100 else f"{value:.3g}"
    return f"10<sup>{round(np.log10(value))}</sup>".replace("-", "−")
