"""Expectation-maximisation for Gaussian mixtures, as a trace of every half step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr

from explorer.mixture import univariate
from explorer.mixture.degeneracy import Degeneracy, find_degeneracies
from explorer.mixture.model import (
    Floats,
    Mixture,
    as_line,
    as_univariate,
    check_n_components,
    check_whole_number,
    read_only,
)
from explorer.mixture.steps import as_responsibilities, centre, check_fraction
from explorer.mixture.univariate import CentredData, Parameters
from explorer.stopping import StopReason

MAX_ITERATIONS = 100_000
DEFAULT_VARIANCE_FLOOR = 1e-6
# EM never lowers the log-likelihood: a fall beyond this fraction of it is not rounding.
LARGEST_RELATIVE_FALL = 1e-10


@dataclass(frozen=True, eq=False)
class EMIterate:
    """Iterate t of a run: weights (K,), means (K, d), covariances (K, d, d) and the log-likelihood of these.

    lower_bounds: G at the half steps that led here, (after E step t, after M step t), or the one of the
    start. stop_reason is None while the run goes on.
    """

    iteration: int
    weights: Floats
    means: Floats
    covariances: Floats
    log_likelihood: float
    lower_bounds: tuple[float, ...]
    degeneracies: tuple[Degeneracy, ...]
    stop_reason: StopReason | None


@dataclass(frozen=True, eq=False)
class EMTrace:
    """A whole run of T iterations, read-only. Log-likelihoods are totals over points.

    weights (T+1, K), means (T+1, K, d), covariances (T+1, K, d, d): iterate 0 is the start.
    log_likelihoods (T+1,): each of its own iterate.
    lower_bounds (2T+1,): the lower bound G(Q, theta) at every half step h:
    - h = 0, the start: G(Q_0, theta_0), or L(theta_0) where a mixture is the start and there is no Q_0;
    - h = 2t - 1, after E step t: G(Q_t, theta_(t-1)) = L(theta_(t-1));
    - h = 2t, after M step t: G(Q_t, theta_t) <= L(theta_t).
    degeneracies: what is wrong with the last iterate, if stop_reason is degenerate.
    """

    weights: Floats
    means: Floats
    covariances: Floats
    log_likelihoods: Floats
    lower_bounds: Floats
    stop_reason: StopReason
    degeneracies: tuple[Degeneracy, ...]

    @property
    def n_iterations(self) -> int:
        return len(self.log_likelihoods) - 1

    def mixture(self, t: int) -> Mixture:
        """Iterate t, from 0; -1 is the last."""
        return Mixture(self.weights[t], self.means[t], self.covariances[t])


def run_em(
    data: ArrayLike,
    start: ArrayLike | Mixture,
    *,
    max_iter: int = 200,
    rtol: float = 1e-6,
    variance_floor: float = DEFAULT_VARIANCE_FLOOR,
) -> EMTrace:
    """Run EM from a start until it stops, and keep every iterate.

    start: responsibilities (n, K), whose M step is iterate 0, or a Mixture, which is iterate 0.

    Stops (`stop_reason`) at the first iterate t >= 0 that is
    - degenerate: a component has no points left, or a variance of at most variance_floor (0 <= . < 1) times
      the data's. 0 switches the floor off; what is left of it is 1e-24, where rounding takes over;
    - diverged: its log-likelihood is below the previous one by more than rounding (a relative 1e-10);
    - converged: |L_t - L_(t-1)| < rtol |L_(t-1)|, 0 <= rtol < 1 (TD2, question 5). A plateau passes for
      convergence too: a small change does not prove a maximum;
    - max_iter: t = max_iter, of 0..100 000.

    Raises InputError for settings outside these bounds, and where the start does not fit the data.
    """
    iterates = list(iterate_em(data, start, max_iter=max_iter, rtol=rtol, variance_floor=variance_floor))
    last = iterates[-1]
    return EMTrace(
        weights=read_only(np.array([iterate.weights for iterate in iterates])),
        means=read_only(np.array([iterate.means for iterate in iterates])),
        covariances=read_only(np.array([iterate.covariances for iterate in iterates])),
        log_likelihoods=read_only(np.array([iterate.log_likelihood for iterate in iterates])),
        lower_bounds=read_only(np.concatenate([iterate.lower_bounds for iterate in iterates])),
        stop_reason=last.stop_reason,
        degeneracies=last.degeneracies,
    )


def iterate_em(
    data: ArrayLike,
    start: ArrayLike | Mixture,
    *,
    max_iter: int = 200,
    rtol: float = 1e-6,
    variance_floor: float = DEFAULT_VARIANCE_FLOOR,
) -> Iterator[EMIterate]:
    """The iterates of `run_em` one by one, so that a caller can work in slices of time.

    Raises InputError when called, not when first advanced. Each iterate costs one E step and one M step.
    """
    centred = centre(as_line(data))
    check_whole_number("The number of iterations", max_iter, 0, MAX_ITERATIONS)
    rtol = check_fraction("The tolerance", rtol)
    floor = centred.variance_floor(check_fraction("The variance floor", variance_floor))
    n_points = len(centred.line)
    exact = isinstance(start, Mixture)
    if exact:
        check_n_components(start.n_components, n_points)
        weights, means, variances = as_univariate(start)
        first = Parameters(weights, means - centred.offset, variances)
    else:
        first = np.ascontiguousarray(as_responsibilities(start, n_points).T)
        check_n_components(len(first), n_points)
    iterates = _iterate(centred, first, floor, max_iter, rtol)
    return _as_given(iterates, start) if exact else iterates


def _as_given(iterates: Iterator[EMIterate], start: Mixture) -> Iterator[EMIterate]:
    """Give the start's own means back: centring may have changed their last digit."""
    yield replace(next(iterates), means=start.means)
    yield from iterates


def _iterate(
    data: CentredData, start: Parameters | Floats, floor: float, max_iter: int, rtol: float
) -> Iterator[EMIterate]:
    if isinstance(start, Parameters):
        theta, start_bound = start, None
        squared = univariate.squared_deviations(data.line, theta.means)
        degeneracies = find_degeneracies(data, theta, floor, 0)
    else:
        statistics, squared = univariate.summarize(data.line, start)
        theta = univariate.fit(statistics, data.as_one_component(), floor)
        start_bound = univariate.expected_log_joint(statistics, theta) + float(entr(start).sum())
        degeneracies = find_degeneracies(data, theta, floor, 0, start)
    q = np.empty_like(squared)
    log_likelihood, previous = univariate.expect(squared, theta, q), None
    bounds = (log_likelihood if start_bound is None else start_bound,)

    for t in count():
        stop_reason = _stop_reason(t, log_likelihood, previous, degeneracies, max_iter, rtol, len(data.line))
        yield EMIterate(
            iteration=t,
            weights=read_only(theta.weights),
            means=read_only((theta.means + data.offset)[:, None]),
            covariances=read_only(theta.variances[:, None, None]),
            log_likelihood=log_likelihood,
            lower_bounds=bounds,
            degeneracies=degeneracies,
            stop_reason=stop_reason,
        )
        if stop_reason is not None:
            return
        # The M step. q holds Q_(t+1) already: the E step at theta_t gave it together with L(theta_t).
        statistics, squared = univariate.summarize(data.line, q, out=squared)
        # After an E step G = F + entropy = L: this gives the entropy of Q without a pass over the points.
        entropy = log_likelihood - univariate.expected_log_joint(statistics, theta)
        theta = univariate.fit(statistics, theta, floor)
        bounds = (log_likelihood, univariate.expected_log_joint(statistics, theta) + entropy)
        degeneracies = find_degeneracies(data, theta, floor, t + 1)
        previous, log_likelihood = log_likelihood, univariate.expect(squared, theta, q)


def _stop_reason(
    t: int,
    log_likelihood: float,
    previous: float | None,
    degeneracies: tuple[Degeneracy, ...],
    max_iter: int,
    rtol: float,
    n_points: int,
) -> StopReason | None:
    if degeneracies:
        return StopReason.DEGENERATE
    if previous is not None:
        rise = log_likelihood - previous
        # A sum of n logarithms can be near 0 by chance; its rounding is then still that of n terms of size 1.
        if rise < -LARGEST_RELATIVE_FALL * max(abs(previous), n_points):
            return StopReason.DIVERGED
        if abs(rise) < rtol * abs(previous):
            return StopReason.CONVERGED
    return StopReason.MAX_ITER if t == max_iter else None
