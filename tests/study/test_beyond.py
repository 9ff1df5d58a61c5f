"""What other starts tell: the same as a plain loop over run_em, in slices that never take long."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from explorer.completion import factorize, identifiability, run_als
from explorer.datasets import own_sample
from explorer.mixture import EMOutcome, OptimumKind, StopReason, initialize, limits, run_em
from explorer.runs import make_als_run, make_em_run
from explorer.settings import ALSSettings, EMSettings
from explorer.study import beyond as study
from explorer.study.beyond import N_STARTS, Ends, beyond_als, beyond_em, ends_of_starts

PLATEAU = EMSettings(data="ten-points", initialization="partition", n_components=2, rtol=1e-4)
COLLAPSED = EMSettings(
    data="ten-points",
    initialization="partition",
    n_components=2,
    partition="typed",
    labels="1 2 2 2 2 2 2 2 2 2",
)


def finish(work):
    """What the generator returns, and what it yielded on the way."""
    progress = []
    while True:
        try:
            progress.append(next(work))
        except StopIteration as stop:
            return stop.value, progress


def beyond(run, settings):
    """What is beyond a run of EM, by itself."""
    return beyond_em(run, settings, ends_of_starts(run.sample.values, settings))


def plain_loop(run, settings):
    """(continued, its iterations, best or None, number of degenerate starts), by run_em and nothing else.

    Neither degenerate ends are the best, nor those with a component that is narrower than 3 % of the data.
    """
    limits = {"max_iter": 20_000, "rtol": 1e-12, "variance_floor": settings.variance_floor}
    values, ends, n_degenerate = run.sample.values, [], 0
    continued, more = run.trace.log_likelihoods[-1], 0

    def kept(trace):
        narrowest = np.sqrt(trace.covariances[-1].min())
        if trace.stop_reason is not StopReason.DEGENERATE and narrowest >= 0.03 * values.std():
            ends.append(trace.log_likelihoods[-1])

    if run.trace.stop_reason is not StopReason.DEGENERATE:
        on = run_em(values, run.trace.mixture(-1), **limits)
        more = on.n_iterations
        if on.stop_reason is not StopReason.DEGENERATE:
            continued = on.log_likelihoods[-1]
        kept(on)
    for seed in range(40):
        trace = run_em(values, initialize(values, settings.n_components, "random-points", seed), **limits)
        n_degenerate += trace.stop_reason is StopReason.DEGENERATE
        kept(trace)
    return continued, more, max(ends, default=None), n_degenerate


@pytest.mark.parametrize(
    "settings",
    [
        PLATEAU,
        COLLAPSED,
        EMSettings(data="ten-points", n_components=4, seed=3),
        EMSettings(data="ten-points", n_components=4, initialization="random-responsibilities", seed=11),
        EMSettings(n_components=2, initialization="equal"),
        EMSettings(n_components=2, max_iter=2),
        EMSettings(data="iris-petal-length", n_components=2, variance_floor=1e-2),
    ],
    ids=["plateau", "collapsed", "some collapse", "itself the best", "equal", "max_iter", "high floor"],
)
def test_the_best_of_forty_is_that_of_a_plain_loop(settings):
    run = make_em_run(settings)
    found, _ = finish(beyond(run, settings))
    expected = plain_loop(run, settings)
    assert found.continued == pytest.approx(expected[0], rel=1e-12)
    assert (found.continued_iterations, found.n_degenerate) == (expected[1], expected[3])
    assert found.best == (expected[2] if expected[2] is None else pytest.approx(expected[2], rel=1e-11))


def test_the_best_is_the_best_proper_one():
    """Nearly all starts on the galaxies end in a spike, and all of these above the best end that is none."""
    settings = EMSettings(data="galaxies", n_components=5, seed=20)
    run = make_em_run(settings)
    found, _ = finish(beyond(run, settings))
    assert found.best == found.best_of_starts == pytest.approx(plain_loop(run, settings)[2], abs=1e-6)
    assert found.continued > found.best + 5
    assert (found.outcome, found.limit) == (EMOutcome.SPURIOUS, OptimumKind.SPURIOUS)
    assert found.n_spurious > 20
    (narrow,) = found.spurious
    assert run.trace.covariances[-1, :, 0, 0].argmin() == narrow


def test_a_saddle_point_is_not_the_best_however_high_it_is():
    """Equal components rest; nobody else is asked, so there is no best."""
    settings = EMSettings(n_components=2, initialization="equal")

    def nobody():
        yield from ()
        return Ends(best=None, n_degenerate=0, n_spurious=0, n_starts=0)

    found, _ = finish(beyond_em(make_em_run(settings), settings, nobody()))
    assert (found.outcome, found.best) == (EMOutcome.SADDLE, None)


def test_where_all_starts_rest_at_a_saddle_point_there_is_no_best(monkeypatch):
    monkeypatch.setattr(study, "initialize", lambda values, n_components, *_: initialize(values, n_components, "equal"))
    settings = EMSettings(n_components=2)
    found, _ = finish(ends_of_starts(make_em_run(settings).sample.values, settings))
    assert found == Ends(best=None, n_degenerate=0, n_spurious=0)


def test_other_starts_are_forty():
    assert N_STARTS == Ends(None, 0, 0).n_starts == 40


def test_a_run_on_a_plateau_goes_on_to_climb():
    run = make_em_run(PLATEAU)
    found, _ = finish(beyond(run, PLATEAU))
    assert found.continued > run.trace.log_likelihoods[-1] + 2
    assert found.continued_iterations > 50
    assert found.best == pytest.approx(found.continued, abs=1e-6)


def test_a_collapsed_run_does_not_go_on_and_is_not_the_best_though_its_likelihood_is():
    run = make_em_run(COLLAPSED)
    found, _ = finish(beyond(run, COLLAPSED))
    assert found.continued == run.trace.log_likelihoods[-1]
    assert found.continued_iterations == 0
    assert 0 < found.n_degenerate < N_STARTS
    assert found.best < found.continued


def test_where_every_start_collapses_there_is_no_best():
    values = np.repeat([1.0, 2.0], 20)
    settings = EMSettings(data="own", n_components=3)
    found, _ = finish(beyond(make_em_run(settings, own_sample(values)), settings))
    assert found.best is None
    assert found.n_degenerate == N_STARTS


# In slices


@pytest.fixture
def count_iterates(monkeypatch):
    """A list of one number: how many iterates of EM have been computed beyond the run."""
    counted = [0]
    iterate_many = study.iterate_many

    def counting_many(*arguments, **options):
        steps = iterate_many(*arguments, **options)
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                return end.value
            counted[0] += 1
            yield step

    for module in (study, limits):
        monkeypatch.setattr(module, "iterate_many", counting_many)
    return counted


@pytest.mark.parametrize(
    ("settings", "own"),
    [(PLATEAU, None), (EMSettings(data="own", n_components=3), own_sample(np.repeat([1.0, 2.0], 20)))],
    ids=["long climbs", "all collapse at once"],
)
def test_between_two_yields_lie_few_iterates_and_few_starts(settings, own, count_iterates, monkeypatch):
    starts = [0]

    def counting_starts(*arguments):
        starts[0] += 1
        return initialize(*arguments)

    monkeypatch.setattr(study, "initialize", counting_starts)
    work = beyond(make_em_run(settings, own), settings)
    most_iterates = most_starts = 0
    while True:
        before = count_iterates[0], starts[0]
        finished = next(work, None) is None
        most_iterates = max(most_iterates, count_iterates[0] - before[0])
        most_starts = max(most_starts, starts[0] - before[1])
        if finished:
            break
    assert starts[0] == N_STARTS
    assert most_iterates <= 4
    assert most_starts <= 2


def test_it_can_be_left_alone_and_taken_up_again():
    settings = EMSettings(n_components=2)
    run = make_em_run(settings)
    at_once, _ = finish(beyond(run, settings))
    works = [beyond(run, settings), beyond(run, settings)]
    results = []
    while works:
        for work in tuple(works):
            try:
                for _ in range(7):
                    next(work)
            except StopIteration as stop:
                results.append(stop.value)
                works.remove(work)
    assert results == [at_once, at_once]


def test_nothing_is_computed_before_it_is_asked_for(count_iterates):
    work = beyond(make_em_run(PLATEAU), PLATEAU)
    assert count_iterates == [0]
    next(work)
    assert 1 <= count_iterates[0] <= 3


def test_progress_says_which_start_is_running():
    _, progress = finish(beyond(make_em_run(PLATEAU), PLATEAU))
    assert "start 40 of 40" in progress
    assert progress[-1] == "40 of 40 other starts"
    assert all(isinstance(each, str) and each for each in progress)


def test_starts_that_somebody_else_works_out_are_not_run_again(count_iterates):
    settings = EMSettings(n_components=2, rtol=1e-10)
    run = make_em_run(settings)
    alone, _ = finish(beyond(run, settings))
    ends, _ = finish(ends_of_starts(run.sample.values, settings))
    assert ends.best == alone.best_of_starts
    count_iterates[0] = 0

    def known():
        yield "being worked out"
        return ends

    found, progress = finish(beyond_em(run, settings, known()))
    assert found == alone
    assert count_iterates[0] < 30  # to the run's limit, and back to it after a push
    assert progress[-1] == "being worked out"


@pytest.mark.parametrize("seed", [3, 77])
def test_other_starts_are_the_same_whatever_the_run(seed):
    settings = EMSettings(data="generated", n_components=2, data_seed=5, variance_floor=1e-4)
    others = replace(settings, seed=seed, initialization="quantiles", rtol=1e-2, max_iter=9, soft=True)
    assert others.of_other_starts() == settings.of_other_starts() == settings
    for changed in ({"data_seed": 6}, {"n_components": 3}, {"variance_floor": 1e-3}, {"true_means": "-4, 0, 6"}):
        assert replace(others, **changed).of_other_starts() != settings.of_other_starts()


# Whether the mask determines the matrix


def judged(settings):
    run = make_als_run(settings)
    found, progress = finish(beyond_als(run, settings))
    return run, found, progress


def test_a_mask_is_judged_at_a_random_point_where_the_true_factors_are_not_known():
    run, found, progress = judged(ALSSettings(matrix="life-expectancy", rank=2, max_sweeps=1))
    expected = identifiability(run.masked.observed, 2)
    assert len(progress) >= 1
    assert found.identifiability.determined == expected.determined
    assert found.identifiability.short_rows.tolist() == expected.short_rows.tolist()
    assert len(expected.short_rows) > 0


def test_a_mask_is_judged_at_the_true_factors_where_these_are_known():
    """Mask 1 determines nearly every matrix of rank 2, but not the checkerboard, which is special."""
    run, found, _ = judged(ALSSettings(mask_seed=1, max_sweeps=1))
    assert identifiability(run.masked.observed, 2).determined
    assert not found.identifiability.determined
    assert len(found.identifiability.short_rows) == len(found.identifiability.short_cols) == 0


def test_with_another_rank_than_the_true_one_the_true_factors_do_not_matter():
    run, found, _ = judged(ALSSettings(mask_seed=1, rank=1, max_sweeps=1))
    assert found.identifiability.degrees_of_freedom == 40 + 70 - 1
    assert found.identifiability.determined == identifiability(run.masked.observed, 1).determined


def test_while_a_matrix_is_judged_others_have_their_turn(monkeypatch):
    """A large one takes seconds in one piece, and nobody could move a slider meanwhile."""
    settings = ALSSettings(matrix="life-expectancy", rank=2, max_sweeps=1)
    run, let_go = make_als_run(settings), Event()
    expected = identifiability(run.masked.observed, 2)

    def slow(*_, **__):
        assert let_go.wait(60)
        return expected

    monkeypatch.setattr(study, "identifiability", slow)
    first, second = beyond_als(run, settings), beyond_als(run, settings)
    for _ in range(20):
        assert isinstance(next(first), str)
        assert isinstance(next(second), str)  # one after the other, and both may ask
    let_go.set()
    assert finish(first)[0].identifiability is expected
    assert finish(second)[0].identifiability is expected


def test_what_goes_wrong_while_a_matrix_is_judged_is_raised_and_blocks_nobody(monkeypatch):
    settings = ALSSettings(max_sweeps=1)
    run = make_als_run(settings)

    def broken(*_, **__):
        raise MemoryError("too large")

    with monkeypatch.context() as patch:
        patch.setattr(study, "identifiability", broken)
        with pytest.raises(MemoryError, match="too large"):
            finish(beyond_als(run, settings))
    assert finish(beyond_als(run, settings))[0].identifiability.determined


# Where ALS could have ended


def test_a_run_that_was_stopped_recovers_the_matrix_when_it_goes_on():
    """As many sweeps as a longer run needs to bring the hidden error below a twentieth of the matrix."""
    run, found, _ = judged(ALSSettings(max_sweeps=3))
    size = np.sqrt(np.mean(run.problem.values**2))
    longer = make_als_run(ALSSettings(rtol=0.0)).trace.rmse_hidden
    needed = int(np.argmax(longer < 0.05 * size))  # half steps
    assert found.alternatives.sweeps == (needed + 1) // 2 - 3
    assert found.alternatives.continued == pytest.approx(longer[needed], rel=1e-6)


def test_a_stuck_run_stays_where_it_is_and_the_true_factors_show_a_better_end():
    run, found, _ = judged(ALSSettings(mask_seed=19))
    assert found.alternatives.continued > 0.5
    truth = factorize(run.problem.values, 2)
    limits = {"max_sweeps": 1000, "rtol": 1e-10, "hidden": run.masked.hidden}
    for ridge, end in ((0.01, found.alternatives.from_truth), (1e-6, found.alternatives.without_ridge)):
        trace = run_als(run.masked.observed, 2, start=truth.right, ridge=ridge, **limits)
        assert end == pytest.approx(trace.rmse_hidden[-1], rel=1e-9)
        assert end < 0.01


@pytest.mark.parametrize(
    "settings",
    [ALSSettings(mask_seed=9), ALSSettings(rank=1), ALSSettings(seen=100), ALSSettings(matrix="sea-temperature")],
    ids=["not determined", "another rank", "nothing hidden", "measured"],
)
def test_where_nobody_can_tell_what_is_right_no_other_run_is_made(settings):
    _, found, _ = judged(settings)
    assert found.alternatives is None
