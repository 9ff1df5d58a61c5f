"""Where one run begins and how it is kept, the same for EM and for every other algorithm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from explorer.checks import read_only
from explorer.errors import InputError
from explorer.mixture.covariances import Floats
from explorer.mixture.degeneracy import Degeneracy
from explorer.mixture.model import Mixture, check_n_components
from explorer.mixture.parameters import Parameters, join_parameters
from explorer.mixture.problem import Beginning, Problem, from_mixtures, from_responsibilities
from explorer.mixture.steps import as_responsibilities
from explorer.mixture.trace import MixtureTrace
from explorer.mixture.units import in_data_units
from explorer.stop_reason import StopReason

MAX_TRACE_NUMBERS = 60_000_000
"""The most numbers a whole trace may hold, 0.5 GB; while it is made, it takes several times as much."""


class Run(NamedTuple):
    """A run that is about to begin. exact: the mixture it begins with, if any."""

    problem: Problem
    beginning: Beginning
    exact: Mixture | None


class State(NamedTuple):
    """An iterate (R = 1), its log-likelihood, and the time at which it was there; if it is the last one, why, and what
    is wrong with it.
    """

    theta: Parameters
    log_likelihood: float
    time: float
    stop_reason: StopReason | None = None
    degeneracies: tuple[Degeneracy, ...] = ()


class End(NamedTuple):
    """How a run ended: its iterates, why it stopped, and what is wrong with the last one."""

    states: list[State]
    stop_reason: StopReason
    degeneracies: tuple[Degeneracy, ...] = ()

    @classmethod
    def of(cls, states: Iterable[State]) -> End:
        """From the iterates, of which the last one tells why it is."""
        states = list(states)
        return cls(states, states[-1].stop_reason, states[-1].degeneracies)


def begin(problem: Problem, start: ArrayLike | Mixture, kept: bool = True) -> Run:
    """Raises InputError where the start does not fit the problem, or, where it is kept, its trace not into memory."""
    n = problem.n_points
    if start is None or isinstance(start, str | MixtureTrace):
        raise InputError("The start must be responsibilities (n, K), as `initialize` makes them, or a Mixture.")
    if isinstance(start, Mixture):
        check_n_components(start.n_components, n)
        given = (start.weights[None], start.means[None], start.covariances[None])
        run = Run(problem, from_mixtures(problem, *given), start)
    else:
        q = one_table(start, n)
        check_n_components(len(q), n)
        run = Run(problem, from_responsibilities(problem, q[:, None]), None)
    n_components, _, d = run.beginning.theta.means.shape
    if kept and n_components * (1 + d + d * d) * (problem.max_iter + 1) > MAX_TRACE_NUMBERS:
        raise InputError(
            f"{problem.max_iter} iterations of covariances this large do not fit into memory: allow fewer."
        )
    return run


def one_table(responsibilities: ArrayLike, n_points: int) -> Floats:
    """The responsibilities (n, K) of one run as (K, n). Raises InputError where they are not, or of many runs."""
    q = as_responsibilities(responsibilities, n_points)
    if q.ndim != 2:
        raise InputError(f"The responsibilities must be one table of {n_points} rows, not {len(q)} tables.")
    return np.ascontiguousarray(q.T)


def check_reached(log_likelihoods: Floats | float) -> None:
    """Raise InputError unless all starts' log-likelihoods are finite: squares of longer distances do not fit."""
    if not np.isfinite(log_likelihoods).all():
        raise InputError("The start is too far from the data to compute its log-likelihood: move it nearer.")


def record(
    run: Run, end: End, began: float, thetas: Parameters | None = None, lower_bounds: Floats | None = None
) -> MixtureTrace:
    """The trace of a run that began at a time. thetas: its iterates as arrays, where they are at hand."""
    data, form = run.problem.data, run.problem.form
    if thetas is None:
        thetas = join_parameters([state.theta for state in end.states])
    weights, means, covariances = in_data_units(data, form, thetas)
    if run.exact is not None:
        weights[0], means[0], covariances[0] = run.exact.weights, run.exact.means, run.exact.covariances
    return MixtureTrace(
        weights=read_only(weights),
        means=read_only(means),
        covariances=read_only(covariances),
        log_likelihoods=read_only(np.array([state.log_likelihood for state in end.states])),
        lower_bounds=None if lower_bounds is None else read_only(lower_bounds),
        seconds=read_only(np.array([state.time for state in end.states]) - began),
        stop_reason=end.stop_reason,
        degeneracies=end.degeneracies,
    )
