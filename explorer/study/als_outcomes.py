"""How every run of an ALS study ended, by the rules of a single run's verdict, and how many ended so.

"Stuck" and "this mask cannot determine the matrix" are two different outcomes: under such a mask no start helps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from explorer.completion import Factors, Observations, factorize, identifiability, short_cols, short_rows
from explorer.datasets import MaskedMatrix, MatrixProblem
from explorer.stop_reason import StopReason
from explorer.study.als_runs import hidden_errors, masked_by, masks_of, remake, run_on
from explorer.study.beyond import CONTINUED_RTOL, CONTINUED_SWEEPS, recovered_below
from explorer.study.restarts import CERTAINTY, share_with_interval, starts_needed
from explorer.study.studies import Study

# Two errors on the hidden entries count as alike up to this ratio.
ALIKE = 1.5


class ALSOutcome(StrEnum):
    """How a run ended. The members come in the order in which they are shown.

    RECOVERED: the hidden entries are found, up to `recovered_below`.
    STUCK: the mask determines the matrix and a run from its true factors ends nearer: another start may recover it.
    STOPPED_EARLY: going on with a tolerance of 1e-10 recovers the matrix, or leads elsewhere.
    HELD_BACK: even a run from the true factors ends no nearer: the ridge or the noise is in the way.
    NOT_DETERMINED: the mask leaves the matrix a choice; no start helps.
    RANK_DIFFERS: the matrix is known to have another rank than the one that ALS was given.
    DIVERGED: the objective rose or overflowed.
    UNKNOWN: there is nothing to judge by: a measured matrix, or nothing is hidden.
    """

    RECOVERED = "recovered"
    STUCK = "stuck"
    STOPPED_EARLY = "stopped early"
    HELD_BACK = "held back"
    NOT_DETERMINED = "not determined"
    RANK_DIFFERS = "rank differs"
    DIVERGED = "diverged"
    UNKNOWN = "unknown"


def why_not_recovered(hidden: float, continued: float, from_truth: float, enough: float) -> ALSOutcome:
    """Say why a run of the true rank is far from a matrix that its mask determines.

    hidden: its error on the hidden entries; continued: where that is when it goes on; from_truth: where a run from the
    true factors ends; enough: below this the matrix counts as recovered. All in one unit.
    """
    if continued < enough or not alike(hidden, continued):
        return ALSOutcome.STOPPED_EARLY
    return ALSOutcome.HELD_BACK if alike(continued, from_truth) else ALSOutcome.STUCK


def alike(error: float, other: float) -> bool:
    """Whether two errors on the hidden entries differ by less than people would care about."""
    return max(error, other) <= ALIKE * min(error, other)


# Masks


@dataclass(frozen=True)
class MaskFacts:
    """What a mask allows, whatever the start.

    determined: whether it determines a matrix of the study's rank; at the true factors where the matrix has that rank.
    from_truth: the error on the hidden entries (problem's unit) where a run ends that starts at the true factors; NaN
    where the matrix is not known to have that rank, its mask does not determine it, or nothing is hidden.
    """

    determined: bool
    from_truth: float


# The table of a study comes in parts, which share masks: what is known about them lives as long as the study does.
_KNOWN: WeakKeyDictionary[Study, dict[int, MaskFacts]] = WeakKeyDictionary()


def judge_masks(study: Study, mask_seeds: Iterable[int]) -> dict[int, MaskFacts]:
    """Return what each mask of the study allows. Every mask is judged once, all from the truth are run together.

    A mask that shows nothing determines nothing.
    """
    known = _KNOWN.setdefault(study, {})
    wanted = list(mask_seeds)
    masks = {seed: masked_by(study.problem, study.settings, seed) for seed in wanted if seed not in known}
    truth = true_factors(study) if masks else None
    determined = {
        seed: masked is not None and mask_determines(masked.observed, study.settings.rank, truth)
        for seed, masked in masks.items()
    }
    judged = [seed for seed in masks if truth is not None and determined[seed] and masks[seed].hidden is not None]
    errors = dict(zip(judged, _from_truth(study, [masks[seed] for seed in judged], truth), strict=True))
    for seed in masks:
        known[seed] = MaskFacts(determined[seed], errors.get(seed, np.nan))
    return {seed: known[seed] for seed in wanted}


def mask_determines(observed: Observations, rank: int, truth: Factors | None) -> bool:
    """Return whether the entries determine a matrix of this rank, near `truth` or, where that is None, near most.

    What is plain from counting is not computed: every row and column needs k entries, and all together as many as a
    matrix of rank k has degrees of freedom, (m + n - k) k.
    """
    m, n = observed.shape
    if observed.count < (m + n - rank) * rank or len(short_rows(observed, rank)) or len(short_cols(observed, rank)):
        return False
    return identifiability(observed, rank, at=truth).determined


def true_factors(study: Study) -> Factors | None:
    """Return the true factors, where the matrix is known to have the study's rank (up to noise); None elsewhere."""
    rank = study.settings.rank
    return factorize(study.problem.values, rank) if study.problem.low_rank == rank else None


def _from_truth(study: Study, masks: list[MaskedMatrix], truth: Factors | None) -> np.ndarray:
    if not masks:
        return np.empty(0)
    starts = np.repeat(truth.right[None], len(masks), axis=0)
    observed = [masked.observed for masked in masks]
    runs = run_on(observed, study.settings, starts, max_sweeps=CONTINUED_SWEEPS, rtol=CONTINUED_RTOL)
    return hidden_errors(masks, runs)


def recovery_limit(problem: MatrixProblem, masked: MaskedMatrix | None) -> float:
    """Return the error on the hidden entries (problem's unit) below which a run recovers; NaN where nothing is seen."""
    return np.nan if masked is None else masked.scale * recovered_below(problem, masked)


# Outcomes


def add_als_outcomes(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the study's table with two more columns, `determined` (bool) and `outcome` (of ALSOutcome).

    determined: whether the run's mask determines a matrix of the study's rank, as in `MaskFacts`. outcome: the verdict
    that `als_verdict` comes to when it knows what is beyond the run. A matrix that was recovered counts as that even
    where the mask left a choice, because start and ridge chose well. Any rows of one study will do, in any order.
    """
    rows = rows.copy()
    facts = judge_masks(study, rows["mask_seed"].unique().tolist())
    rows["determined"] = np.array([facts[seed].determined for seed in rows["mask_seed"]], dtype=bool)
    rows["outcome"] = _outcomes(study, rows, facts)
    return rows


def _outcomes(study: Study, rows: pd.DataFrame, facts: dict[int, MaskFacts]) -> np.ndarray:
    determined, errors = rows["determined"].to_numpy(), rows["error_hidden"].to_numpy(dtype=np.float64)
    diverged = (rows["stop_reason"] == StopReason.DIVERGED).to_numpy()
    outcomes = np.where(determined, ALSOutcome.UNKNOWN.value, ALSOutcome.NOT_DETERMINED.value).astype(object)
    compared = ~np.isnan(errors) if study.problem.low_rank is not None else np.zeros(len(rows), dtype=bool)
    if compared.any():
        masks = masks_of(study, rows)
        by_mask = {masked: recovery_limit(study.problem, masked) for masked in set(masks)}
        enough = np.array([by_mask[masked] for masked in masks])
        outcomes[compared & (errors < enough)] = ALSOutcome.RECOVERED.value
        far = compared & ~(errors < enough) & ~diverged
        if study.problem.low_rank != study.settings.rank:
            outcomes[far] = ALSOutcome.RANK_DIFFERS.value
        else:
            far = np.flatnonzero(far & determined)
            continued = _continued(study, rows.iloc[far], [masks[row] for row in far])
            for row, end in zip(far, continued, strict=True):
                from_truth = facts[rows["mask_seed"].iloc[row]].from_truth
                outcomes[row] = why_not_recovered(errors[row], end, from_truth, enough[row]).value
    outcomes[diverged] = ALSOutcome.DIVERGED.value
    return outcomes


def _continued(study: Study, rows: pd.DataFrame, masks: list[MaskedMatrix]) -> np.ndarray:
    """The hidden errors (problem's unit) where the runs end when they go on.

    The verdict on a single run would also count one that is recovered on its way and then led away again, by noise; in
    72 runs on noisy matrices, two thirds of them without a ridge, that did not happen once.
    """
    if not len(rows):
        return np.empty(0)
    observed = [masked.observed for masked in masks]
    rights = remake(study, rows).rights
    runs = run_on(observed, study.settings, rights, max_sweeps=CONTINUED_SWEEPS, rtol=CONTINUED_RTOL)
    return hidden_errors(masks, runs)


# What a table of outcomes says. `by` is what rows are put together by: "initialization", "mask_seed", or both.


def shares_recovered(rows: pd.DataFrame, by: str | Sequence[str] = "initialization") -> pd.DataFrame:
    """Return how many runs were recovered: `runs`, `recovered`, `share`, and its 95 % interval `low`, `high`."""
    recovered = rows["outcome"] == ALSOutcome.RECOVERED
    groups = recovered.groupby(_keys(rows, by), sort=False)
    shares = {key: share_with_interval(int(group.sum()), len(group)) for key, group in groups}
    columns = {"runs": "total", "recovered": "count", "share": "share", "low": "low", "high": "high"}
    table = {column: [getattr(share, name) for share in shares.values()] for column, name in columns.items()}
    return pd.DataFrame(table, index=groups.size().index)


def starts_to_recover(rows: pd.DataFrame, certainty: float = CERTAINTY) -> pd.DataFrame:
    """Return how many starts recover the matrix at least once with this certainty, for each initialization.

    Only masks that determine the matrix count, since no number of starts is enough under the others. The columns:
    masks: how many masks count; share: the mean share recovered on them; starts: how many starts are enough on a mask
    that one does not know, as `starts_needed` says of the shares of all masks; hardest_share and hardest_starts: the
    same on the mask with the lowest share. Initializations under which no mask counts are left out.
    """
    table = []
    for initialization, group in rows[rows["determined"]].groupby("initialization", sort=False):
        by_mask = shares_recovered(group, "mask_seed")["share"]
        table.append(
            {
                "initialization": initialization,
                "masks": len(by_mask),
                "share": by_mask.mean(),
                "starts": starts_needed(by_mask, certainty),
                "hardest_share": by_mask.min(),
                "hardest_starts": starts_needed(by_mask.min(), certainty),
            }
        )
    columns = ["initialization", "masks", "share", "starts", "hardest_share", "hardest_starts"]
    return pd.DataFrame(table, columns=columns).set_index("initialization")


def _keys(rows: pd.DataFrame, by: str | Sequence[str]) -> list[pd.Series]:
    return [rows[name] for name in ([by] if isinstance(by, str) else by)]
