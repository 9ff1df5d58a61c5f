"""The one exception that the explorer raises for bad input."""


class InputError(ValueError):
    """Bad input: one sentence that says what is wrong and what to do, fit to be shown to a student."""
