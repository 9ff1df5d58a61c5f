"""What the browser gets: every number of the run, in the order shown, aligned, and small."""

import json
from dataclasses import asdict, replace
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as search
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.datasets import Column, Sample, load_sample, own_matrix, own_sample
from explorer.mixture import hard_assignments, initialize, run_em
from explorer.player.payload import als_payload, em_payload, pack, shared_axes
from explorer.runs import EMRun, make_als_run, make_em_run
from explorer.settings import ALSSettings, EMSettings
from explorer.study.verdicts import em_verdict
from tests.player import node
from tests.player.decoder import decode

NAMES = st.text(st.characters(categories=["Ll"]), min_size=1, max_size=8)
HEADERS = st.dictionaries(NAMES.filter(lambda name: name != "arrays"), st.text(max_size=9) | st.integers() | st.none())
ARRAYS = st.dictionaries(
    NAMES,
    st.sampled_from([np.float64, np.float32, np.int32, np.uint8]).flatmap(
        lambda dtype: arrays(dtype, st.integers(0, 13))
    ),
    max_size=5,
)
DISORDERED = EMSettings(n_components=4, initialization="means", means="4.6 1.9 3 2.5")


# The block of bytes


@search(max_examples=50, deadline=None)
@given(HEADERS, ARRAYS)
def test_what_is_packed_is_read_back_bit_for_bit(header, packed):
    read, read_arrays = decode(pack(header, packed))
    assert read == header
    assert list(read_arrays) == list(packed)
    for name, array in packed.items():
        assert read_arrays[name].dtype == array.dtype
        assert read_arrays[name].tobytes() == array.tobytes()


def test_a_message_may_have_no_arrays():
    assert decode(pack({"role": "error", "text": "K is “11” – lower it"})) == (
        {"role": "error", "text": "K is “11” – lower it"},
        {},
    )


def test_arrays_are_laid_out_row_by_row_and_little_endian_whatever_they_were():
    table = np.arange(12.0).reshape(3, 4)
    _, read = decode(pack({}, {"columns": table[:, [2, 0]], "turned": table.T, "big": table.astype(">f8")}))
    assert read["columns"].tolist() == [2, 0, 6, 4, 10, 8]
    assert read["turned"].tolist() == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]
    assert read["big"].tolist() == list(range(12))


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_header_with_a_number_that_json_lacks_is_refused_here_and_not_in_the_browser(number):
    with pytest.raises(ValueError, match="JSON"):
        pack({"scale": number})


def test_the_browser_s_own_decoder_reads_the_same(tmp_path):
    packed = {
        "data": np.array([1.5, -0.0, 1e-300, np.pi]),
        "labels": np.array([3, 1, 2], dtype=np.uint8),
        "rows": np.array([-1, 2**31 - 1, 7], dtype=np.int32),
        "lefts": np.array([0.1, 2.0], dtype=np.float32),
        "none": np.array([]),
    }
    module = tmp_path / "payload.mjs"
    decoder = files("explorer.player") / "js" / "shared" / "payload.js"
    module.write_text(decoder.read_text(encoding="utf-8"), encoding="utf-8")
    script = f"""
        import {{ readFileSync }} from "node:fs";
        import {{ decode }} from {json.dumps(module.as_uri())};
        const sent = readFileSync(0);
        const larger = new Uint8Array(sent.length + 3); // as in a websocket's message, where it starts anywhere
        larger.set(sent, 3);
        const message = decode(larger.subarray(3));
        const plain = (value) => (ArrayBuffer.isView(value) ? [value.constructor.name, ...value] : value);
        console.log(JSON.stringify(Object.fromEntries(Object.entries(message).map(([k, v]) => [k, plain(v)]))));
    """
    ran = node.run("--input-type=module", "--eval", script, given=pack({"label": "½ °C", "unit": None}, packed))
    assert ran.returncode == 0, ran.stderr.decode()
    assert json.loads(ran.stdout) == {
        "label": "½ °C",
        "unit": None,
        "data": ["Float64Array", 1.5, 0, 1e-300, np.pi],
        "labels": ["Uint8Array", 3, 1, 2],
        "rows": ["Int32Array", -1, 2**31 - 1, 7],
        "lefts": ["Float32Array", float(np.float32(0.1)), 2],
        "none": ["Float64Array"],
    }


# A run of EM


def test_every_number_of_a_run_of_em_arrives_to_the_last_bit():
    settings = replace(DISORDERED, max_iter=7)
    run = make_em_run(settings)
    trace, order = run.trace, np.argsort(run.trace.means[-1, :, 0])
    header, sent = decode(em_payload(run, settings, {"run": "r1"}))
    assert sent["data"].tobytes() == run.sample.points.tobytes()
    for name in ("weights", "means", "covariances"):
        array = getattr(trace, name)
        assert sent[name].reshape(array.shape).tolist() == array[:, order].tolist()
    assert sent["log_likelihoods"].tobytes() == trace.log_likelihoods.tobytes()
    assert sent["lower_bounds"].tobytes() == trace.lower_bounds.tobytes()
    assert (header["role"], header["view"], header["run"]) == ("run", "em", "r1")
    assert (header["components"], header["last"], header["stop_reason"]) == (4, 14, "max_iter")
    assert (header["d"], header["columns"]) == (1, [{"name": "eruptions", "unit": "minutes"}])
    assert header["label"] == "Old Faithful, eruptions"
    assert header["explanation"] == run.explanation
    assert header["degeneracies"] == []
    assert header["truth"] is None


def test_points_in_the_plane_are_sent_with_their_columns():
    """No screen shows them yet; nothing between a sample and the browser takes them for points on a line."""
    columns = (Column("eruptions", "minutes"), Column("waiting", "minutes"))
    points = np.column_stack([load_sample(f"faithful-{column.name}").points for column in columns])
    sample = Sample("faithful", "Old Faithful", columns, points, "", "")
    start = initialize(points, 3, "k-means++", 1)
    run = EMRun(sample, hard_assignments(start), "", run_em(points, start, max_iter=6))
    trace, order = run.trace, np.argsort(run.trace.means[-1, :, 0])
    header, sent = decode(em_payload(run, EMSettings(), {"axes": shared_axes([run])}))
    assert (header["d"], header["columns"]) == (2, [asdict(column) for column in columns])
    assert set(header["axes"]) == {"curve", "iterations"}
    assert sent["data"].reshape(272, 2).tolist() == points.tolist()
    assert sent["means"].reshape(7, 3, 2).tolist() == trace.means[:, order].tolist()
    assert sent["covariances"].reshape(7, 3, 2, 2).tolist() == trace.covariances[:, order].tolist()


def test_components_are_ordered_by_the_last_iterate_s_mean_in_everything_that_is_sent():
    run = make_em_run(DISORDERED)
    order = run.shown_order.tolist()
    assert order != [0, 1, 2, 3]
    _, sent = decode(em_payload(run, DISORDERED, {}))
    means = sent["means"].reshape(-1, 4)
    assert means[-1].tolist() == sorted(means[-1])
    # A point starts with the nearest of the means that were placed, whatever number that has in the settings.
    placed = np.array([4.6, 1.9, 3.0, 2.5])[order]
    assert means[0] == pytest.approx(placed, rel=1e-12)
    nearest = np.abs(run.sample.values[:, None] - placed).argmin(axis=1)
    assert sent["start_labels"].tolist() == nearest.tolist()
    assert sent["start_labels"].dtype == np.uint8


def test_a_degenerate_component_has_the_number_that_the_verdict_gives_it():
    own = own_sample([0.0, 0.1, 0.3, 0.6, *[5.0] * 4, 9.0, 9.2, 9.7, 10.0])
    settings = EMSettings(data="own", n_components=3, initialization="means", means="5 9.5 0")
    run = make_em_run(settings, own)
    assert run.trace.degeneracies[0].component == 0
    header, _ = decode(em_payload(run, settings, {}))
    (fall,) = header["degeneracies"]
    assert fall["component"] == 1
    assert "component 2" in em_verdict(run, settings).sentence
    assert fall["detail"] in em_verdict(run, settings).sentence
    assert header["stop_reason"] == "degenerate"


def test_the_true_mixture_and_the_switches_of_the_picture_are_sent():
    settings = EMSettings(data="generated", soft=True, ghost=False, truth=True, max_iter=1)
    header, _ = decode(em_payload(make_em_run(settings), settings, {}))
    assert header["truth"] == {"weights": [0.5, 0.3, 0.2], "means": [-4, 0, 5], "deviations": [1, 0.7, 1.5]}
    assert header["options"] == {"soft": True, "ghost": False, "truth": True}


@pytest.mark.parametrize(
    ("settings", "note"),
    [
        (EMSettings(n_components=2, rtol=1e-4), "10⁻⁴"),
        (EMSettings(max_iter=1), "by max iterations"),
        (EMSettings(variance_floor=1e-2, n_components=6), "collapsed"),
    ],
)
def test_the_note_at_the_end_says_why_it_ended(settings, note):
    header, _ = decode(em_payload(make_em_run(settings), settings, {}))
    assert note in header["end_note"]


def test_a_hundred_iterations_of_five_components_on_4000_points_are_20_times_smaller_than_plotly_frames():
    settings = EMSettings(data="two-bumps", n_components=5, max_iter=100, rtol=0.0)
    run = make_em_run(settings)
    assert (len(run.sample.values), run.trace.n_iterations) == (4000, 100)
    assert len(em_payload(run, settings, {})) < 1_700_000 / 20


# A run of ALS


@pytest.mark.parametrize("matrix", ["checkerboard", "sea-temperature", "votes"])
def test_every_number_of_a_run_of_als_arrives(matrix):
    settings = ALSSettings(matrix=matrix, rank=3, seen=40, max_sweeps=4, rtol=0.0)
    run = make_als_run(settings)
    trace, (m, n) = run.trace, run.problem.values.shape
    header, sent = decode(als_payload(run, settings, {"run": "r2"}))
    assert (header["role"], header["view"], header["run"]) == ("run", "als", "r2")
    assert (header["m"], header["n"], header["rank"], header["last"]) == (m, n, 3, 8)
    assert header["stop_reason"] == "max_iter"
    assert sent["lefts"].reshape(5, m, 3).tolist() == trace.lefts.astype("f4").tolist()
    assert sent["rights"].reshape(5, n, 3).tolist() == trace.rights.astype("f4").tolist()
    for name in ("objectives", "rmse_observed", "rmse_hidden"):
        assert sent[name].tobytes() == getattr(trace, name).tobytes()
    assert len(header["row_labels"]) == m
    assert len(header["col_labels"]) == n
    assert header["unit"] == run.problem.unit
    # Offset and scale lead from what is sent to the data itself.
    mask = np.zeros((m, n), dtype=bool)
    mask[sent["rows"], sent["cols"]] = True
    assert mask.tolist() == run.masked.mask.tolist()
    shown = header["offset"] + header["scale"] * sent["values"]
    assert shown == pytest.approx(run.problem.values[sent["rows"], sent["cols"]], rel=1e-12, abs=1e-12)


def test_with_nothing_hidden_there_is_no_hidden_error_to_draw():
    settings = ALSSettings(seen=100, max_sweeps=2)
    _, sent = decode(als_payload(make_als_run(settings), settings, {}))
    assert "rmse_hidden" not in sent


def test_rows_and_columns_with_too_few_entries_or_no_unique_solution_are_named():
    settings = ALSSettings(mask_seed=39, ridge=0.0)
    run = make_als_run(settings)
    header, sent = decode(als_payload(run, settings, {}))
    assert header["ridge"] == 0
    for short, singular, indices, size in (
        ("short_rows", "singular_rows", "rows", 40),
        ("short_cols", "singular_cols", "cols", 70),
    ):
        few = [index for index in range(size) if np.count_nonzero(sent[indices] == index) < 2]
        assert header[short] == few
        assert set(few) <= set(header[singular])
    assert len(header["short_cols"]) == 2


def test_labels_of_a_user_s_matrix_arrive_as_they_are():
    problem = own_matrix([[1.0, 2.0], [3.0, 5.0]], ["Sète", '"quoted" </script>'], ["é", "日本"], label="∅")
    settings = ALSSettings(matrix="own", rank=1, seen=100)
    header, _ = decode(als_payload(make_als_run(settings, problem), settings, {}))
    assert header["row_labels"] == ["Sète", '"quoted" </script>']
    assert header["col_labels"] == ["é", "日本"]
    assert header["label"] == "∅"


def test_which_components_are_held_at_the_floor_is_told_for_every_iterate():
    settings = EMSettings(data="galaxies", n_components=6, seed=3, variance_floor=1e-3, at_floor="hold")
    run = make_em_run(settings)
    _, read = decode(em_payload(run, settings, {}))
    held = read["held"].reshape(-1, 6)
    assert held.any() and not held.all()
    np.testing.assert_array_equal(held.astype(bool), run.trace.held[:, run.shown_order])
    floor = 1e-3 * run.sample.values.var()
    variances = read["covariances"].reshape(-1, 6)
    np.testing.assert_array_equal(held == 1, variances <= floor * (1 + 1e-9))
