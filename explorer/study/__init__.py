"""What a single run cannot tell: where other starts end, how often, and what the data can determine at all.

Around one run look `beyond` (would it climb on, where do other starts end, is the mask enough) and `verdicts`.

A study is many runs. To read it, begin with `studies` (a study, and a batch of its runs) and `kinds` (what differs
between EM and ALS, as one record each; nothing else asks). Then plan -> batches -> table -> outcomes: `plans`, `work`,
`outcomes`, which ask the record of their kind for `em_runs` and `als_runs` (a batch as rows of a table) and for
`em_outcomes` and `als_outcomes` (what became of every run). `em_summary`, `als_summary` and `restarts` say what many
runs come to, `names` what optima are called.

What one sees besides: `em_paths`, `als_paths` (runs made again, with every value on the way), `landscape` and
`partitions` with `em_limits` (all starts of a kind), `phase` (recovery over density and rank), `rotation` (factors that
differ, and do not).

`results` and `tables` are files that load again; what else is in files, a plan or data of one's own, lies in `files`.
The command `explorer study`, with its processes and clusters, lies in `command`.
"""

from explorer.settings import ALSStudySettings, EMStudySettings
from explorer.study.als_outcomes import (
    ALSOutcome,
    add_als_outcomes,
    shares_recovered,
    starts_to_recover,
)
from explorer.study.em_outcomes import EMOutcomes, Optimum, em_outcomes
from explorer.study.em_paths import log_likelihood_paths, tolerance_effects
from explorer.study.em_summary import InitializationSummary, headline, summarize
from explorer.study.files.plan_file import load_plan
from explorer.study.landscape import Landscape, iterate_landscape, map_landscape
from explorer.study.outcomes import add_outcomes
from explorer.study.partitions import Partitions, StartKind, enumerate_partitions, iterate_partitions
from explorer.study.phase import PHASE, PhaseAxes, PhaseCell, iterate_phase, least_density, painted
from explorer.study.plans import Plan, plan_of, read_plan, study_of
from explorer.study.restarts import best_of, share_with_interval, starts_needed
from explorer.study.results import Results, read_results, write_results
from explorer.study.rotation import Alignment, align_factors
from explorer.study.studies import Study
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
