"""The record of a run that fits a mixture, the same for every algorithm, so that they can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.mixture.covariances import Floats
from explorer.mixture.degeneracy import Degeneracy
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
    seconds (T+1,): since the run began, at each iterate.
    degeneracies: what is wrong with the last iterate, if stop_reason is degenerate.
    """

    weights: Floats
    means: Floats
    covariances: Floats
    log_likelihoods: Floats
    lower_bounds: Floats | None
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
