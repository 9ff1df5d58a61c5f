"""The table of algorithms: each row runs, says what it does, and one more is one function and one row."""

from dataclasses import FrozenInstanceError, dataclass, replace

import numpy as np
import pytest

from explorer.datasets import load_sample
from explorer.errors import InputError
from explorer.mixture import (
    ALGORITHMS,
    Algorithm,
    EMOptions,
    GradientOptions,
    KMeansOptions,
    KMeansTrace,
    MixtureTrace,
    StopReason,
    initialize,
    m_step,
    run_em,
    run_gradient_ascent,
    run_k_means,
    run_projected_ascent,
    run_squared_responsibility_em,
    select,
)
from explorer.mixture.em import run_em_in_slices
from explorer.slices import finish

ERUPTIONS = load_sample("faithful-eruptions").values
START = initialize(ERUPTIONS, 2, "random-points", 3)

BY_NAME = {
    "em": lambda: run_em(ERUPTIONS, START),
    "classification-em": lambda: run_em(ERUPTIONS, START, hard=True),
    "k-means": lambda: run_k_means(ERUPTIONS, m_step(ERUPTIONS, START).means),
    "gradient": lambda: run_gradient_ascent(ERUPTIONS, START),
    "projected": lambda: run_projected_ascent(ERUPTIONS, START),
    "squared": lambda: run_squared_responsibility_em(ERUPTIONS, START),
}


def figures(trace):
    return trace.inertias if isinstance(trace, KMeansTrace) else trace.log_likelihoods


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_a_row_runs_what_its_function_runs(algorithm):
    trace, alone = finish(algorithm.run(ERUPTIONS, START, algorithm.options)), BY_NAME[algorithm.name]()
    np.testing.assert_array_equal(figures(trace), figures(alone))
    assert (trace.stop_reason, type(trace)) == (alone.stop_reason, type(alone))


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_a_row_says_all_that_people_need_to_choose_it(algorithm):
    assert ALGORITHMS[algorithm.name] is algorithm
    texts = (algorithm.label, algorithm.explanation, algorithm.follows, *algorithm.moves)
    assert len(set(texts)) == 5 and all(text and text == text.strip() for text in texts)
    assert algorithm.explanation.endswith(".") and algorithm.follows.endswith(".")
    assert algorithm.mistake == ("mistake" in algorithm.explanation)


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_options_are_frozen_and_bound_and_the_run_keeps_to_them(algorithm):
    with pytest.raises(FrozenInstanceError):
        algorithm.options.max_iter = 3
    with pytest.raises(ValueError, match="number of iterations"):
        replace(algorithm.options, max_iter=-1)
    trace = finish(algorithm.run(ERUPTIONS, START, replace(algorithm.options, max_iter=1)))
    assert trace.n_iterations == 1


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
@pytest.mark.parametrize("from_mixture", [False, True])
def test_a_row_begins_where_it_is_told_and_goes_on_in_slices(algorithm, from_mixture):
    start = m_step(ERUPTIONS, START) if from_mixture else START
    slices = algorithm.run(ERUPTIONS, start, replace(algorithm.options, max_iter=2))
    told = []
    with pytest.raises(StopIteration) as end:
        while True:
            told.append(next(slices))
    assert told == [(0, 2), (1, 2), (2, 2)]
    trace = end.value.value
    first = trace.centres[0] if isinstance(trace, KMeansTrace) else trace.means[0]
    if algorithm.name != "squared" or from_mixture:
        np.testing.assert_allclose(first, m_step(ERUPTIONS, START).means, rtol=1e-12)


def test_an_algorithm_is_one_function_and_one_row(monkeypatch):
    @dataclass(frozen=True)
    class Options:
        max_iter: int = 5

    def tied(data, start, options):
        return run_em_in_slices(data, start, EMOptions(structure="tied", max_iter=options.max_iter))

    row = Algorithm("tied-em", "Tied EM", "EM with one variance for all.", ("E", "M"), "It rises.", Options(), tied)
    monkeypatch.setitem(ALGORITHMS, row.name, row)
    chosen = ALGORITHMS["tied-em"]
    trace = finish(chosen.run(ERUPTIONS, START, replace(chosen.options, max_iter=3)))
    assert isinstance(trace, MixtureTrace) and trace.stop_reason is StopReason.MAX_ITER
    assert np.ptp(trace.covariances[-1]) == 0


def test_one_record_says_all_there_is_to_a_run_of_em():
    options = EMOptions(structure="tied", rtol=1e-8)
    record, keywords = run_em(ERUPTIONS, START, options), run_em(ERUPTIONS, START, structure="tied", rtol=1e-8)
    np.testing.assert_array_equal(record.log_likelihoods, keywords.log_likelihoods)
    changed = run_em(ERUPTIONS, START, options, max_iter=3)
    assert changed.n_iterations == 3
    with pytest.raises(TypeError, match="variance_flor"):
        run_em(ERUPTIONS, START, variance_flor=0.1)


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
@pytest.mark.parametrize("options", [None, {"max_iter": 3}, KMeansOptions(), GradientOptions()])
def test_options_of_another_kind_are_refused_in_a_sentence(algorithm, options):
    if isinstance(options, type(algorithm.options)):
        return
    with pytest.raises(InputError, match="The options must be"):
        finish(algorithm.run(ERUPTIONS, START, options))


def test_a_structure_is_no_option_of_the_choice_among_structures():
    with pytest.raises(InputError, match=r"give structures=\[...\]"):
        select(ERUPTIONS, [1], structure="tied")
