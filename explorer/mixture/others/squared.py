"""A MISTAKE to learn from: Lecture 19's M step, which squares the responsibilities together with the differences.

`gmm_m` multiplies x_i - mu_k by q_ik and squares then: its variance is sum_i q_ik^2 (x_i - mu_k)^2 / sum_i q_ik, and
the right one has q_ik. A point that is shared counts too little: half of one counts a quarter. So variances come out
too small, by the more the more the components overlap, and some components collapse. And it is no longer EM: nothing
that such a step maximises is known, and the log-likelihood may fall.

In one dimension, like the lecture. `run_em` never comes here.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from explorer.checks import Floats, changed, check_fraction, check_whole_number
from explorer.errors import InputError
from explorer.mixture import engine
from explorer.mixture.checks import as_points, one_table
from explorer.mixture.em import EMOptions
from explorer.mixture.loop import Beginning, Moves, Problem, advance, begin, pose
from explorer.mixture.model import Mixture
from explorer.mixture.stopping import MAX_ITERATIONS, RiseRule, Sign, Signs
from explorer.mixture.trace import MixtureTrace, record
from explorer.slices import Slices, finish


@dataclass(frozen=True)
class SquaredOptions:
    """What determines a run, beside the data and the start: rtol, max_iter and variance_floor, as in EMOptions."""

    rtol: float = EMOptions.rtol
    max_iter: int = EMOptions.max_iter
    variance_floor: float = EMOptions.variance_floor

    def __post_init__(self) -> None:
        check_whole_number("The number of iterations", self.max_iter, 0, MAX_ITERATIONS)
        check_fraction("The tolerance", self.rtol)
        check_fraction("The variance floor", self.variance_floor)


DEFAULTS = SquaredOptions()


def squared_responsibility_m_step(data: ArrayLike, responsibilities: ArrayLike, variance_floor: float = 0.0) -> Mixture:
    """Lecture 19's `gmm_m`, mistake and all: the mixture (K components) that it makes of responsibilities (n, K).

    pi_k = N_k / n and mu_k = sum_i q_ik x_i / N_k with N_k = sum_i q_ik, as in `m_step`, but the variance is
    sum_i q_ik^2 (x_i - mu_k)^2 / N_k. The floor and empty components are as in `m_step`.
    """
    points = as_points(data)
    form = _line(points.shape[1])
    standardized = engine.standardize(points, form)
    floor = standardized.floor(form, check_fraction("The variance floor", variance_floor))
    q = one_table(responsibilities, len(points))
    previous = engine.of_the_data(standardized, form)
    theta, *_ = engine.fit(form, _statistics(standardized.z[0], q), previous, floor)
    weights, means, covariances = engine.in_data_units(standardized, form, theta)
    return Mixture(weights[0], means[0], covariances[0])


def run_squared_responsibility_em(
    data: ArrayLike, start: ArrayLike | Mixture, options: SquaredOptions = DEFAULTS, **changes: object
) -> MixtureTrace:
    """Run EM with Lecture 19's mistaken M step, `squared_responsibility_m_step`, and keep every iterate.

    data, start: as in `run_em`, in one dimension. changes: fields of SquaredOptions that are to be others.

    A fall of the log-likelihood is recorded, and the run goes on. It ends (`stop_reason`) as degenerate as `run_em`
    does; else where it changes by less than its rtol-th part, or at max_iter, but it is called diverged then if the
    log-likelihood ever fell by more than rounding. Converged means that it never fell, not that a maximum was found:
    the mistake has resting points of its own.
    """
    return finish(squared_in_slices(data, start, changed(SquaredOptions, options, changes)))


def squared_in_slices(data: ArrayLike, start: ArrayLike | Mixture, options: SquaredOptions) -> Slices[MixtureTrace]:
    """The run in slices of time: yields (t, max_iter) after every iterate, and returns the trace."""
    began = perf_counter()
    options = changed(SquaredOptions, options, {})
    problem = pose(data, "full", options.variance_floor)
    _line(problem.form.n_dimensions)
    beginning = begin(problem, start, options.max_iter)
    if beginning.exact is None:
        statistics = _statistics(problem.data.z[0], one_table(start, problem.data.n_points))
        theta, degenerate, _ = _m_step(problem, statistics, engine.of_the_data(problem.data, problem.form))
        beginning = Beginning(theta, degenerate, None, None, beginning.singletons)
    moves = Moves(
        lambda theta: _e_step(problem, theta),
        lambda statistics, theta: _m_step(problem, statistics, theta),
        _Signs(RiseRule(problem.data.n_points, options.rtol, options.max_iter)).signs,
    )
    stands = []
    for stand in advance(moves, beginning, beginning.theta):
        stands.append(stand)
        yield stand.t, options.max_iter
    thetas = engine.join_parameters([stand.theta for stand in stands])
    return record(problem, beginning, stands, thetas, began)


class _Signs:
    """Those of EM, but a fall ends the run only where it would end anyway."""

    def __init__(self, rule: RiseRule) -> None:
        self.rule, self.fell = rule, False

    def signs(self, t: int, degenerate: Sign, value: float, previous: float | None) -> Signs:
        collapsed, falls, rested, is_last = self.rule.signs(t, degenerate, value, previous)
        self.fell |= bool(falls)
        return collapsed, self.fell and (rested or is_last), rested, is_last


def _e_step(problem: Problem, theta: engine.Parameters) -> tuple[float, float, engine.Statistics]:
    """The log-likelihood at theta, twice, and the mistaken statistics of the responsibilities."""
    z = problem.data.z
    with np.errstate(over="ignore", invalid="ignore"):
        q = engine.log_joint(problem.form, theta, z - theta.means[..., None])[:, 0]
        log_likelihood = float(engine.normalize(q).sum()) + problem.data.log_volume
    return log_likelihood, log_likelihood, _statistics(z[0], q)


def _m_step(problem: Problem, statistics: engine.Statistics, theta: engine.Parameters) -> tuple:
    """The next theta, and which components are degenerate; none is ever held."""
    theta, empty, reached = engine.fit(problem.form, statistics, theta, problem.floor)
    return theta, (empty if reached is None else reached if empty is None else empty | reached), None


def _statistics(z: Floats, q: Floats) -> engine.Statistics:
    """The statistics of responsibilities (K, n) for points z (n,), with the variances that the mistake gives."""
    counts = q.sum(axis=1)
    counts[counts < engine.EMPTY_COUNT] = 0.0
    divisors = np.where(counts == 0, np.inf, counts)
    means = q @ z / divisors
    squares = np.array([np.square(q_k * (z - mean)).sum() for q_k, mean in zip(q, means, strict=True)])
    return engine.Statistics(counts[:, None], means[:, None, None], (squares / divisors)[:, None, None])


def _line(n_dimensions: int) -> engine.Form:
    """The form of variances in one dimension. Raises InputError for more."""
    if n_dimensions != 1:
        raise InputError(f"Lecture 19's mistake is shown in one dimension, not in {n_dimensions}: take one column.")
    return engine.form_of("full", 1)
