"""Hypothesis strategies: data sets, and starts that fit them."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

SEEDS = st.integers(0, 2**32 - 1)
# Measurements: rounded, so that they are equal or differ by far more than the smallest spread; and often tied.
VALUES = st.one_of(st.floats(-100, 100).map(lambda x: round(x, 6)), st.integers(-5, 5).map(float))


@st.composite
def data_and_responsibilities(draw):
    """n points in one dimension, and responsibilities (n, K) that give every component some of each point."""
    n = draw(st.integers(3, 40))
    data = draw(arrays(float, n, elements=VALUES))
    n_components = draw(st.integers(1, min(n, 4)))
    rng = np.random.default_rng(draw(SEEDS))
    return data, rng.dirichlet(np.ones(n_components), size=n)


@st.composite
def mixtures(draw):
    """Weights, means and variances, (K,) each; no density within 20 of zero underflows."""
    n_components = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(SEEDS))
    weights = rng.dirichlet(np.ones(n_components))
    return weights, rng.uniform(-10, 10, n_components), rng.uniform(1, 20, n_components)
