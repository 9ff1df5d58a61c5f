"""EM & ALS Explorer: alternating optimisation, one half step at a time."""

__version__ = "0.1.0"
