"""The fast form of EM's arithmetic: two matrix products a pass, for many runs at once.

A log joint density is linear in features of the point, the products z_i z_j, the coordinates and 1:

    log pi_k + log N(z; mu_k, Sigma_k) = c_k . phi(z),

and all an M step needs are the sums of q_k phi over the points. So the E step is a product C Phi, exponentials, and
one division; the M step's part is a product Q Phi^T. The row of one component is taken out of C beforehand, so that it
needs no exponential, and nobody looks for the largest term.

That c . phi may cancel, and exp() leave its range, is what `bounds` are for; they cost next to nothing beside the pass.
Runs outside of them go through the reference form.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.checks import Floats
from explorer.mixture.engine.bounds import HIGHEST_EXPONENT, LARGEST_RATIO, LOWEST_EXPONENT, MOST_FEATURES, Bounds
from explorer.mixture.engine.covariances import Form, over_dimensions, precisions
from explorer.mixture.engine.data import StandardizedData
from explorer.mixture.engine.m_step import Parameters, Statistics

# Features are kept while they are at most this many numbers (16 MB, which stay in the cache), else made in every pass;
# those of values that occur again are always kept, which takes at most 54 MB (in one dimension, 1e6 points).
KEPT_NUMBERS = 2_000_000
# Numbers in a block of responsibilities or of features (256 KB): they stay in the cache.
BLOCK_NUMBERS = 32_768
# Below this many numbers of responsibilities the number of calls counts, not that of operations.
FEW_NUMBERS = 4096
# Rows of at least so many points are long, and so many rows are few (measured).
LONG_ROW = 512
FEW_ROWS = 16
# Equal values are looked for if two among so many are equal, and each is worked with once if there are at most so many.
SAMPLED_POINTS = 2048
MOST_DISTINCT = 0.75


class _Room(NamedTuple):
    """Room to work in: views of responsibilities q (K, R, n)."""

    first: Floats  # q[0], (R n,)
    first_by_run: Floats  # (R, n)
    others: Floats  # q[1:], (K R - R, n)
    by_component: Floats  # q[1:], (K - 1, R n)
    flat: Floats  # q, (K R, n)
    one_each: Floats  # (K - 1,)

    @classmethod
    def of(cls, n_components: int, n_runs: int, n_points: int) -> _Room:
        q = np.empty((n_components, n_runs, n_points))
        by_component, flat = q.reshape(n_components, -1), q.reshape(-1, n_points)
        return cls(by_component[0], q[0], flat[n_runs:], by_component[1:], flat, np.ones(n_components - 1))


class _Block(NamedTuple):
    """Some of the points: their features (p, b), those times how often each point occurs, and how often, (b,)."""

    phi: Floats
    weighted: Floats
    weights: Floats


class Features:
    """The features of standardized data, and room to work in, for one form of covariances and K components.

    A workspace belongs to one computation: two threads need two.
    """

    def __init__(self, data: StandardizedData, form: Form, n_components: int, bounds: Bounds) -> None:
        d, n = data.z.shape
        self.form, self.n_components, self.n_points, self.bounds = form, n_components, n, bounds
        self.z, times = distinct_points(data.z)
        # A covariance that all components share is common to their log joint densities: no features of second order.
        self.n_squares = 0 if form.shared else d * (d + 1) // 2 if form.matrices else 1 if form.isotropic else d
        # The products z_i z_j of i <= j: their places in a (d, d) table laid flat, and how often they are in z^T A z;
        # and for each place which of them is in it.
        i, j = np.triu_indices(d)
        self.places, self.times = i * d + j, np.where(i == j, 1.0, 2.0)
        self.products = np.empty((d, d), dtype=np.intp)
        self.products[i, j] = self.products[j, i] = np.arange(len(i))
        # BLAS is twice as fast where the number of features is a multiple of four: the rest are zeros.
        self.n_features = -(-(self.n_squares + d + 1) // 4) * 4
        self.available = self.n_features <= MOST_FEATURES or not form.matrices
        size = max(LONG_ROW, BLOCK_NUMBERS // max(n_components, self.n_features // 4))
        n_distinct = self.z.shape[1]
        self.blocks = [slice(first, min(first + size, n_distinct)) for first in range(0, n_distinct, size)]
        self.largest_block = min(size, n_distinct)
        self.total = self._scatter(data.z) if form.shared else None
        self._rooms: dict[tuple[int, int], _Room] = {}
        self._kept: list[_Block] | None = None
        if not self.available:
            return
        if times is not None or self.n_features * n <= KEPT_NUMBERS:
            self._kept = [self._block(points, times) for points in self.blocks]
        else:
            self._scratch = self._empty(self.blocks[0]), np.ones(self.largest_block)
        # sum_i phi(z_i), (p,)
        self.sums = sum(block.weighted.sum(axis=1) for block in self._in_blocks())

    def _scatter(self, z: Floats) -> Floats:
        """sum_i z_i z_i^T, (d, d), or in the layout of the form its diagonal (d,)."""
        if self.form.matrices:
            return z @ z.T
        return np.einsum("dn,dn->d", z, z)

    def _empty(self, points: slice) -> Floats:
        """Room for the features of some points, (p, b), with those that are the same for all points."""
        phi = np.zeros((self.n_features, points.stop - points.start))
        phi[self.n_squares + len(self.z)] = 1.0
        return phi

    def _made(self, points: slice, phi: Floats) -> Floats:
        """The features of some points, written into phi (p, b)."""
        z, d = self.z[:, points], len(self.z)
        phi[self.n_squares : self.n_squares + d] = z
        if self.form.shared:
            return phi
        if self.form.isotropic:
            np.einsum("dn,dn->n", z, z, out=phi[0])
        elif self.form.matrices:
            first = 0
            for i in range(d):
                np.multiply(z[i], z[i:], out=phi[first : first + d - i])
                first += d - i
        else:
            np.square(z, out=phi[:d])
        return phi

    def _block(self, points: slice, times: Floats | None) -> _Block:
        phi = self._made(points, self._empty(points))
        if times is None:
            return _Block(phi, phi, np.ones(phi.shape[1]))
        return _Block(phi, phi * times[points], times[points])

    def _in_blocks(self) -> Iterable[_Block]:
        """All points, block by block."""
        if self._kept is not None:
            return self._kept
        phi, ones = self._scratch
        return (
            _Block(self._made(points, phi), phi, ones)
            if points.stop - points.start == self.largest_block
            else self._block(points, None)
            for points in self.blocks
        )

    def expect(self, theta: Parameters) -> tuple[Floats | None, Statistics | None, NDArray[np.bool_] | None]:
        """One pass: the log-likelihoods (R,) at theta without the factor of `log_volume`, the statistics of the
        responsibilities, and None. Or, where some runs are out of bounds, nothing but which are within (R,).

        theta must come from an M step, or be as `Bounds.covers` says, and have no empty component.

        Where a (see `bounds`) is small for all components no exponent leaves its range; else the widest component is
        taken out, and exponents are kept in range (`_keep_in_range`).
        """
        precision = precisions(self.form, theta.whitening)
        risks = order = None
        # Means of an M step are within the radius: with this bound nobody need look at each component.
        if np.maximum.reduce(precision, axis=None) > self.bounds.safe_precision:
            ratios = self.bounds.ratios(theta, precision)
            highest = ratios.max(axis=0)
            usable = highest <= LARGEST_RATIO
            if not usable.all():
                return None, None, usable
            risky = highest > self.bounds.safe_ratio
            if risky.any():
                # Run by run, so that the order of its components does not depend on the other runs.
                risks = np.where(risky, ratios, 0.0)
                order = risks.argsort(axis=0, kind="stable")
                risks = np.take_along_axis(risks, order, axis=0)
                order = (order * len(risky) + np.arange(len(risky))).ravel()
        coefficients = self._coefficients(theta, precision)
        if order is not None:
            coefficients = coefficients.reshape(self.n_features, -1)[:, order].reshape(coefficients.shape)
        log_likelihoods, sums = self._pass(coefficients, risks)
        if risks is not None and np.isnan(log_likelihoods).any():
            return None, None, ~np.isnan(log_likelihoods)
        if order is not None:
            unordered = np.empty_like(sums)
            unordered.reshape(self.n_features, -1)[:, order] = sums.reshape(self.n_features, -1)
            sums = unordered
        if self.form.shared:
            log_likelihoods -= 0.5 * self._shared_square(precision)
        return log_likelihoods, self._statistics(sums), None

    def _coefficients(self, theta: Parameters, precision: Floats) -> Floats:
        """C, (p, K, R), with c_k . phi(z) = log pi_k + log N(z; mu_k, Sigma_k) + d/2 log(2 pi).

        Where a covariance is shared, -1/2 z^T Sigma^-1 z is left out: it is the same for all components.
        """
        weights, means, _, whitening, *_ = theta
        squares, ones = self.n_squares, self.n_squares + self.form.n_dimensions
        coefficients = np.zeros((self.n_features, *weights.shape))
        if self.form.matrices:
            linear = (precision @ means[..., None])[..., 0]
            if squares:
                products = precision.reshape(*precision.shape[:2], -1).take(self.places, axis=2)
                coefficients[:squares] = _features_first(products * (-0.5 * self.times))
        else:
            linear = precision * means
            if squares:
                coefficients[:squares] = _features_first(precision) * -0.5
        coefficients[squares:ones] = _features_first(linear)
        constant = over_dimensions(linear * means)
        constant += whitening.log_determinants
        constant *= -0.5
        constant += np.log(weights)
        coefficients[ones] = constant
        return coefficients

    def _shared_square(self, precision: Floats) -> Floats:
        """sum_i z_i^T Sigma^-1 z_i for the covariance that all components share, (R,)."""
        if self.form.matrices:
            return np.einsum("rij,ij->r", precision[0], self.total)
        return precision[0] @ self.total

    def _pass(self, coefficients: Floats, risks: Floats | None) -> tuple[Floats, Floats]:
        """Log-likelihoods (R,) and the sums of q phi, (p, K, R), some runs at a time."""
        _, n_components, n_runs = coefficients.shape
        runs_at_once = max(1, 4 * BLOCK_NUMBERS // (n_components * self.largest_block))
        if n_runs <= runs_at_once:
            return self._pass_of_runs(coefficients, risks)
        log_likelihoods, sums = np.empty(n_runs), np.empty_like(coefficients)
        for first in range(0, n_runs, runs_at_once):
            runs = slice(first, first + runs_at_once)
            some = None if risks is None else risks[:, runs]
            log_likelihoods[runs], sums[:, :, runs] = self._pass_of_runs(coefficients[:, :, runs], some)
        return log_likelihoods, sums

    def _pass_of_runs(self, coefficients: Floats, risks: Floats | None) -> tuple[Floats, Floats]:
        differences = coefficients[:, 1:] - coefficients[:, :1]
        differences = differences.reshape(self.n_features, -1).T
        log_totals, sums = self.accumulate(differences, coefficients.shape[2], risks)
        return np.dot(self.sums, coefficients[:, 0]) + log_totals, np.ascontiguousarray(sums).reshape(
            coefficients.shape
        )

    def accumulate(self, differences: Floats, n_runs: int = 1, risks: Floats | None = None) -> tuple[Floats, Floats]:
        """One pass of R runs. differences (K R - R, p): of the coefficients of all components but the first from those
        of the first, which is the one taken out.

        Returns the log-likelihoods (R,) without the first component's sum of c . phi, and the sums of q phi, (p, K R).

        risks (K, R): for runs whose exponents may leave their range the ratios, in ascending order. The log-likelihood
        of a run in which one is too high is NaN.
        """
        log_totals = sums = None
        for phi, weighted, weights in self._in_blocks():
            room = self._room(n_runs, len(weights))
            first, first_by_run, others, by_component, q, one_each = room
            self._exponents(differences, phi, others)
            too_high = None if risks is None else self._keep_in_range(room, risks)
            np.exp(others, out=others)
            # The first component's exponential is 1: first the sum of all, then what q is there.
            np.dot(one_each, by_component, out=first)
            np.add(first, 1.0, out=first)
            np.divide(1.0, first, out=first)
            np.multiply(by_component, first, out=by_component)
            part = self._weighted_sums(q, weighted)
            np.log(first, out=first)
            logs = np.dot(first_by_run, weights)
            if too_high is not None:
                logs[too_high] = np.nan
            sums, log_totals = (part, -logs) if sums is None else (sums + part, log_totals - logs)
        return log_totals, sums

    def _keep_in_range(self, room: _Room, risks: Floats) -> NDArray[np.bool_] | None:
        """Raise exponents to the lowest that matters, and lower those that are too high: in which runs (R,) any was.

        Only the narrowest components can get too low, and none too high while the one taken out is wide enough.
        """
        highest = risks.max(axis=1)
        low = room.by_component[np.count_nonzero(highest[1:] <= self.bounds.safe_ratio) :]
        np.maximum(low, LOWEST_EXPONENT, out=low)
        if highest[0] <= self.bounds.highest_ratio or room.others.max(initial=0.0) <= HIGHEST_EXPONENT:
            return None
        too_high = room.others.reshape(-1, *room.first_by_run.shape).max(axis=(0, 2)) > HIGHEST_EXPONENT
        np.minimum(room.others, HIGHEST_EXPONENT, out=room.others)
        return too_high

    # BLAS is slow at products of matrices as narrow as these: those with a vector each beat it, for a few long rows by
    # row, and for many by feature, where these are few.

    def _exponents(self, differences: Floats, phi: Floats, out: Floats) -> None:
        """differences phi, (K R - R, n)."""
        if phi.shape[1] >= LONG_ROW and len(differences) <= FEW_ROWS:
            np.matmul(differences[:, None, :], phi, out=out[:, None, :])
        else:
            np.dot(differences, phi, out=out)

    def _weighted_sums(self, q: Floats, phi: Floats) -> Floats:
        """sum_i q phi, (p, K R)."""
        if phi.shape[1] >= LONG_ROW and len(q) <= FEW_ROWS:
            return np.matmul(phi, q[:, :, None])[:, :, 0].T
        used = self.n_squares + len(self.z) + 1
        if used > 3 or q.size < FEW_NUMBERS:
            return np.dot(q, phi.T).T
        sums = np.zeros((len(phi), len(q)))
        for f in range(used):
            np.dot(q, phi[f], out=sums[f])
        return sums

    def _room(self, n_runs: int, n_points: int) -> _Room:
        room = self._rooms.get((n_runs, n_points))
        if room is None:
            if len(self._rooms) > 3:
                self._rooms.clear()
            room = self._rooms[n_runs, n_points] = _Room.of(self.n_components, n_runs, n_points)
        return room

    def _statistics(self, sums: Floats) -> Statistics:
        """Counts, means and covariances from the sums of q phi, (p, K, R)."""
        d, squares = self.form.n_dimensions, self.n_squares
        counts = sums[squares + d]
        inverse = (1 / counts)[:, :, None]
        means = _features_last(sums[squares : squares + d]) * inverse
        if self.form.shared:
            return Statistics(counts, means, self._pooled(counts, means))
        second = _features_last(sums[:squares]) * inverse
        if self.form.isotropic:
            second -= np.square(means).sum(axis=2, keepdims=True)
            return Statistics(counts, means, second / d)
        if not self.form.matrices:
            second -= means * means
            return Statistics(counts, means, second)
        covariances = second.take(self.products, axis=2)
        covariances -= means[..., :, None] * means[..., None, :]
        return Statistics(counts, means, covariances)

    def _pooled(self, counts: Floats, means: Floats) -> Floats:
        """The covariance within components, pooled: the data's own without that between the means."""
        if self.form.matrices:
            between = np.einsum("kr,kri,krj->rij", counts, means, means)
        else:
            between = np.einsum("kr,krd->rd", counts, np.square(means))
        return ((self.total - between) / self.n_points)[None]


def _features_first(values: Floats) -> Floats:
    """(K, R, m) as (m, K, R)."""
    return values[:, :, 0] if values.shape[2] == 1 else values.transpose(2, 0, 1)


def _features_last(rows: Floats) -> Floats:
    """(m, K, R) as (K, R, m), contiguous: small arrays with gaps between their numbers are slow."""
    return rows[0][:, :, None] if len(rows) == 1 else np.ascontiguousarray(rows.transpose(1, 2, 0))


def distinct_points(z: Floats) -> tuple[Floats, Floats | None]:
    """The points (d, n), and None; or, where rounded values in one dimension often occur again, each value once, in
    ascending order, (1, m), and how often, (m,): all sums over points are then shorter.
    """
    n = z.shape[1]
    sample = z[0, :: -(-n // SAMPLED_POINTS)]
    if len(z) > 1 or len(np.unique(sample)) == len(sample):
        return z, None
    values, times = np.unique(z[0], return_counts=True)
    return (values[None], times.astype(float)) if len(values) <= MOST_DISTINCT * n else (z, None)
