"""The printed numbers of TD2 (document 002), to the last printed digit."""

from itertools import product

import numpy as np
import pytest

from explorer.mixture import (
    StopReason,
    e_step,
    hard_assignments,
    initialize,
    log_likelihood,
    lower_bound,
    m_step,
    run_em,
)

X = np.array([-3.3, -4.4, -1.9, 3.3, 2.5, 3.2, 0.3, 0.1, -0.1, -0.5])
PARTITION_1 = [1, 1, 1, 2, 2, 2, 2, 2, 1, 1]

TAU_0 = [
    [0.998322097, 0.0016779033],
    [0.999857197, 0.0001428028],
    [0.970275611, 0.0297243891],
    [0.006732798, 0.9932672023],
    [0.019348146, 0.9806518539],
    [0.007651619, 0.9923483811],
    [0.367086378, 0.6329136222],
    [0.448884498, 0.5511155021],
    [0.534879918, 0.4651200823],
    [0.699664342, 0.3003356584],
]
LOG_LIKELIHOODS = [
    *[-23.15126, -23.03423, -23.01722, -23.01268, -23.01117, -23.0106, -23.01035, -23.01022, -23.01014],
    *[-23.01008, -23.01002, -23.00996, -23.00989, -23.00983, -23.00976, -23.00969, -23.00961, -23.00952],
    *[-23.00943, -23.00934, -23.00924],
]
LOG_LIKELIHOODS_BAD_START = [
    *[-23.62138, -23.40042, -23.29649, -23.25763, -23.24178, -23.23096, -23.21947, -23.20547, -23.18835],
    *[-23.16816, -23.14561, -23.12196, -23.09857, -23.07649, -23.05625, -23.03806, -23.02184, -23.00732],
    *[-22.99404, -22.98127, -22.9679],
]


def run_20(partition):
    """The document's run: at most 20 iterations, tolerance 1e-6, no variance floor."""
    start = initialize(X, 2, "partition", partition=partition)
    return run_em(X, start, max_iter=20, rtol=1e-6, variance_floor=0.0)


def printed(value, digits):
    return pytest.approx(value, abs=0.5000001 * 10.0**-digits)


def test_question_1_the_start():
    theta_0 = m_step(X, initialize(X, 2, "partition", partition=PARTITION_1))
    assert theta_0.weights == printed([0.5, 0.5], 10)
    assert theta_0.means[:, 0] == printed([-2.04, 1.88], 10)
    assert theta_0.covariances[:, 0, 0] == printed([2.6624, 1.9616], 10)
    assert log_likelihood(X, theta_0) == printed(-23.15126, 5)


def test_questions_2_and_3_the_first_e_step_and_m_step():
    theta_0 = m_step(X, initialize(X, 2, "partition", partition=PARTITION_1))
    tau_0 = e_step(X, theta_0)
    assert tau_0 == printed(np.array(TAU_0), 9)
    theta_1 = m_step(X, tau_0)
    assert theta_1.weights == printed([0.5052703, 0.4947297], 7)
    assert theta_1.covariances[:, 0, 0] == printed([3.094669, 2.304496], 6)


def test_question_4_the_lower_bound_equals_the_log_likelihood_after_the_e_step():
    theta_0 = m_step(X, initialize(X, 2, "partition", partition=PARTITION_1))
    assert lower_bound(X, e_step(X, theta_0), theta_0) == pytest.approx(log_likelihood(X, theta_0), rel=1e-14)


def test_question_5_all_21_log_likelihoods_and_the_last_iterate():
    trace = run_20(PARTITION_1)
    assert trace.log_likelihoods == printed(LOG_LIKELIHOODS, 5)
    assert trace.weights[-1] == printed([0.5216861, 0.4783139], 7)
    assert trace.means[-1, :, 0] == printed([-1.757172, 1.749253], 6)
    assert trace.covariances[-1, :, 0, 0] == printed([3.63419, 2.487324], 6)


def test_question_8_the_clustering():
    trace = run_20(PARTITION_1)
    clustering = hard_assignments(e_step(X, trace.mixture(-1))) + 1
    assert clustering.tolist() == PARTITION_1


def test_the_document_stops_on_a_plateau_far_from_the_maximum():
    start = initialize(X, 2, "partition", partition=PARTITION_1)
    assert run_20(PARTITION_1).stop_reason is StopReason.MAX_ITER
    loose = run_em(X, start, max_iter=2000, rtol=1e-5)
    strict = run_em(X, start, max_iter=2000, rtol=1e-9)
    # Both call it convergence; only one of them climbed off the plateau.
    assert loose.stop_reason is strict.stop_reason is StopReason.CONVERGED
    assert loose.n_iterations < 20 < strict.n_iterations
    assert strict.log_likelihoods[-1] > loose.log_likelihoods[-1] + 2


def test_question_9_the_bad_start():
    """Its random partition is not printed: of all 1024 one, but for the labels' names, starts there."""
    starting_there = [
        partition
        for partition in product((1, 2), repeat=10)
        if len(set(partition)) == 2
        and log_likelihood(X, m_step(X, initialize(X, 2, "partition", partition=partition)))
        == printed(LOG_LIKELIHOODS_BAD_START[0], 5)
    ]
    assert starting_there == [(1, 1, 2, 1, 2, 1, 2, 2, 1, 1), (2, 2, 1, 2, 1, 2, 1, 1, 2, 2)]

    trace = run_20(starting_there[0])
    assert trace.log_likelihoods == printed(LOG_LIKELIHOODS_BAD_START, 5)
    # The document prints the clustering of the first run here again; this is the run's own.
    clustering = hard_assignments(e_step(X, trace.mixture(-1))) + 1
    assert clustering.tolist() == [1, 1, 1, 2, 2, 2, 1, 1, 1, 1]
