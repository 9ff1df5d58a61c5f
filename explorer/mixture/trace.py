"""The record of a run that fits a mixture, the same for every algorithm, so that they can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.checks import Floats, read_only
from explorer.mixture import engine
from explorer.mixture.degeneracy import Degeneracy, degeneracies_of
from explorer.mixture.loop import Beginning, Problem, Stand
from explorer.mixture.model import Mixture
from explorer.stop_reason import StopReason


@dataclass(frozen=True, eq=False, repr=False)
class MixtureTrace:
    """A whole run of T iterations, read-only. Log-likelihoods are totals over points, in nats.

    weights (T+1, K), means (T+1, K, d), covariances (T+1, K, d, d): iterate 0 is the start.
    log_likelihoods (T+1,): each of its own iterate.
    lower_bounds (2T+1,): for EM, the lower bound G(Q, theta) at every half step h, else None:
    - h = 0, the start: G(Q_0, theta_0), or, where a mixture is the start and there is no Q_0, L(theta_0);
    - h = 2t - 1, after E step t: G(Q_t, theta_(t-1)) = L(theta_(t-1)); with hard E steps it is below L;
    - h = 2t, after M step t: G(Q_t, theta_t) <= L(theta_t).
    held (T+1, K): which components an iterate holds at the variance floor, where the run was told to.
    seconds (T+1,): since the run began, at each iterate.
    degeneracies: what is wrong with the last iterate, if stop_reason is degenerate.
    """

    weights: Floats
    means: Floats
    covariances: Floats
    log_likelihoods: Floats
    lower_bounds: Floats | None
    held: NDArray[np.bool_]
    seconds: Floats
    stop_reason: StopReason
    degeneracies: tuple[Degeneracy, ...]

    def __repr__(self) -> str:
        _, n_components, d = self.means.shape
        return (
            f"MixtureTrace(K = {n_components}, d = {d}, {self.n_iterations} iterations, "
            f"log-likelihood {self.log_likelihoods[-1]:.6g}, {self.stop_reason})"
        )

    @property
    def n_iterations(self) -> int:
        return len(self.log_likelihoods) - 1

    def mixture(self, t: int) -> Mixture:
        """Iterate t, from 0; -1 is the last."""
        return Mixture(self.weights[t], self.means[t], self.covariances[t])


def record(
    problem: Problem,
    beginning: Beginning,
    stands: Sequence[Stand],
    thetas: engine.Parameters,
    began: float,
    lower_bounds: Floats | None = None,
) -> MixtureTrace:
    """The trace of a single run that began at a time. thetas: its iterates as arrays, (K, T+1)."""
    last, exact = stands[-1], beginning.exact
    held = np.zeros((len(stands), len(thetas.weights)), dtype=bool)
    for row, stand in zip(held, stands, strict=True):
        if stand.held is not None:
            row[:] = stand.held[:, 0]
    weights, means, covariances = engine.in_data_units(problem.data, problem.form, thetas)
    if exact is not None:
        weights[0], means[0], covariances[0] = exact.weights, exact.means, exact.covariances
    return MixtureTrace(
        weights=read_only(weights),
        means=read_only(means),
        covariances=read_only(covariances),
        log_likelihoods=read_only(np.array([stand.log_likelihoods for stand in stands])),
        lower_bounds=None if lower_bounds is None else read_only(lower_bounds),
        held=read_only(held),
        seconds=read_only(np.array([stand.time for stand in stands]) - began),
        stop_reason=last.reasons[0],
        degeneracies=degeneracies_of(problem, beginning, last, thetas.of_runs(slice(-1, None))),
    )


def parameters_of(
    problem: Problem, beginning: Beginning, stand: Stand, theta: engine.Parameters
) -> tuple[Floats, Floats, Floats]:
    """Where a single run stands, read-only: weights (K,), means (K, d), covariances (K, d, d) of the data as given."""
    if stand.t == 0 and beginning.exact is not None:
        return beginning.exact.weights, beginning.exact.means, beginning.exact.covariances
    weights, means, covariances = engine.in_data_units(problem.data, problem.form, theta)
    return read_only(weights[0]), read_only(means[0]), read_only(covariances[0])
