"""k-means: seeding, nearest centres, and Lloyd's iterations. Points are (n, d), centres (K, d)."""

import numpy as np
from numpy.typing import NDArray

from explorer.mixture.univariate import Floats


def k_means_plus_plus(points: Floats, n_components: int, rng: np.random.Generator) -> Floats:
    """K of the points as centres, (K, d): each drawn with probability proportional to D(x)^2.

    D is the distance to the nearest centre drawn so far (Arthur and Vassilvitskii, 2007); the first is
    drawn uniformly. Once every distinct point is a centre, the rest are drawn uniformly and repeat some.
    """
    n = len(points)
    centres = [points[rng.integers(n)]]
    to_nearest = np.full(n, np.inf)
    while len(centres) < n_components:
        to_nearest = np.minimum(to_nearest, squared_distances(points, centres[-1][None])[0])
        total = to_nearest.sum()
        drawn = rng.choice(n, p=to_nearest / total) if total > 0 else rng.integers(n)
        centres.append(points[drawn])
    return np.array(centres)


def nearest(points: Floats, centres: Floats) -> NDArray[np.intp]:
    """The nearest centre of each point, (n,), from 0; the first one wins a tie."""
    return squared_distances(points, centres).argmin(axis=0)


def lloyd(points: Floats, centres: Floats, max_iter: int = 300) -> tuple[Floats, NDArray[np.intp]]:
    """Lloyd's k-means from given centres, until no point changes its centre: (centres (K, d), labels (n,)).

    The labels are those of the nearest centres returned. A centre without points stays where it is.
    """
    n_components, n_dimensions = centres.shape
    labels = nearest(points, centres)
    for _ in range(max_iter):
        sizes = np.maximum(np.bincount(labels, minlength=n_components), 1)
        # Means of the deviations from the present centre: sums that stay small keep their digits.
        deviations = points - centres[labels]
        steps = [np.bincount(labels, deviations[:, j], n_components) / sizes for j in range(n_dimensions)]
        centres = centres + np.column_stack(steps)
        previous, labels = labels, nearest(points, centres)
        if np.array_equal(labels, previous):
            break
    return centres, labels


def squared_distances(points: Floats, centres: Floats) -> Floats:
    """|x_i - c_k|^2, (K, n)."""
    return sum(np.square(x - c[:, None]) for x, c in zip(points.T, centres.T, strict=True))
