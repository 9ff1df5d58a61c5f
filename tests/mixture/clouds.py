"""Data in d dimensions for the tests: Gaussian clouds of different shapes."""

import numpy as np


def clouds(n=300, d=2, n_components=3, seed=0, apart=3.0):
    """Points (n, d) around n_components centres, each cloud stretched and turned in a way of its own."""
    rng = np.random.default_rng(seed)
    label = rng.integers(n_components, size=n)
    centres = apart * rng.normal(size=(n_components, d))
    shapes = np.eye(d) + 0.4 * rng.normal(size=(n_components, d, d))
    return centres[label] + np.einsum("nij,nj->ni", shapes[label], rng.normal(size=(n, d)))
