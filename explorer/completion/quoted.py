"""How a message repeats what it was given."""

import numpy as np

LONGEST = 60


def quoted(value: object) -> str:
    """A value as one would type it, on one line and not too long: text has quotation marks, numbers have none."""
    text = " ".join(repr(value.item() if isinstance(value, np.generic) else value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
