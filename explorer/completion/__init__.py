"""Matrix completion from the observed entries: alternating least squares, and what it is compared with.

Read `textbook` first: it is all of ALS on one page, and the oracle of the tests. Then the story: `observations` (the
entries), `factors` (the model X Y^T), `half_step` (X for a fixed Y, and the reverse), `als` (a run), `options` (how it
goes), `starts` (where it begins), `stopping` (when it ends) and `trace` (the record of all solvers); `identifiability`
says whether a mask determines the matrix at all, `many` makes many runs at once (`side_by_side` how), `selection`
chooses rank and ridge, `operations` counts what a sweep costs. `solvers` is the table of all solvers by name; those but
ALS lie in `others`. `engine` is only about speed.
"""

from explorer.completion.als import iterate_als, run_als, run_als_in_slices
from explorer.completion.factors import Factors, distance, factorize, predict, rmse
from explorer.completion.identifiability import Identifiability, identifiability, short_cols, short_rows
from explorer.completion.many import ManyALSRuns, iterate_many_als, run_many_als
from explorer.completion.observations import Observations, from_matrix
from explorer.completion.operations import SweepOperations, sweep_operations
from explorer.completion.options import ALSOptions
from explorer.completion.others.alternating_sgd import (
    AlternatingSGDOptions,
    iterate_alternating_sgd,
    run_alternating_sgd,
)
from explorer.completion.others.frank_wolfe import (
    STEP_RULES,
    FrankWolfeIterate,
    FrankWolfeOptions,
    FrankWolfeTrace,
    StepRule,
    iterate_frank_wolfe,
    run_frank_wolfe,
)
from explorer.completion.others.gradient import GradientOptions, iterate_gradient, run_gradient
from explorer.completion.others.nuclear import nuclear_norm, project_onto_nuclear_ball
from explorer.completion.others.projected_gradient import (
    ProjectedGradientOptions,
    iterate_projected_gradient,
    run_projected_gradient,
)
from explorer.completion.others.sgd import SCHEDULES, Schedule, SGDOptions, iterate_sgd, run_sgd
from explorer.completion.selection import Fit, Score, Selection, choose_rank_and_ridge, hold_out
from explorer.completion.solvers import SOLVERS, Solver
from explorer.completion.starts import FACTOR_STARTS, STARTS, Start
from explorer.completion.trace import ALSTrace, CompletionTrace, HalfStep, Iterate

__all__ = [
    "FACTOR_STARTS",
    "SCHEDULES",
    "SOLVERS",
    "STARTS",
    "STEP_RULES",
    "ALSOptions",
    "ALSTrace",
    "AlternatingSGDOptions",
    "CompletionTrace",
    "Factors",
    "Fit",
    "FrankWolfeIterate",
    "FrankWolfeOptions",
    "FrankWolfeTrace",
    "GradientOptions",
    "HalfStep",
    "Identifiability",
    "Iterate",
    "ManyALSRuns",
    "Observations",
    "ProjectedGradientOptions",
    "SGDOptions",
    "Schedule",
    "Score",
    "Selection",
    "Solver",
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
