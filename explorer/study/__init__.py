"""What a single run cannot tell: where other starts end, how often, and what the data can determine at all.

Around one run look `beyond` (would it climb on, where do other starts end, is the mask enough) and `verdicts`.

A study is many runs. To read it, begin with `plans` (what is to be run, in which batches), `em_runs` and `als_runs` (a
batch as rows of a table), `em_outcomes` and `als_outcomes` (what became of every run; `outcomes` for a whole plan),
`em_summary` and `shares` (what many runs say), `names` (what optima are called).

What one sees besides: `em_paths`, `als_paths` (runs made again, with every value on the way), `landscape` and
`partitions` with `reached` (all starts of a kind), `phase` (recovery over density and rank), `rotation` (factors that
differ, and do not).

When one machine is not enough: `work` (batches handed to any executor), `processes` and `cluster` (which ones),
`journal` (finished batches on the disk) and `locks` (one command at a time), `results` with `tables`, `bounds` and
`portable` (files that load again, and what they may hold), `plan_files`, `progress`, and `command`, which puts them
together.
"""

from explorer.settings import ALSStudySettings, EMStudySettings
from explorer.study.als_outcomes import (
    ALSOutcome,
    add_als_outcomes,
    outcome_counts,
    shares_recovered,
    starts_to_recover,
)
from explorer.study.em_outcomes import EMOutcomes, Optimum, em_outcomes
from explorer.study.em_paths import log_likelihood_paths, tolerance_effects
from explorer.study.em_summary import InitializationSummary, headline, summarize
from explorer.study.landscape import Landscape, iterate_landscape, map_landscape
from explorer.study.outcomes import add_outcomes
from explorer.study.partitions import Partitions, StartKind, enumerate_partitions, iterate_partitions
from explorer.study.phase import PHASE, PhaseAxes, PhaseCell, iterate_phase, least_density, painted
from explorer.study.plan_files import load_plan
from explorer.study.plans import Plan, Study, plan_of, read_plan, study_of
from explorer.study.results import Results, read_results, write_results
from explorer.study.rotation import Alignment, align_factors
from explorer.study.shares import best_of, share_with_interval, starts_needed
from explorer.study.work import iterate_batches, run_plan

__all__ = [
    "PHASE",
    "ALSOutcome",
    "ALSStudySettings",
    "Alignment",
    "EMOutcomes",
    "EMStudySettings",
    "InitializationSummary",
    "Landscape",
    "Optimum",
    "Partitions",
    "PhaseAxes",
    "PhaseCell",
    "Plan",
    "Results",
    "StartKind",
    "Study",
    "add_als_outcomes",
    "add_outcomes",
    "align_factors",
    "best_of",
    "em_outcomes",
    "enumerate_partitions",
    "headline",
    "iterate_batches",
    "iterate_landscape",
    "iterate_partitions",
    "iterate_phase",
    "least_density",
    "load_plan",
    "log_likelihood_paths",
    "map_landscape",
    "outcome_counts",
    "painted",
    "plan_of",
    "read_plan",
    "read_results",
    "run_plan",
    "share_with_interval",
    "shares_recovered",
    "starts_needed",
    "starts_to_recover",
    "study_of",
    "summarize",
    "tolerance_effects",
    "write_results",
]
