"""Figures as words: the same number looks alike on every chart."""


def number(value: float, digits: int = 1) -> str:
    """Return a number with so many decimals, thousands set apart and a true minus sign."""
    return f"{value:,.{digits}f}".replace(",", "\u202f").replace("-", "−")


def percent(share: float) -> str:
    """Return a share of 0 to 1 in per cent: one decimal below 10 %, whole ones above, and never a rounded 0 or 100."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.99 < share < 1:
        return f"{min(99.9, 100 * share):.1f} %"
    return f"{100 * share:.1f} %" if 0 < share < 0.0995 else f"{100 * share:.0f} %"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is one."""
    return f"{count:,}".replace(",", "\u202f") + (f" {noun}" if count == 1 else f" {noun}s")
