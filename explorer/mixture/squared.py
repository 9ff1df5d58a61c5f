"""A MISTAKE to learn from: Lecture 19's M step, which squares the responsibilities together with the differences.

`gmm_m` multiplies x_i - mu_k by q_ik and squares then: its variance is sum_i q_ik^2 (x_i - mu_k)^2 / sum_i q_ik, and
the right one has q_ik. A point that is shared counts too little: half of one counts a quarter. So variances come out
too small, by the more the more the components overlap, and some components collapse. And it is no longer EM: nothing
that such a step maximises is known, and the log-likelihood may fall.

In one dimension, like the lecture. `run_em` never comes here.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from explorer.checks import check_fraction
from explorer.errors import InputError
from explorer.mixture import deviations, parameters
from explorer.mixture.covariances import Floats, Form, form_of
from explorer.mixture.degeneracy import find_degeneracies
from explorer.mixture.em import DEFAULT_VARIANCE_FLOOR
from explorer.mixture.model import Mixture, as_points
from explorer.mixture.parameters import EMPTY_COUNT, Parameters, Statistics
from explorer.mixture.problem import Beginning, pose
from explorer.mixture.recording import End, Run, State, begin, check_reached, one_table, record
from explorer.mixture.standardized import standardize
from explorer.mixture.stopping import RiseRule, first_reason
from explorer.mixture.trace import MixtureTrace
from explorer.mixture.units import in_data_units, of_the_data


def squared_responsibility_m_step(data: ArrayLike, responsibilities: ArrayLike, variance_floor: float = 0.0) -> Mixture:
    """Lecture 19's `gmm_m`, mistake and all: the mixture (K components) that it makes of responsibilities (n, K).

    pi_k = N_k / n and mu_k = sum_i q_ik x_i / N_k with N_k = sum_i q_ik, as in `m_step`, but the variance is
    sum_i q_ik^2 (x_i - mu_k)^2 / N_k. The floor and empty components are as in `m_step`.
    """
    points = as_points(data)
    form = _line(points.shape[1])
    standardized = standardize(points, form)
    floor = standardized.floor(form, check_fraction("The variance floor", variance_floor))
    q = one_table(responsibilities, len(points))
    theta, _ = parameters.fit(form, _statistics(standardized.z[0], q), of_the_data(standardized, form), floor)
    weights, means, covariances = in_data_units(standardized, form, theta)
    return Mixture(weights[0], means[0], covariances[0])


def run_squared_responsibility_em(
    data: ArrayLike,
    start: ArrayLike | Mixture,
    *,
    max_iter: int = 200,
    rtol: float = 1e-6,
    variance_floor: float = DEFAULT_VARIANCE_FLOOR,
) -> MixtureTrace:
    """Run EM with Lecture 19's mistaken M step, `squared_responsibility_m_step`, and keep every iterate.

    The arguments are those of `run_em`, for data in one dimension. A fall of the log-likelihood is recorded, and the
    run goes on. It ends (`stop_reason`) as degenerate as `run_em` does; else where it changes by less than its rtol-th
    part, or at max_iter, but it is called diverged then if the log-likelihood ever fell by more than rounding.
    Converged means that it never fell, not that a maximum was found: the mistake has resting points of its own.
    """
    began = perf_counter()
    problem = pose(data, "full", max_iter, rtol, variance_floor)
    _line(problem.form.n_dimensions)
    run = begin(problem, start)
    if run.exact is None:
        statistics = _statistics(problem.data.z[0], one_table(start, problem.n_points))
        previous = of_the_data(problem.data, problem.form)
        theta, degenerate = parameters.fit(problem.form, statistics, previous, problem.floor)
        run = run._replace(beginning=Beginning(theta, degenerate, None, run.beginning.singletons))
    return record(run, _iterate(run), began)


def _iterate(run: Run) -> End:
    data, form, floor, *_ = run.problem
    rule = RiseRule.of(run.problem)
    theta, degenerate = run.beginning.theta, run.beginning.degenerate
    states, fell, previous = [], False, None
    while True:
        t = len(states)
        q, log_likelihood = _e_step(form, data.z, theta)
        if t == 0:
            check_reached(log_likelihood)
        log_likelihood += data.log_volume
        states.append(State(theta, log_likelihood, perf_counter()))
        collapsed, falls, rested, is_last = rule.signs(t, degenerate is not None, log_likelihood, previous)
        fell |= falls
        stop_reason = first_reason(collapsed, fell and (rested or is_last), rested, is_last)
        if stop_reason is not None:
            singletons = run.beginning.singletons if t == 0 else None
            degeneracies = find_degeneracies(data, form, theta, degenerate, floor, t, singletons)
            return End(states, stop_reason, degeneracies)
        previous = log_likelihood
        theta, degenerate = parameters.fit(form, _statistics(data.z[0], q), theta, floor)


def _e_step(form: Form, z: Floats, theta: Parameters) -> tuple[Floats, float]:
    """The responsibilities (K, n) at theta, and the log-likelihood without `log_volume`."""
    with np.errstate(over="ignore", invalid="ignore"):
        q = deviations.log_joint(form, theta, z - theta.means[..., None])[:, 0]
        log_likelihood = float(deviations.normalize(q).sum())
    return q, log_likelihood


def _statistics(z: Floats, q: Floats) -> Statistics:
    """The statistics of responsibilities (K, n) for points z (n,), with the variances that the mistake gives."""
    counts = q.sum(axis=1)
    counts[counts < EMPTY_COUNT] = 0.0
    divisors = np.where(counts == 0, np.inf, counts)
    means = q @ z / divisors
    squares = np.array([np.square(q_k * (z - mean)).sum() for q_k, mean in zip(q, means, strict=True)])
    return Statistics(counts[:, None], means[:, None, None], (squares / divisors)[:, None, None])


def _line(n_dimensions: int) -> Form:
    """The form of variances in one dimension. Raises InputError for more."""
    if n_dimensions != 1:
        raise InputError(f"Lecture 19's mistake is shown in one dimension, not in {n_dimensions}: take one column.")
    return form_of("full", 1)
