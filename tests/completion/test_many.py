"""Many runs at once, against the same runs one at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.completion import Observations, from_matrix, iterate_many_als, run_als, run_many_als
from explorer.completion import many as many_module
from explorer.completion.side_by_side import batched_half_step, lanes, sweeps
from explorer.completion.side_by_side.lanes import Lanes
from explorer.errors import InputError
from explorer.stop_reason import StopReason
from tests.completion.problems import checkerboard, low_rank, masked, observations


def assert_same(many, traces, factors=1e-9):
    """The runs are those of the traces: sweeps and reasons exactly, figures up to rounding."""
    assert many.n_sweeps.tolist() == [trace.n_sweeps for trace in traces]
    assert list(many.stop_reasons) == [trace.stop_reason for trace in traces]
    for r, trace in enumerate(traces):
        whole = trace.rmse_observed[0] ** 2  # in these units the start has the error of X = 0
        scale = 1 + np.abs(trace.final.left).max() + np.abs(trace.final.right).max()
        assert np.allclose(many.lefts[r], trace.final.left, atol=factors * scale)
        assert np.allclose(many.rights[r], trace.final.right, atol=factors * scale)
        assert many.rmse_observed[r] ** 2 == pytest.approx(trace.rmse_observed[-1] ** 2, abs=1e-12 * whole)
        if many.rmse_hidden is not None:
            assert many.rmse_hidden[r] == pytest.approx(trace.rmse_hidden[-1], abs=factors * scale**2)


def assert_same_objectives(many, traces, observed, share=1e-12):
    """The objectives are those of the traces, up to a share of 1/2 |P(A)|^2."""
    for r, trace in enumerate(traces):
        tolerance = share * np.sum(observed[r % len(observed)].values ** 2) / 2
        assert many.objectives[r] == pytest.approx(trace.objectives[-1], abs=tolerance)
        assert np.allclose(many.paths[r], trace.objectives[::2], rtol=1e-12, atol=tolerance)


@pytest.fixture
def no_reference(monkeypatch):
    """A run, or a half step, that the reference makes fails the test."""

    def refuse(*arguments):
        raise AssertionError("The reference was asked.")

    monkeypatch.setattr(sweeps, "reference_run", refuse)
    monkeypatch.setattr(Lanes, "alternation", refuse)
    monkeypatch.setattr(many_module, "reference_run", refuse)


@pytest.fixture
def narrow(monkeypatch):
    """Only seven runs go side by side, so that most have to wait until another one has finished."""
    monkeypatch.setattr(lanes, "GRAM_NUMBERS", 7 * 2 * 2 * 70)


@pytest.mark.parametrize("ridge", [0.0, 0.01, 1.0])
@pytest.mark.parametrize("rtol", [0.0, 1e-5, 1e-10])
def test_many_starts_are_the_same_runs_one_at_a_time(no_reference, narrow, ridge, rtol):
    seen, hidden = masked(checkerboard(), 0.4, seed=1)
    options = {"ridge": ridge, "rtol": rtol, "max_sweeps": 25, "hidden": hidden}
    many = run_many_als(seen, 2, seeds=range(20), keep_paths=True, **options)
    traces = [run_als(seen, 2, seed=seed, **options) for seed in range(20)]
    assert_same(many, traces)
    assert_same_objectives(many, traces, [seen])


@pytest.mark.parametrize("ridge", [0.0, 0.01])
def test_every_run_can_have_its_own_mask(narrow, ridge):
    pairs = [masked(low_rank(40, 70, 2, seed=0, noise=0.1), share, seed) for share in (0.3, 0.6) for seed in range(10)]
    seen, hidden = zip(*pairs, strict=True)
    options = {"ridge": ridge, "max_sweeps": 30}
    many = run_many_als(seen, 2, seeds=range(20), hidden=hidden, keep_paths=True, **options)
    traces = [run_als(seen[r], 2, seed=r, hidden=hidden[r], **options) for r in range(20)]
    assert_same(many, traces)
    assert_same_objectives(many, traces, seen)


def is_same(one, other, whole):
    """Whether two runs, (objectives, sweeps, stop reason), differ by rounding: ten digits of 1/2 |P_Omega(A)|^2."""
    return one[1:] == other[1:] and np.abs(np.subtract(one[0], other[0])).max() <= 1e-10 * whole


def outcome_of(trace):
    return trace.objectives[::2], trace.n_sweeps, trace.stop_reason


def is_decided_by_rounding(seen, rank, trace, whole, **options):
    """Whether `run_als` itself has another outcome when the last bits of its start are others."""
    for seed in range(10):
        bits = np.random.default_rng(seed).choice([-1, 1], size=trace.rights[0].shape)
        other = run_als(seen, rank, start=trace.rights[0] * (1 + 2**-52 * bits), **options)
        if not is_same(outcome_of(trace), outcome_of(other), whole):
            return True
    return False


@given(
    seen=observations(),
    rank=st.integers(1, 5),
    ridge=st.sampled_from([0.0, 1e-12, 0.01, 5.0]),
    per_entry=st.booleans(),
    start=st.sampled_from(["gaussian", "small", "equal"]),
)
@settings(max_examples=60, deadline=None)
def test_singular_cases_have_the_outcome_of_a_single_run(seen, rank, ridge, per_entry, start):
    rank = min(rank, *seen.shape)
    options = {"ridge": ridge, "ridge_per_entry": per_entry, "max_sweeps": 8, "rtol": 1e-6}
    many = run_many_als(seen, rank, start=start, seeds=range(3), keep_paths=True, **options)
    traces = [run_als(seen, rank, start=start, seed=seed, **options) for seed in range(3)]
    # Where rows have fewer entries than the rank, every sweep may magnify the rounding of the one before, with a ridge
    # of 1e-12 a trillion times: a row that cancels to zero, or to 1e-17, leads elsewhere.
    whole = np.sum(seen.values**2) / 2
    for seed, trace in enumerate(traces):
        mine = many.paths[seed], many.n_sweeps[seed], many.stop_reasons[seed]
        assert is_same(mine, outcome_of(trace), whole) or is_decided_by_rounding(seen, rank, trace, whole, **options)
        assert (np.diff(many.paths[seed]) <= 1e-10 * whole).all()
    assert np.isfinite(many.lefts).all()
    assert np.isfinite(many.rights).all()


@pytest.mark.parametrize("ridge", [1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize(("true_rank", "rank"), [(2, 3), (2, 4), (1, 5)])
def test_a_rank_above_the_true_one_goes_side_by_side(no_reference, ridge, true_rank, rank):
    seen, hidden = masked(low_rank(40, 70, true_rank, seed=0), 0.5, seed=1)
    options = {"ridge": ridge, "max_sweeps": 60, "rtol": 1e-8, "hidden": hidden}
    many = run_many_als(seen, rank, seeds=range(6), keep_paths=True, **options)
    traces = [run_als(seen, rank, seed=seed, **options) for seed in range(6)]
    # The half steps of `run_als` leave 1e-16 times their condition number, up to 1e8, in weak directions.
    assert_same(many, traces, factors=1e-7)
    assert_same_objectives(many, traces, [seen])


def test_a_start_that_lacks_a_direction_goes_side_by_side(no_reference):
    seen, hidden = masked(checkerboard(), 0.4, seed=1)
    starts = np.random.default_rng(0).standard_normal((4, 70, 3))
    starts[:, :, 2] = starts[:, :, 0] - 2 * starts[:, :, 1]
    options = {"max_sweeps": 40, "rtol": 0, "hidden": hidden}
    many = run_many_als(seen, 3, start=starts, keep_paths=True, **options)
    traces = [run_als(seen, 3, start=start, **options) for start in starts]
    assert_same(many, traces)
    assert_same_objectives(many, traces, [seen])


@pytest.mark.parametrize("angle", [1e-1, 1e-2, 1e-3])
def test_a_run_that_one_sweep_fits_exactly_has_the_bits_of_a_single_run(angle):
    """What is left then is rounding, and decides whether the objective is zero, which ends the run."""
    seen = from_matrix(low_rank(20, 25, 2, seed=0))
    starts = np.random.default_rng(0).standard_normal((12, 25, 2))
    starts[:, :, 1] = starts[:, :, 0] + angle * starts[:, :, 1]
    many = run_many_als(seen, 2, start=starts, ridge=0.0, rtol=0, max_sweeps=12)
    traces = [run_als(seen, 2, start=start, ridge=0.0, rtol=0, max_sweeps=12) for start in starts]
    assert many.n_sweeps.tolist() == [trace.n_sweeps for trace in traces]
    for r, trace in enumerate(traces):
        assert np.array_equal(many.lefts[r], trace.final.left)
        assert np.array_equal(many.rights[r], trace.final.right)


def test_a_direction_that_is_rounding_in_some_rows_is_left_out_there():
    """All directions count as such in Y_0; but to rows that miss its first column, one of them is rounding."""
    matrix = low_rank(12, 16, 3, seed=0)
    matrix[:4, 0] = np.nan
    seen = from_matrix(matrix)
    start = np.random.default_rng(0).standard_normal((16, 2)) * [1, 1e-14]
    start[0, 1] = 1e-9
    many = run_many_als(seen, 2, start=start[None], ridge=0.0, max_sweeps=1, keep_paths=True)
    trace = run_als(seen, 2, start=start, ridge=0.0, max_sweeps=1)
    assert trace.singular_rows.tolist() == [0, 1, 2, 3]
    assert_same_objectives(many, [trace], [seen])
    assert np.allclose(many.lefts[0][:4], trace.final.left[:4])


@pytest.mark.parametrize("rank", [1, 3, 8])
def test_any_rank_goes_side_by_side(no_reference, rank):
    seen, _ = masked(low_rank(25, 30, rank, seed=0, noise=0.1), 0.7, seed=0)
    many = run_many_als(seen, rank, seeds=range(4), ridge=0.1, max_sweeps=10, keep_paths=True)
    traces = [run_als(seen, rank, seed=seed, ridge=0.1, max_sweeps=10) for seed in range(4)]
    assert_same(many, traces)
    assert_same_objectives(many, traces, [seen])


def test_a_ridge_per_entry_goes_side_by_side_also_past_an_empty_row(no_reference):
    matrix = low_rank(15, 12, 2, seed=0, noise=0.1)
    matrix[3], matrix[:, 5] = np.nan, np.nan
    seen = from_matrix(matrix)
    options = {"ridge": 0.05, "ridge_per_entry": True, "max_sweeps": 10}
    many = run_many_als(seen, 2, seeds=range(4), keep_paths=True, **options)
    traces = [run_als(seen, 2, seed=seed, **options) for seed in range(4)]
    assert_same(many, traces)
    assert_same_objectives(many, traces, [seen])
    assert not many.lefts[:, 3].any()


def test_a_trap_stays_a_trap():
    seen, _ = masked(checkerboard(), 0.4, seed=1)
    many = run_many_als(seen, 2, start="equal", seeds=[0, 1], max_sweeps=60, rtol=0)
    singular_values = np.linalg.svd(many.lefts[0] @ many.rights[0].T, compute_uv=False)
    assert singular_values[1] < 1e-12 * singular_values[0]


@pytest.mark.parametrize("seed", range(5))
def test_an_objective_that_is_a_difference_of_much_larger_numbers_keeps_its_digits(no_reference, seed):
    # The columns of Y_0 are nearly parallel, and half of the matrix is what they differ by, so that X is large.
    rng = np.random.default_rng(seed)
    along, across = rng.standard_normal((2, 70))
    left = rng.standard_normal((40, 2))
    matrix = left @ np.stack([along, across]) + 0.1 * rng.standard_normal((40, 70))
    seen, _ = masked(matrix, 0.6, seed=0)
    start = np.stack([along, along + 5e-3 * across], axis=1)
    many = run_many_als(seen, 2, start=start[None], ridge=0.0, max_sweeps=3, rtol=0, keep_paths=True)
    trace = run_als(seen, 2, start=start, ridge=0.0, max_sweeps=3, rtol=0)
    assert np.abs(trace.lefts[1]).max() > 100
    assert np.allclose(many.paths[0], trace.objectives[::2], rtol=0, atol=1e-13 * np.sum(seen.values**2))


def test_starts_can_be_given_as_a_stack():
    seen, _ = masked(checkerboard(), 0.4, seed=1)
    starts = np.random.default_rng(0).standard_normal((5, 70, 2))
    assert_same(run_many_als(seen, 2, start=starts), [run_als(seen, 2, start=start) for start in starts])


def test_runs_that_overflow_end_as_diverged_with_finite_numbers():
    seen = from_matrix(np.array([[1e50, 2.0], [3.0, 4.0]]))
    starts = np.stack([np.full((2, 1), 1e-300), np.ones((2, 1))])
    many = run_many_als(seen, 1, ridge=0.0, start=starts)
    assert many.stop_reasons[0] is StopReason.DIVERGED
    assert many.n_sweeps[0] == 0
    assert np.isfinite(many.objectives).all()
    assert np.array_equal(many.rights[0], starts[0])


def test_large_matrices_go_one_at_a_time_with_the_same_bits(monkeypatch):
    monkeypatch.setattr(many_module, "LARGE", 100)
    seen, hidden = masked(checkerboard(), 0.4, seed=1)
    many = run_many_als(seen, 2, seeds=range(3), hidden=hidden, keep_paths=True)
    for seed in range(3):
        trace = run_als(seen, 2, seed=seed, hidden=hidden)
        assert np.array_equal(many.lefts[seed], trace.final.left)
        assert np.array_equal(many.paths[seed], trace.objectives[::2])
        assert many.rmse_hidden[seed] == trace.rmse_hidden[-1]


def test_the_matrix_of_a_large_problem_is_never_formed():
    cells = np.arange(0, 100_000, 1000)
    seen = Observations(cells, cells[::-1], np.ones(len(cells)), (100_000, 100_000))
    assert run_many_als(seen, 1, seeds=[0, 1], max_sweeps=1).n_sweeps.tolist() == [1, 1]


def test_no_sweeps_leave_the_starts():
    seen, _ = masked(checkerboard(), 0.4, seed=1)
    many = run_many_als(seen, 2, seeds=range(3), max_sweeps=0)
    assert_same(many, [run_als(seen, 2, seed=seed, max_sweeps=0) for seed in range(3)])


def test_the_same_call_gives_the_same_bits():
    seen, _ = masked(checkerboard(), 0.4, seed=1)
    first, again = (run_many_als(seen, 2, seeds=range(9)) for _ in range(2))
    assert np.array_equal(first.lefts, again.lefts)
    assert np.array_equal(first.objectives, again.objectives)


def test_progress_rises_to_the_number_of_runs(narrow):
    seen, _ = masked(checkerboard(), 0.4, seed=1)
    calls = []
    run_many_als(seen, 2, seeds=range(20), progress=lambda *call: calls.append(call))
    finished = [call[0] for call in calls]
    assert finished == sorted(finished)
    assert calls[-1] == (20, 20)
    assert len(set(finished)) > 3
    assert {call[1] for call in calls} == {20}


@pytest.mark.parametrize("large", [1_000_000, 0])
def test_a_cancelled_call_returns_the_runs_as_they_stand(monkeypatch, narrow, large):
    monkeypatch.setattr(many_module, "LARGE", large)
    seen, hidden = masked(checkerboard(), 0.4, seed=1)
    options = {"hidden": hidden, "keep_paths": True}
    finished, asked = [0], []
    many = run_many_als(
        seen,
        2,
        seeds=range(20),
        progress=lambda done, total: finished.append(done),
        cancelled=lambda: asked.append(None) or (finished[-1] >= 5 and len(asked) % 7 == 3),
        **options,
    )
    whole = run_many_als(seen, 2, seeds=range(20), **options)
    done = [r for r in range(20) if many.stop_reasons[r] is not None]
    assert 5 <= len(done) == finished[-1] < 20
    assert {0} < set(many.n_sweeps[[r for r in range(20) if r not in done]])  # some had begun, and some had not
    for r in range(20):
        stands = run_many_als(seen, 2, seeds=[r], rtol=0, max_sweeps=int(many.n_sweeps[r]), **options)
        assert np.array_equal(many.lefts[r], stands.lefts[0])
        assert np.array_equal(many.rights[r], stands.rights[0])
        assert np.array_equal(many.paths[r], stands.paths[0])
        assert many.objectives[r] == pytest.approx(stands.objectives[0])
        assert many.rmse_observed[r] == pytest.approx(stands.rmse_observed[0])
        assert many.rmse_hidden[r] == pytest.approx(stands.rmse_hidden[0])
        assert many.n_sweeps[r] <= whole.n_sweeps[r]
        assert r not in done or many.n_sweeps[r] == whole.n_sweeps[r]


def test_runs_can_be_made_in_slices_of_time(narrow):
    seen, _ = masked(checkerboard(), 0.4, seed=1)
    steps = iterate_many_als(seen, 2, seeds=range(20), keep_paths=True)
    told = []
    with pytest.raises(StopIteration) as end:
        while True:
            told.append(next(steps))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[0] == (0, 20)
    assert told[-1] == (20, 20)
    assert_identical(end.value.value, run_many_als(seen, 2, seeds=range(20), keep_paths=True))


def test_the_first_slice_can_be_the_last():
    seen, _ = masked(checkerboard(), 0.4, seed=1)
    steps = iterate_many_als(seen, 2, seeds=range(20))
    assert next(steps) == (0, 20)
    with pytest.raises(StopIteration) as end:
        steps.send(True)
    assert end.value.value.stop_reasons == (None,) * 20
    assert end.value.value.n_sweeps.tolist() == [1] * 20


def test_settings_are_checked_before_the_first_slice():
    seen, _ = masked(checkerboard(), 0.4, seed=1)
    with pytest.raises(InputError, match="rank"):
        iterate_many_als(seen, 99, seeds=[0])


def assert_identical(many, others, which=slice(None)):
    """The runs of `others` are some of the runs of `many`, bit for bit."""
    for name in ("lefts", "rights", "objectives", "rmse_observed", "n_sweeps"):
        assert np.array_equal(getattr(many, name)[which], getattr(others, name))
    assert list(np.array(many.stop_reasons, dtype=object)[which]) == list(others.stop_reasons)
    if many.rmse_hidden is not None:
        assert np.array_equal(many.rmse_hidden[which], others.rmse_hidden)
    paths = [many.paths[r] for r in np.arange(many.n_runs)[which]]
    assert all(np.array_equal(one, other) for one, other in zip(paths, others.paths, strict=True))


@pytest.mark.parametrize("own_masks", [False, True])
@pytest.mark.parametrize(
    ("rank", "true_rank", "ridge", "rtol"),
    [(2, 2, 0.01, 1e-9), (3, 3, 0.1, 1e-9), (4, 2, 1e-8, 1e-9), (4, 2, 0.0, 0.0), (3, 2, 1e-5, 1e-9), (1, 1, 0.1, 0)],
)
def test_a_run_has_the_same_bits_whatever_runs_are_beside_it(rank, true_rank, ridge, rtol, own_masks):
    matrix = low_rank(23, 31, true_rank, seed=0)
    pairs = [masked(matrix, 0.6, seed) for seed in range(40)] if own_masks else [masked(matrix, 0.6, 0)] * 40
    seen, hidden = zip(*pairs, strict=True)
    starts = np.random.default_rng(0).standard_normal((40, 31, rank))

    def make(which):
        problems = {
            "observations": [seen[r] for r in which] if own_masks else seen[0],
            "hidden": [hidden[r] for r in which] if own_masks else hidden[0],
        }
        return run_many_als(
            **problems, rank=rank, start=starts[which], ridge=ridge, rtol=rtol, max_sweeps=30, keep_paths=True
        )

    whole = make(list(range(40)))
    for which in ([0], [39], [5, 4], list(range(17)), list(range(39, 0, -1)), list(range(3, 40, 3))):
        assert_identical(whole, make(which), which)


@pytest.mark.parametrize("sparse", [0.0, 1.0])
@pytest.mark.parametrize("rank", [1, 3])
def test_sums_over_the_entries_are_those_of_zero_filled_tables(no_reference, monkeypatch, sparse, rank):
    monkeypatch.setattr(batched_half_step, "SPARSE", sparse)
    seen, hidden = masked(low_rank(40, 70, rank, seed=0, noise=0.1), 0.4, seed=1)
    options = {"ridge": 0.1, "max_sweeps": 20, "rtol": 1e-9, "hidden": hidden}
    many = run_many_als(seen, rank, seeds=range(6), keep_paths=True, **options)
    traces = [run_als(seen, rank, seed=seed, **options) for seed in range(6)]
    assert_same(many, traces)
    assert_same_objectives(many, traces, [seen])
    for which in ([0], [5, 2], range(1, 6)):
        assert_identical(many, run_many_als(seen, rank, seeds=which, keep_paths=True, **options), list(which))


@pytest.mark.parametrize("width", [1, 3, 16, 20])
def test_the_number_of_lanes_changes_no_bit(monkeypatch, width):
    seen, hidden = masked(low_rank(40, 70, 2, seed=0, noise=0.1), 0.4, seed=1)
    options = {"seeds": range(20), "hidden": hidden, "keep_paths": True}
    whole = run_many_als(seen, 2, **options)
    monkeypatch.setattr(lanes, "GRAM_NUMBERS", width * 2 * 2 * 70)
    assert_identical(run_many_als(seen, 2, **options), whole)


def test_the_results_are_read_only_and_hold_only_what_was_asked_for():
    seen, hidden = masked(checkerboard(), 0.4, seed=1)
    plain = run_many_als(seen, 2, seeds=[0])
    assert plain.paths is None
    assert plain.rmse_hidden is None
    many = run_many_als(seen, 2, seeds=[0], hidden=hidden, keep_paths=True)
    for array in (many.lefts, many.rights, many.objectives, many.rmse_hidden, many.n_sweeps, many.paths[0]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"rank": 41}, "rank, for this matrix, must be a whole number"),
        ({"seeds": None}, "at least one seed"),
        ({"seeds": []}, "at least one seed"),
        ({"seeds": [-1]}, "seed must be a whole number"),
        ({"start": "magic"}, "no start “"),
        ({"start": np.ones((2, 70, 2))}, "leave them out"),
        ({"start": np.ones((70, 2)), "seeds": None}, "must be stacked"),
        ({"start": np.ones((2, 40, 2)), "seeds": None}, r"stacked, \(R, 70, 2\)"),
        ({"start": np.full((1, 70, 2), np.nan), "seeds": None}, "finite"),
        ({"start": [["a"]], "seeds": None}, "starts Y_0 must be numbers"),
        ({"hidden": Observations([0], [0], [1.0], (2, 2))}, "same shape"),
        ({"hidden": [None]}, "hidden entries must be one set of observed entries"),
        ({"hidden": []}, "hidden entries must be one set of observed entries"),
        ({"hidden": [Observations([0], [0], [1.0], (40, 70))] * 3}, "3 sets of hidden entries for 2 runs"),
        ({"hidden": 5}, "hidden entries must be one set of observed entries"),
        ({"seeds": 5}, "at least one seed"),
        ({"ridge": "a"}, "ridge must be a number"),
        ({"ridge": -1.0}, "ridge"),
        ({"max_sweeps": 10_001}, "sweeps"),
        ({"seeds": range(2_000_000)}, "memory"),
    ],
)
def test_settings_out_of_bounds_are_refused(wrong, sentence):
    seen, _ = masked(checkerboard(), 0.4, seed=1)
    with pytest.raises(InputError, match=sentence):
        run_many_als(seen, **({"rank": 2, "seeds": [0, 1]} | wrong))


def test_problems_that_do_not_fit_together_are_refused():
    seen, _ = masked(checkerboard(), 0.4, seed=1)
    other = Observations([0], [0], [1.0], (2, 2))
    with pytest.raises(InputError, match="same shape"):
        run_many_als([seen, other], 2, seeds=[0, 1])
    with pytest.raises(InputError, match="3 problems and 2 seeds"):
        run_many_als([seen] * 3, 2, seeds=[0, 1])
    with pytest.raises(InputError, match="3 problems and 2 starts"):
        run_many_als([seen] * 3, 2, start=np.ones((2, 70, 2)))
    with pytest.raises(InputError, match="one set of observed entries"):
        run_many_als([], 2, seeds=[0])
    with pytest.raises(InputError, match="one set of observed entries"):
        run_many_als([seen, 3], 2, seeds=[0, 1])
    with pytest.raises(InputError, match="one set of observed entries"):
        run_many_als(None, 2, seeds=[0, 1])


@pytest.mark.parametrize("unit", [1e-145, 1e-100, 1e-82, 1e-60, 1e40])
def test_the_unit_does_not_matter(unit):
    """Squares of moments without a ridge would be fourth powers of the values."""
    seen, _ = masked(low_rank(40, 70, 2, seed=0), 0.5, seed=0)
    scaled = Observations(seen.rows, seen.cols, seen.values * unit, seen.shape)
    other = run_many_als(scaled, 2, start=starts_of(seen, 4), ridge=0.0)
    alone = [run_als(scaled, 2, start=start, ridge=0.0) for start in starts_of(seen, 4)]
    assert other.n_sweeps.tolist() == [trace.n_sweeps for trace in alone]
    assert other.stop_reasons == tuple(trace.stop_reason for trace in alone)


def starts_of(seen, n):
    return np.random.default_rng(3).standard_normal((n, seen.shape[1], 2))


def test_runs_tell_what_they_are_in_one_line():
    seen, _ = masked(checkerboard(), 0.5, seed=0)
    many = run_many_als(seen, 2, seeds=range(3))
    assert many.n_runs == 3
    assert np.array_equal(many.factors(1).left, many.lefts[1])
    assert repr(many) == "ManyALSRuns(3 runs, 40x70, rank 2: 3 converged)"
    trace = run_als(seen, 2)
    assert trace.n_steps == 2 * trace.n_sweeps
    assert repr(trace).startswith(f"ALSTrace(40x70, rank 2, {trace.n_steps} steps, objective ")
    assert repr(trace.final) == "Factors(40x70, rank 2)"
    assert repr(seen) == f"Observations(40x70, {seen.count:,} observed)"
