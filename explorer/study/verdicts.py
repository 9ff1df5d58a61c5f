"""How a run ended, in an icon, a bold word and one sentence.

A verdict is made twice: at once from the run alone, and again when more is known than the run can tell.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from explorer.completion import Identifiability
from explorer.errors import listed
from explorer.mixture import STRATEGIES, Degeneracy, DegeneracyKind, EMOutcome, OptimumKind, StopReason
from explorer.mixture.judge import is_best
from explorer.runs import ALSRun, EMRun
from explorer.settings import ALSSettings, EMSettings, shown
from explorer.study.als_outcomes import ALSOutcome, alike, why_not_recovered
from explorer.study.beyond import Alternatives, BeyondALS, BeyondEM, recovered_below

# Components whose means, weights and variances agree to this share of the data's spread have not separated.
SAME_COMPONENT = 1e-6


@dataclass(frozen=True)
class Verdict:
    """tone colours it (good, local, warning, error, plain); `ahead` is the word while the end is still to come."""

    tone: str
    word: str
    sentence: str
    ahead: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def em_verdict(run: EMRun, settings: EMSettings, beyond: BeyondEM | None = None) -> Verdict:
    """Judge a run of EM; `beyond` is what other starts tell, None while that is not known."""
    trace = run.trace
    steps, end = trace.n_iterations, float(trace.log_likelihoods[-1])
    if trace.stop_reason == StopReason.DEGENERATE:
        return _degenerate(run, settings, beyond)
    if trace.stop_reason == StopReason.DIVERGED:
        return _verdict("error", "Diverged", f"stopped at {steps}: L fell by more than rounding, to {_number(end)}")
    if _never_separates(run):
        return _verdict(
            "warning",
            "Never separates",
            f"all {settings.n_components} components started equal and stay equal, L = {_number(end)}",
        )
    stopped_early = trace.stop_reason == StopReason.MAX_ITER
    how = f"stopped at {steps}" if stopped_early else f"converged at {steps}"
    if beyond is not None:
        verdict = _JUDGED[beyond.outcome](run, settings, beyond, how)
    elif stopped_early:
        verdict = _verdict("warning", "Stopped at max iterations", f"{how}, L = {_number(end)}")
    else:
        after = f"after {steps} iteration{'' if steps == 1 else 's'}"
        verdict = _verdict("plain", "Converged", f"{after}, L = {_number(end)}")
    return replace(verdict, sentence=verdict.sentence + _held(run))


def _held(run: EMRun) -> str:
    """Which components are held at the variance floor at the end, and what that means for the likelihood."""
    numbers = sorted(_number_of(run, k) for k in np.flatnonzero(run.trace.held[-1]))
    if not numbers:
        return ""
    which = f"component {numbers[0]}" if len(numbers) == 1 else listed(numbers, len(numbers))
    return f"; {which} held at the floor: compare only with held runs"


def _on_a_plateau(run: EMRun, settings: EMSettings, beyond: BeyondEM, how: str) -> Verdict:
    """It stopped before its limit: what would have come."""
    steps, end = run.trace.n_iterations, float(run.trace.log_likelihoods[-1])
    stopped_early = run.trace.stop_reason == StopReason.MAX_ITER
    word = "Stopped at max iterations" if stopped_early else "Stopped on a plateau"
    reason = "while still climbing" if stopped_early else f"by the tolerance {shown(settings, 'rtol')}"
    n, s = beyond.continued_iterations, "" if beyond.continued_iterations == 1 else "s"
    if beyond.falls:
        outlook = f"{n} iteration{s} later {_collapse(run, beyond.falls[0])}"
    else:
        climb = _number(beyond.continued - end, signed=False)
        outlook = f"{n} more iteration{s} climb{'' if s else 's'} {climb} higher{_LIMITS.get(beyond.limit, '')}"
    return _verdict("warning", word, f"stopped at {steps} {reason}; {outlook}")


def _at_a_saddle(run: EMRun, settings: EMSettings, beyond: BeyondEM, how: str) -> Verdict:
    sentence = f"{how}, L = {_last(run)}: EM rests here, but the slightest push leads away{_higher(beyond)}"
    return Verdict("warning", "Saddle point", sentence, "Ends at a saddle point")


def _spurious(run: EMRun, settings: EMSettings, beyond: BeyondEM, how: str) -> Verdict:
    """It bought its likelihood: with which component, how narrow that is, and on how few points."""
    last, n = run.trace.mixture(-1), len(run.sample.values)
    deviations = np.sqrt(last.covariances[:, 0, 0])
    k = min(beyond.spurious, key=lambda k: deviations[k])
    weight = float(last.weights[k])
    width = f"{_number(float(deviations[k]), signed=False)} {run.sample.unit}".strip()
    sentence = (
        f"{how}, L = {_last(run)} does not count: component {_number_of(run, k)}, {width} wide on about "
        f"{_number(n * weight, signed=False)} of {n} points (weight {weight:.2g}), buys it"
    )
    return Verdict("warning", "Spurious", sentence, "Ends spurious")


def _at_an_optimum(run: EMRun, settings: EMSettings, beyond: BeyondEM, how: str) -> Verdict:
    """It is in a proper one: the best known, or another."""
    sentence = f"{how}, L = {_last(run)}"
    if beyond.n_degenerate == beyond.n_starts:
        return _verdict("plain", "Converged", f"{sentence}; all {beyond.n_starts} other starts collapsed")
    if beyond.n_degenerate + beyond.n_spurious == beyond.n_starts:
        none = f"none of {beyond.n_starts} other starts ends in an optimum that counts{_left_out(beyond)}"
        return _verdict("plain", "Converged", f"{sentence}; {none}")
    if not is_best(beyond.continued, beyond.best):
        return Verdict("local", "Local optimum", f"{sentence}{_higher(beyond)}", "Ends in a local optimum")
    sentence += f"; none of {beyond.n_starts} other starts ends higher{_left_out(beyond)}"
    return Verdict("good", "Best known optimum", sentence, "Ends in the best known optimum")


def _collapsing(run: EMRun, settings: EMSettings, beyond: BeyondEM, how: str) -> Verdict:
    """It converged right where a component collapses when it goes on."""
    sentence = f"{how}, L = {_last(run)}; when it goes on, {_collapse(run, beyond.falls[0])}"
    return _verdict("warning", "Degenerate", sentence)


# What a limit is called where it is no optimum that counts.
_LIMITS = {OptimumKind.SPURIOUS: ", to a spurious spike", OptimumKind.SADDLE: ", to a saddle point"}

# What is said of each outcome that a run can have which is neither degenerate nor diverged by itself.
_JUDGED = {
    EMOutcome.PROPER: _at_an_optimum,
    EMOutcome.PLATEAU: _on_a_plateau,
    EMOutcome.SADDLE: _at_a_saddle,
    EMOutcome.SPURIOUS: _spurious,
    EMOutcome.DEGENERATE: _collapsing,
}


def _higher(beyond: BeyondEM) -> str:
    """How much higher the best known optimum is, where it is."""
    if beyond.best is None or is_best(beyond.continued, beyond.best):
        return ""
    gap = _number(beyond.best - beyond.continued, signed=False)
    return f"; the best of {beyond.n_starts} starts is {gap} higher{_left_out(beyond)}"


def _left_out(beyond: BeyondEM) -> str:
    """Which of the other starts do not count."""
    counts = ((beyond.n_spurious, "spurious"), (beyond.n_degenerate, "degenerate"))
    told = " and ".join(f"{count} {name}" for count, name in counts if count)
    return f" ({told} left out)" if told else ""


def als_verdict(run: ALSRun, settings: ALSSettings, beyond: BeyondALS | None = None) -> Verdict:
    """Judge a run of ALS; `beyond` is what the mask and other runs tell, None while that is not known."""
    trace, rank, true_rank = run.trace, settings.rank, run.problem.low_rank
    if trace.stop_reason == StopReason.DIVERGED:
        return _verdict("error", "Diverged", f"stopped at {trace.n_sweeps}: the objective rose or overflowed")
    stopped_early = trace.stop_reason == StopReason.MAX_ITER
    how = f"{'stopped' if stopped_early else 'converged'} at {trace.n_sweeps}"
    determined = beyond is None or beyond.identifiability.determined
    reason = "" if determined else _undetermined(beyond.identifiability, rank)

    if trace.rmse_hidden is not None and true_rank is not None:
        hidden = trace.rmse_hidden[-1]
        end = f"{how}, hidden error {_in_units(run, hidden)}"
        if hidden < recovered_below(run.problem, run.masked):
            chose = "start and ridge" if settings.ridge else "the start"
            free = "" if determined else f", although {reason}: {chose} chose well"
            return Verdict("good", "Recovered", end + _known(run, settings, beyond) + free, "Ends recovered")
        if rank != true_rank:
            word = "Rank too low" if rank < true_rank else "Rank too high"
            return _verdict("warning", word, f"{end}: the matrix has rank {true_rank}")
        if beyond is not None and beyond.alternatives is not None:
            return _not_recovered(run, beyond.alternatives, end)
    if not determined:
        return _verdict("warning", "Not determined", f"{reason}: no method can fill it")
    if trace.rmse_hidden is None:
        tone, what, error = "plain", "error on the seen entries", trace.rmse_observed[-1]
    else:
        tone, what, error = "warning" if stopped_early else "plain", "hidden error", trace.rmse_hidden[-1]
    word = "Stopped at max sweeps" if stopped_early else "Converged"
    return _verdict(tone, word, f"{how}, {what} {_in_units(run, error)}{_known(run, settings, beyond)}")


def _not_recovered(run: ALSRun, others: Alternatives, end: str) -> Verdict:
    """Why a run of the true rank is far from the matrix although the mask determines it."""
    hidden, enough = run.trace.rmse_hidden[-1], recovered_below(run.problem, run.masked)
    why = why_not_recovered(hidden, others.continued, others.from_truth, enough)
    continued, from_truth = _in_units(run, others.continued), _in_units(run, others.from_truth)
    sweeps, s = ("1 more sweep", "s") if others.sweeps == 1 else (f"{others.sweeps} more sweeps", "")
    if why is ALSOutcome.STOPPED_EARLY:
        stopped_early = run.trace.stop_reason == StopReason.MAX_ITER
        word = "Stopped at max sweeps" if stopped_early else "Stopped on a plateau"
        outlook = f"recover{s} the matrix" if others.continued < enough else f"lead{s} to {continued}"
        return _verdict("warning", word, f"{end}; {sweeps} {outlook}")
    if why is ALSOutcome.HELD_BACK:
        by = "noise" if alike(others.from_truth, others.without_ridge) else "ridge"
        sentence = f"{end}; the true factors lead to {from_truth}: the {by} allows no better"
        return _verdict("warning", "Held back", sentence)
    sentence = f"{end}, although the mask determines the matrix and its true factors lead to {from_truth}"
    return Verdict("local", "Stuck", f"{sentence}: try another start", "Gets stuck")


def _known(run: ALSRun, settings: ALSSettings, beyond: BeyondALS | None) -> str:
    """What is worth adding about the mask, and about solutions that were not unique."""
    known = ""
    if beyond is not None and beyond.identifiability.determined:
        exact = run.problem.low_rank == settings.rank
        known += f"; this mask {'determines the matrix' if exact else f'can determine a rank-{settings.rank} matrix'}"
    n_singular = len(run.trace.singular_rows) + len(run.trace.singular_cols)
    if n_singular:
        which = "1 row or column" if n_singular == 1 else f"{n_singular} rows or columns"
        known += f"; {which} had no unique solution, the shortest was taken"
    return known


def describe_fall(fall: Degeneracy, unit: str) -> dict[str, str]:
    """Say in two short lines what happened to a component; the number of the component comes before them."""
    place = f"{_place(fall.location[0])} {unit}".strip()
    heads = {
        DegeneracyKind.FLOOR: ("variance at the floor", f"collapsed on {_points(fall.points)} at {place}"),
        DegeneracyKind.EMPTIED: ("emptied", "has no point left"),
        DegeneracyKind.SINGLETON: ("one point only", f"starts with the point {place} alone"),
        DegeneracyKind.CONSTANT: ("all points are equal", f"every value is {place}"),
    }
    head, detail = heads[fall.kind]
    return {"head": head, "detail": detail}


def _degenerate(run: EMRun, settings: EMSettings, beyond: BeyondEM | None) -> Verdict:
    fall = run.trace.degeneracies[0]
    advice = f"try another {'seed' if STRATEGIES[settings.initialization].uses_seed else 'initialization'}"
    if fall.kind == DegeneracyKind.CONSTANT:
        advice = "there is nothing to separate"
    elif len(np.unique(run.sample.values)) < len(run.trace.weights[0]):
        advice = "there are fewer distinct values than components"
    others = ""
    if beyond and beyond.n_degenerate:
        others = f"; {beyond.n_degenerate} of {beyond.n_starts} other starts collapse too"
    what = _collapse(run, fall)
    return _verdict("warning", "Degenerate", f"stopped at {run.trace.n_iterations}: {what}{others}; {advice}")


def _collapse(run: EMRun, fall: Degeneracy) -> str:
    """What happened to which component, by the number that it has in the picture."""
    detail = describe_fall(fall, run.sample.unit)["detail"]
    return detail if fall.kind == DegeneracyKind.CONSTANT else f"component {_number_of(run, fall.component)} {detail}"


def _never_separates(run: EMRun) -> bool:
    last = run.trace.mixture(-1)
    spread = float(run.sample.values.std())
    if last.n_components == 1 or spread == 0:
        return False
    scales = ((last.means, spread), (last.weights, 1.0), (last.covariances, spread**2))
    return all(np.ptp(array, axis=0).max() <= SAME_COMPONENT * scale for array, scale in scales)


def _undetermined(found: Identifiability, rank: int) -> str:
    counts = ((len(found.short_rows), "row"), (len(found.short_cols), "column"))
    short = " and ".join(f"{count} {name if count == 1 else name + 's'}" for count, name in counts if count)
    if short:
        has = "has" if len(found.short_rows) + len(found.short_cols) == 1 else "have"
        return f"{short} {has} fewer than {rank} seen entries, too few for rank {rank}"
    missing = found.degrees_of_freedom - found.jacobian_rank
    free = "1 direction" if missing == 1 else f"{missing} directions"
    return f"the seen entries leave {free} of a rank-{rank} matrix free"


def _in_units(run: ALSRun, error: float) -> str:
    return f"{_number(error * run.masked.scale, signed=False)} {run.problem.unit}".strip()


def _last(run: EMRun) -> str:
    return _number(float(run.trace.log_likelihoods[-1]))


def _number_of(run: EMRun, component: int) -> int:
    """The number by which people know a component, from 1."""
    return run.shown_order.tolist().index(component) + 1


def _verdict(tone: str, word: str, sentence: str) -> Verdict:
    return Verdict(tone, word, sentence, word)


def _points(count: int) -> str:
    return "one point" if count == 1 else f"{count} points"


def _place(location: float) -> str:
    """Four significant digits, and never a power of ten where the data has none."""
    text = f"{location:.0f}" if 1e4 <= abs(location) < 1e9 else f"{location:.4g}"
    return text.replace("-", "−")


def _number(value: float, *, signed: bool = True) -> str:
    """Two significant decimals for small figures, one for large ones; a true minus sign."""
    text = f"{value:.1f}" if signed or abs(value) >= 10 else f"{value:.2g}"
    return text.replace("-", "−")
