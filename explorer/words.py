"""Figures as words: the same number looks alike in every sentence and on every chart."""

_FEW = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


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
    """Return a number with its noun, thousands set apart."""
    return f"{count:,}".replace(",", "\u202f") + f" {plural(count, noun)}"


def plural(count: int, noun: str) -> str:
    """Return the noun as it stands after such a number."""
    return noun if count == 1 else f"{noun}s"


def spelled(count: int) -> str:
    """Return a number as a word where it is below ten, no for 0."""
    return _FEW[count] if count < len(_FEW) else str(count)


def clock_time(seconds: float) -> str:
    """Return a duration as a clock shows it: 0:07, 12:34 or 5:06:07."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def about(seconds: float) -> str:
    """Return a duration that is estimated, such as about 7 seconds."""
    if seconds < 1.5:
        return "about a second"
    if seconds < 90:
        return f"about {seconds:.0f} seconds"
    return f"about {seconds / 60:.0f} minutes" if seconds < 5400 else f"about {seconds / 3600:.1f} hours"
