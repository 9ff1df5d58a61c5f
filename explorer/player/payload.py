"""A run as one compact block of bytes for the browser, decoded by js/shared/payload.js.

Layout: a little-endian uint32 with the header's length, the header as JSON, and the arrays one after the other,
each aligned to 8 bytes. What decides something (data, parameters, likelihoods) goes as float64, so that the browser
finds the very labels that Python finds; factors, which are only drawn, go as float32.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from explorer.completion import CompletionTrace, short_cols, short_rows
from explorer.datasets import MaskedMatrix, MatrixProblem
from explorer.mixture import MixtureTrace
from explorer.runs import ALSRun, EMRun
from explorer.settings import ALSSettings, EMSettings, shown
from explorer.study.verdicts import describe_fall

_ALIGNMENT = 8
_DTYPES = ("f8", "f4", "i4", "u1")


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> bytes:
    """Pack a JSON-able header and named arrays (float64, float32, int32 or uint8) into one block of bytes."""
    described, blocks, offset = [], [], 0
    for name, array in (arrays or {}).items():
        if array.dtype.str[1:] not in _DTYPES:
            raise TypeError(f"{name} is {array.dtype}; the browser reads {', '.join(_DTYPES)}")
        block = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        described.append({"name": name, "dtype": array.dtype.str[1:], "offset": offset, "length": array.size})
        padding = -len(block) % _ALIGNMENT
        blocks.append(block + bytes(padding))
        offset += len(block) + padding
    text = json.dumps({**header, "arrays": described}, ensure_ascii=False, allow_nan=False).encode()
    head = struct.pack("<I", len(text)) + text
    return b"".join([head, bytes(-len(head) % _ALIGNMENT), *blocks])


def em_payload(run: EMRun, settings: EMSettings, frame: Mapping[str, Any]) -> bytes:
    """Pack a run of EM. `frame` holds what the page adds: slot, run and data identity, summary, address entries.

    For n points in d dimensions, K components and T iterations the arrays are data (n, d), weights (T + 1, K), means
    (T + 1, K, d), covariances (T + 1, K, d, d), log_likelihoods (T + 1), lower_bounds (2T + 1), held (T + 1, K), which
    components are held at the variance floor, and start_labels (n).
    """
    sample, trace = run.sample, run.trace
    order = run.shown_order
    rank = np.argsort(order)
    truth = sample.truth
    header = {
        "role": "run",
        "view": "em",
        "label": sample.label,
        "d": sample.d,
        "columns": [asdict(column) for column in sample.columns],
        "explanation": run.explanation,
        "components": len(order),
        "last": 2 * trace.n_iterations,
        "stop_reason": trace.stop_reason,
        "end_note": _end_note(trace, settings),
        "degeneracies": [
            {"component": int(rank[fall.component]), **describe_fall(fall, sample.unit)} for fall in trace.degeneracies
        ],
        "truth": truth
        and {
            "weights": list(truth.weights),
            "means": list(truth.means),
            "deviations": list(truth.deviations),
        },
        "options": {"soft": settings.soft, "ghost": settings.ghost, "truth": settings.truth},
        "best": None,
        "best_label": "",
        "axes": None,
        **frame,
    }
    arrays = {
        "data": sample.points,
        "weights": trace.weights[:, order],
        "means": trace.means[:, order],
        "covariances": trace.covariances[:, order],
        "log_likelihoods": trace.log_likelihoods,
        "lower_bounds": trace.lower_bounds,
        "held": trace.held[:, order].astype(np.uint8),
        "start_labels": rank[run.start_labels].astype(np.uint8),
    }
    return pack(header, arrays)


def shared_axes(runs: Sequence[EMRun] | Sequence[ALSRun]) -> dict[str, Any]:
    """Return what the axes of several runs on the same data must hold, so that their pictures can be compared.

    curve: the lowest and the highest value on the curves, iterations: how many the longest run has; density, of EM
    on a line alone: the highest at any mean.
    """
    values = np.concatenate([_curve(run) for run in runs])
    finite = values[np.isfinite(values)]
    axes = {"curve": [float(finite.min()), float(finite.max())]}
    if isinstance(runs[0], ALSRun):
        return axes | {"iterations": max(run.trace.n_sweeps for run in runs)}
    axes["iterations"] = max(run.trace.n_iterations for run in runs)
    if runs[0].sample.d == 1:
        axes["density"] = max(_density_peak(run.trace) for run in runs)
    return axes


def _curve(run: EMRun | ALSRun) -> np.ndarray:
    """What the axis of the run's curve has to hold, in the units that people read there."""
    trace = run.trace
    if isinstance(run, EMRun):  # the start's bound may lie far below everything else, and leave the picture
        return np.concatenate([trace.log_likelihoods, trace.lower_bounds[1:]])
    errors = [trace.rmse_observed] if trace.rmse_hidden is None else [trace.rmse_observed, trace.rmse_hidden]
    return np.concatenate(errors) * run.masked.scale


def _density_peak(trace: MixtureTrace) -> float:
    """The highest density at any mean of any iterate; d = 1."""
    means, variances = trace.means[:, :, 0], trace.covariances[:, :, 0, 0]
    squared = (means[:, :, None] - means[:, None, :]) ** 2 / variances[:, None, :]
    at_means = np.exp(-squared / 2) * (trace.weights / np.sqrt(2 * np.pi * variances))[:, None, :]
    return float(at_means.sum(axis=2).max())


def _end_note(trace: MixtureTrace, settings: EMSettings) -> str:
    notes = {
        "converged": f"Last gain below {shown(settings, 'rtol')} · |L|.",
        "max_iter": "Stopped by max iterations.",
        "degenerate": "A component collapsed: the run stops here.",
        "diverged": "The log-likelihood fell: the run stops here.",
    }
    return notes[trace.stop_reason]


def als_payload(run: ALSRun, settings: ALSSettings, frame: Mapping[str, Any]) -> bytes:
    """Pack a run of ALS; values and factors are in model units, `offset` and `scale` lead back to the data's own."""
    return completion_payload(run.problem, run.masked, run.trace, run.explanation, settings.ridge, frame)


def completion_payload(
    problem: MatrixProblem,
    masked: MaskedMatrix,
    trace: CompletionTrace,
    explanation: str,
    ridge: float,
    frame: Mapping[str, Any],
) -> bytes:
    """Pack a run of any solver of matrix completion with every half step, as `als_payload` does.

    explanation: one sentence on how the start was made. ridge: lambda; 0 where the objective has no penalty. Where the
    trace keeps the leading factors only, "rank" is how many columns are shown, and no row is short of entries for it.
    """
    m, n = problem.values.shape
    observed, factors = masked.observed, _factors_of(trace)
    rank = factors["lefts"].shape[2]
    singular = [found.get("singular", ()) for found in trace.found]
    header = {
        "role": "run",
        "view": "als",
        "label": problem.label,
        "unit": problem.unit,
        "explanation": explanation,
        "m": m,
        "n": n,
        "rank": rank,
        "last": trace.n_half_steps,
        "stop_reason": trace.stop_reason,
        "offset": masked.offset,
        "scale": masked.scale,
        "row_labels": list(problem.row_labels),
        "col_labels": list(problem.col_labels),
        "ridge": ridge,
        "short_rows": short_rows(observed, rank).tolist() if trace.whole else [],
        "short_cols": short_cols(observed, rank).tolist() if trace.whole else [],
        "singular_rows": sorted({int(row) for rows in singular[1::2] for row in rows}),
        "singular_cols": sorted({int(col) for cols in singular[2::2] for col in cols}),
        "axes": None,
        **frame,
    }
    arrays = {
        "rows": observed.rows.astype(np.int32),
        "cols": observed.cols.astype(np.int32),
        "values": observed.values,
        **factors,
        "objectives": trace.half_objectives,
        "rmse_observed": trace.half_rmse_observed,
    }
    if trace.rmse_hidden is not None:
        arrays["rmse_hidden"] = trace.half_rmse_hidden(masked.hidden)
    return pack(header, arrays)


def _factors_of(trace: CompletionTrace) -> dict[str, np.ndarray]:
    """The different X and Y of a run, lefts (., m, k) and rights (., n, k), and which of them stand at each half step.

    left_at, right_at (H + 1) say which, and are left out where X moves at odd half steps and Y at even ones: there the
    browser takes X number (h + 1) // 2 and Y number h // 2. Columns that a half step lacks are zero.
    """
    lefts, rights = zip(*trace.all_arrays(), strict=True)
    stays = [
        all(map(np.array_equal, lefts[1::2], lefts[2::2])),  # X at even half steps, and Y at odd ones
        all(map(np.array_equal, rights[0::2], rights[1::2])),
    ]
    if all(stays):
        return {
            "lefts": np.stack([lefts[0], *lefts[1::2]]).astype(np.float32),
            "rights": np.stack(rights[0::2]).astype(np.float32),
        }
    columns = max(left.shape[1] for left in lefts)
    packed = {}
    for name, factors in (("left", lefts), ("right", rights)):
        changed = [h == 0 or not np.array_equal(factors[h], factors[h - 1]) for h in range(len(factors))]
        tables = [factor for factor, is_new in zip(factors, changed, strict=True) if is_new]
        packed[name + "s"] = np.stack([_widened(table, columns) for table in tables]).astype(np.float32)
        packed[name + "_at"] = (np.cumsum(changed) - 1).astype(np.int32)
    return packed


def _widened(factor: np.ndarray, columns: int) -> np.ndarray:
    return np.pad(factor, ((0, 0), (0, columns - factor.shape[1])))
