"""The judge of EM: what became of a run, by what counts as one end, as a spike, and as gone on for long enough.

The facts come from `limits` (where a run would end, and what happens when it is pushed there); what they mean is
decided here, for everybody who asks: the verdict on a single run, a study's table, maps of starts, and the choice of K.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import InputError
from explorer.mixture.checks import as_points
from explorer.mixture.many import ManyRuns
from explorer.mixture.model import Mixtures
from explorer.stop_reason import StopReason

# On Old Faithful's eruptions and the galaxies, K = 2..4, runs that EM stops at rtol = 1e-6 near an optimum end up to
# 0.025 nats and a distance of 0.09 from it (1e-8: 0.0004 and 0.022). Distinct optima may have the same likelihood, but
# the least distance between two of them is 0.34. A run that the tolerance stops on a plateau remains on its own.
LOG_LIKELIHOOD_TOLERANCE = 0.05
DISTANCE_TOLERANCE = 0.15
# Among the optima that 3000 starts for each K = 2..5 reach on the eruptions, and all 1024 partitions on TD2's ten
# points, those with a component of at most 0.026 of the data's standard deviation have it on one to five points, on
# values that rounding has tied, or on two neighbours of the ten. No component of the others is narrower than 0.037.
SPURIOUS_SHARE = 0.03
# To find its limit a run goes on with this tolerance for so many iterations. Of 45 runs each on eight data sets, K = 2
# to 7, an rtol of 1e-10 takes a plateau 660 nats below the optimum for the limit of some on "two bumps", and others are
# still on their way to another outcome after 3000 iterations; the longest way took 16 000.
LIMIT_RTOL = 1e-12
LIMIT_ITERATIONS = 20_000
# Fewer where each takes long: points times components times iterations of a run, half a second; but never fewer than
# the last. A run that is not there by then has a limit at least as high as where it stands.
LIMIT_WORK = 100_000_000
LEAST_ITERATIONS = 200
# Of maps of starts and of all partitions: with equal variances runs creep away from two components that are alike for
# thousands of iterations, and a map of a few hundred points would take minutes. They are left where they are then.
MAP_ITERATIONS = 1_000


Number = float | NDArray[np.float64]


class OptimumKind(StrEnum):
    """Whether the likelihood at an end says something about the data, in the order in which optima are listed.

    proper: it does. spurious: a component is so narrow that its high density on a few points buys the likelihood.
    saddle: EM rests there, but not at a maximum: it leaves after the slightest push (told by `find_limits` only).
    degenerate: a component collapsed or lost its points, as `run_em` reported.
    """

    PROPER = "proper"
    SPURIOUS = "spurious"
    SADDLE = "saddle"
    DEGENERATE = "degenerate"


class EMOutcome(StrEnum):
    """What became of a run.

    proper: it ended in a maximum whose likelihood says something about the data: in the best known one, or in a local
    one (`is_best`). plateau: the tolerance or the bound on iterations stopped it before its limit. saddle: it rests,
    but the slightest push would lead it away; so it is with components that started equal. spurious: it ended in a
    maximum that buys its likelihood with a tiny variance. degenerate: a component collapsed or lost its points.
    diverged: the log-likelihood fell, or left the numbers, which EM itself never does.
    """

    PROPER = "proper"
    PLATEAU = "plateau"
    SADDLE = "saddle"
    SPURIOUS = "spurious"
    DEGENERATE = "degenerate"
    DIVERGED = "diverged"


def outcome_of(stop_reason: StopReason | None, early: bool, kind: OptimumKind) -> EMOutcome:
    """What became of a run that stopped for a reason (None: it was cut short).

    early: it stopped farther from its limit than the tolerances allow. kind: of the end that its limit is.
    """
    if stop_reason in (StopReason.DEGENERATE, StopReason.DIVERGED):
        return EMOutcome(stop_reason)
    return EMOutcome.PLATEAU if early else EMOutcome(kind)


def kinds_of_ends(
    degenerate: NDArray[np.bool_], spurious: NDArray[np.bool_], saddles: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """The OptimumKind of each of R ends, (R,), from what is known of each, (R,)."""
    which = np.select([degenerate, saddles, spurious], [3, 2, 1], 0)
    return np.array(list(OptimumKind), dtype=object)[which]


def kinds_as_ended(data: ArrayLike, runs: ManyRuns) -> NDArray[np.object_]:
    """The OptimumKind of the ends of R runs on the data, (R,), without a look at their limits: no saddle point is told,
    and an end on a plateau passes for proper."""
    spurious = spurious_components(data, runs).any(axis=1)
    return kinds_of_ends(runs.degenerate, spurious, np.zeros(runs.n_runs, dtype=bool))


def is_below(value: Number, limit: Number, tolerance: float = LOG_LIKELIHOOD_TOLERANCE) -> Number:
    """Whether a log-likelihood is farther below its limit than one end is from itself; of one run, or (R,) of many."""
    return limit - value > tolerance


def is_best(limit: float, best: float) -> bool:
    """Whether a run with this limit is in the best proper optimum known, or only in a local one (log-likelihoods)."""
    return not is_below(limit, best)


def spurious_components(data: ArrayLike, ends: ManyRuns | Mixtures) -> NDArray[np.bool_]:
    """Which components, (R, K), are spurious: their high density on a few points, or on values that rounding has tied,
    buys the likelihood.

    This is the only place where that is decided. As yet a component is spurious where its standard deviation in some
    direction is below SPURIOUS_SHARE of the data's there, that is, where Sigma_k - share^2 S is not positive, with S
    the data's covariance. Raises InputError where data and ends have not the same dimensions.
    """
    points, d = as_points(data), ends.means.shape[2]
    if points.shape[1] != d:
        raise InputError(f"The data has {points.shape[1]} columns, but the runs have {d} dimensions: make them alike.")
    centred = points - points.mean(axis=0)
    unit = np.abs(centred).max(axis=0)
    unit[unit == 0] = 1.0
    centred /= unit
    least = SPURIOUS_SHARE**2 * (centred.T @ centred) / len(points)
    with np.errstate(over="ignore", under="ignore"):
        covariances = ends.covariances / unit[:, None] / unit
    # By each component's own deviations, which leaves the signs of the eigenvalues as they are.
    widths = np.sqrt(np.einsum("rkii->rki", covariances))
    excess = (covariances - least) / widths[..., :, None] / widths[..., None, :]
    return np.linalg.eigvalsh(excess)[..., 0] < 0


def limit_iterations(n_points: int, n_components: int) -> int:
    """For how many iterations a run goes on to find its limit."""
    return max(LEAST_ITERATIONS, min(LIMIT_ITERATIONS, LIMIT_WORK // (n_points * n_components)))
