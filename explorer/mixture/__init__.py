"""Gaussian mixtures: the model, EM and its relatives as traces, many runs at once, and what comes of them.

Read `textbook` first: EM in some eighty lines. Then the story: `model` (densities), `steps` (the E step, the M step and
the bound that both raise), `loop` (two moves, and a look whether to stop), `em` (a run), `stopping` (when it ends),
`trace` (what is kept of it), `starts` (where it begins), `degeneracy` (how it fails). How fast a pass is, and how a
covariance is laid out, is the matter of `engine`, and of nothing else.

Beside EM: `many` (a thousand runs), `optima` (which ends are the same), `limits` (which runs stopped before their end),
`judge` (what became of a run), `selection` (how many components), `kmeans`. `algorithms` is the table of all that
people can choose from; those that are not EM are in `others`, with the sources' mistakes, which are lessons.
"""

from explorer.mixture.algorithms import ALGORITHMS, Algorithm
from explorer.mixture.checks import as_points
from explorer.mixture.degeneracy import Degeneracy, DegeneracyKind
from explorer.mixture.em import EMIterate, EMOptions, iterate_em, run_em, run_em_in_slices
from explorer.mixture.engine import STRUCTURES, CovarianceStructure
from explorer.mixture.judge import EMOutcome, OptimumKind
from explorer.mixture.kmeans import (
    KMeansIterate,
    KMeansOptions,
    KMeansTrace,
    best_k_means,
    iterate_k_means,
    k_means_plus_plus,
    lloyd,
    nearest,
    run_k_means,
)
from explorer.mixture.limits import Limits, find_limits, iterate_limit, iterate_limits
from explorer.mixture.many import ManyRuns, iterate_many, run_many
from explorer.mixture.model import Mixture, Mixtures, density, log_joint, log_likelihood
from explorer.mixture.optima import Optima, align, group_ends, group_optima
from explorer.mixture.others.gradient import (
    GradientIterate,
    GradientOptions,
    iterate_gradient_ascent,
    run_gradient_ascent,
)
from explorer.mixture.others.loops import WAYS, LoopTiming, compare_loops
from explorer.mixture.others.optimizers import OPTIMIZERS, Optimizer
from explorer.mixture.others.projected import run_projected_ascent
from explorer.mixture.others.squared import SquaredOptions, run_squared_responsibility_em, squared_responsibility_m_step
from explorer.mixture.selection import (
    CRITERIA,
    Candidate,
    Criteria,
    Criterion,
    ModelSelection,
    criteria,
    n_parameters,
    select,
)
from explorer.mixture.starts import STRATEGIES, Strategy, initialize, mixture_at
from explorer.mixture.steps import e_step, hard_assignments, lower_bound, m_step
from explorer.mixture.trace import MixtureTrace
from explorer.stop_reason import StopReason

__all__ = [
    "ALGORITHMS",
    "CRITERIA",
    "OPTIMIZERS",
    "STRATEGIES",
    "STRUCTURES",
    "WAYS",
    "Algorithm",
    "Candidate",
    "CovarianceStructure",
    "Criteria",
    "Criterion",
    "Degeneracy",
    "DegeneracyKind",
    "EMIterate",
    "EMOptions",
    "EMOutcome",
    "GradientIterate",
    "GradientOptions",
    "KMeansIterate",
    "KMeansOptions",
    "KMeansTrace",
    "Limits",
    "LoopTiming",
    "ManyRuns",
    "Mixture",
    "MixtureTrace",
    "Mixtures",
    "ModelSelection",
    "Optima",
    "Optimizer",
    "OptimumKind",
    "SquaredOptions",
    "StopReason",
    "Strategy",
    "align",
    "as_points",
    "best_k_means",
    "compare_loops",
    "criteria",
    "density",
    "e_step",
    "find_limits",
    "group_ends",
    "group_optima",
    "hard_assignments",
    "initialize",
    "iterate_em",
    "iterate_gradient_ascent",
    "iterate_k_means",
    "iterate_limit",
    "iterate_limits",
    "iterate_many",
    "k_means_plus_plus",
    "lloyd",
    "log_joint",
    "log_likelihood",
    "lower_bound",
    "m_step",
    "mixture_at",
    "n_parameters",
    "nearest",
    "run_em",
    "run_em_in_slices",
    "run_gradient_ascent",
    "run_k_means",
    "run_many",
    "run_projected_ascent",
    "run_squared_responsibility_em",
    "select",
    "squared_responsibility_m_step",
]
