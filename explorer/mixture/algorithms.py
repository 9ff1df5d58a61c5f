"""What can fit a mixture: one table, from which whoever lets people choose takes all that there is to say and to do.

Every algorithm repeats two moves. Adding one is one function and one row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from explorer.mixture.em import EMOptions, run_em_in_slices
from explorer.mixture.kmeans import KMeansOptions, KMeansTrace, k_means_in_slices
from explorer.mixture.model import Mixture
from explorer.mixture.others.gradient import FREE, GradientOptions, ascend_in_slices
from explorer.mixture.others.projected import DIRECT, PROJECTED
from explorer.mixture.others.squared import SquaredOptions, squared_in_slices
from explorer.mixture.steps import m_step
from explorer.mixture.trace import MixtureTrace
from explorer.slices import Slices


@dataclass(frozen=True)
class Algorithm:
    """An algorithm: its name, its label on screen, and one sentence that explains it.

    moves: what it does in each half of an iteration, as people read it. follows: what the moves raise or lower.
    mistake: it is one of the sources' mistakes, to be shown as a lesson only. options: a frozen record of all that
    determines a run beside the data and the start, with its defaults; `dataclasses.replace` changes them.
    run(data, start, options): the work in slices of time, (t, max_iter) after every iterate, which returns the trace.
    data (n, d) or (n,) and start, responsibilities (n, K) or a Mixture, are as in `run_em`.
    """

    name: str
    label: str
    explanation: str
    moves: tuple[str, str]
    follows: str
    options: Any
    run: Callable[[ArrayLike, ArrayLike | Mixture, Any], Slices[MixtureTrace | KMeansTrace]]
    mistake: bool = False


def _k_means(data: ArrayLike, start: ArrayLike | Mixture, options: KMeansOptions) -> Slices[KMeansTrace]:
    """From the means of the start, or of its M step."""
    mixture = start if isinstance(start, Mixture) else m_step(data, start)
    return k_means_in_slices(data, np.array(mixture.means), options)


ALGORITHMS: dict[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm(
            "em",
            "EM",
            "Every point is shared among the components by their responsibilities, and every component is fitted to "
            "its share.",
            ("E step: responsibilities", "M step: weights, means, variances"),
            "The log-likelihood never falls.",
            EMOptions(),
            run_em_in_slices,
        ),
        Algorithm(
            "classification-em",
            "Classification EM",
            "EM, in which every point goes wholly to its likeliest component.",
            ("Assign each point", "M step: weights, means, variances"),
            "The classification log-likelihood never falls; the log-likelihood may.",
            EMOptions(hard=True),
            run_em_in_slices,
        ),
        Algorithm(
            "k-means",
            "k-means",
            "Every point goes to the nearest centre, and every centre moves to the mean of its points: EM with equal "
            "weights and equal variances, as these become small.",
            ("Assign each point", "Move the centres"),
            "The sum of squared distances never rises.",
            KMeansOptions(),
            _k_means,
        ),
        Algorithm(
            "gradient",
            "Gradient ascent",
            "A step along the gradient of the log-likelihood, in parameters that may take any value: logits of the "
            "weights, means, and triangular factors of the covariances.",
            ("Responsibilities: the gradient", "A step uphill"),
            "The log-likelihood rises if the steps are short enough.",
            GradientOptions(),
            lambda data, start, options: ascend_in_slices(data, start, options, FREE),
        ),
        Algorithm(
            "projected",
            "Projected gradient",
            "Document 003's mistake: Adam on the weights themselves, which a projection keeps in the simplex. All "
            "weights are stepped alike, so that the projection takes the steps back.",
            ("Responsibilities: the gradient", "A step, projected"),
            "The log-likelihood rises at first, and stops short of the maximum.",
            PROJECTED,
            lambda data, start, options: ascend_in_slices(data, start, options, DIRECT),
            mistake=True,
        ),
        Algorithm(
            "squared",
            "Squared responsibilities",
            "Lecture 19's mistake: its M step squares the responsibilities, so that points which are shared count too "
            "little and variances come out too small.",
            ("E step: responsibilities", "M step, mistaken: they are squared"),
            "Nothing is known to rise; the log-likelihood may fall.",
            SquaredOptions(),
            squared_in_slices,
            mistake=True,
        ),
    )
}
