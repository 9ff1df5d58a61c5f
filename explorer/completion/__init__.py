"""Matrix completion from the observed entries: alternating least squares, and what it is compared with.

To read it, begin with `observations` (the entries), `factors` (the model X Y^T), `half_step` (X for a fixed Y, and the
reverse) and `als` (a run); `trace` is the record that all solvers share, `starts` where ALS begins, `identifiability`
whether a mask determines the matrix at all. `blocks` lays entries out so that many rows are solved at once, and
`operations` counts what a sweep costs. `many` makes many runs at once, side by side in a `window`, by half steps in
`planes`; `many_job` is what they are asked for and how they end.

The other solvers: `gradient`, `sgd` (with `matchings` of entries that share no row or column), `alternating_sgd`,
`frank_wolfe` (with `lanczos`), `projected_gradient` (with `nuclear`); `residual`, `starting_factors`, `stopping` and
`checks` are what they have in common. `selection` chooses rank and ridge.
"""

from explorer.completion.als import ALSTrace, HalfStep, iterate_als, run_als, run_als_in_slices
from explorer.completion.factors import Factors, distance, factorize, predict, rmse
from explorer.completion.identifiability import Identifiability, identifiability, short_cols, short_rows
from explorer.completion.many import ManyALSRuns, iterate_many_als, run_many_als
from explorer.completion.observations import Observations, from_matrix
from explorer.completion.operations import SweepOperations, sweep_operations
from explorer.completion.others.alternating_sgd import iterate_alternating_sgd, run_alternating_sgd
from explorer.completion.others.frank_wolfe import (
    STEP_RULES,
    FrankWolfeIterate,
    FrankWolfeTrace,
    StepRule,
    iterate_frank_wolfe,
    run_frank_wolfe,
)
from explorer.completion.others.gradient import iterate_gradient, run_gradient
from explorer.completion.others.nuclear import nuclear_norm, project_onto_nuclear_ball
from explorer.completion.others.projected_gradient import iterate_projected_gradient, run_projected_gradient
from explorer.completion.others.sgd import SCHEDULES, Schedule, iterate_sgd, run_sgd
from explorer.completion.others.starting_factors import FACTOR_STARTS
from explorer.completion.selection import Fit, Score, Selection, choose_rank_and_ridge, hold_out
from explorer.completion.starts import STARTS, Start
from explorer.completion.trace import CompletionTrace, Iterate

__all__ = [
    "FACTOR_STARTS",
    "SCHEDULES",
    "STARTS",
    "STEP_RULES",
    "ALSTrace",
    "CompletionTrace",
    "Factors",
    "Fit",
    "FrankWolfeIterate",
    "FrankWolfeTrace",
    "HalfStep",
    "Identifiability",
    "Iterate",
    "ManyALSRuns",
    "Observations",
    "Schedule",
    "Score",
    "Selection",
    "Start",
    "StepRule",
    "SweepOperations",
    "choose_rank_and_ridge",
    "distance",
    "factorize",
    "from_matrix",
    "hold_out",
    "identifiability",
    "iterate_als",
    "iterate_alternating_sgd",
    "iterate_frank_wolfe",
    "iterate_gradient",
    "iterate_many_als",
    "iterate_projected_gradient",
    "iterate_sgd",
    "nuclear_norm",
    "predict",
    "project_onto_nuclear_ball",
    "rmse",
    "run_als",
    "run_als_in_slices",
    "run_alternating_sgd",
    "run_frank_wolfe",
    "run_gradient",
    "run_many_als",
    "run_projected_gradient",
    "run_sgd",
    "short_cols",
    "short_rows",
    "sweep_operations",
]
