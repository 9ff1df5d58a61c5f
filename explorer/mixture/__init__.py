"""Gaussian mixtures: the model, EM and its relatives as traces, many runs at once, and what comes of them.

To read it, begin with the story: `model` (densities), `steps` (the E step, the M step and the bound that both raise),
`em` (a run), `stopping` (when it ends), `trace` (what is kept of it), `initialization` (where it starts), `degeneracy`
(how it fails).

Then the engine below: `covariances` (four structures), `standardized` (the data in its own units), `parameters` (what
an M step needs, and the M step itself), `deviations` (the reference form of the arithmetic), `features` and `products`
(its fast forms, and the bounds that let them be used), `sweep` (which of them), `arithmetic` (a single run in one
dimension needs few arrays), `problem`, `recording`, `units` (in and out).

Beside EM: `many` (a thousand runs), `optima` (which ends are the same), `limits` (which runs stopped before their end),
`judge` (what became of a run), `selection` (how many components), `kmeans`, `gradient` with `optimizers`. And the
sources' mistakes, as lessons: `squared`, `projected`, `loops`.
"""

from explorer.mixture.covariances import STRUCTURES, CovarianceStructure
from explorer.mixture.degeneracy import Degeneracy, DegeneracyKind
from explorer.mixture.em import EMIterate, iterate_em, run_em, run_em_in_slices
from explorer.mixture.gradient import GradientIterate, iterate_gradient_ascent, run_gradient_ascent
from explorer.mixture.initialization import STRATEGIES, Strategy, initialize, mixture_at
from explorer.mixture.judge import EMOutcome, OptimumKind
from explorer.mixture.kmeans import (
    KMeansIterate,
    KMeansTrace,
    best_k_means,
    iterate_k_means,
    k_means_plus_plus,
    lloyd,
    nearest,
    run_k_means,
)
from explorer.mixture.limits import Limits, find_limits, iterate_limit, iterate_limits
from explorer.mixture.loops import WAYS, LoopTiming, compare_loops
from explorer.mixture.many import ManyRuns, iterate_many, run_many
from explorer.mixture.model import Mixture, Mixtures, as_points, density, log_joint, log_likelihood
from explorer.mixture.optima import Optima, align, group_ends, group_optima
from explorer.mixture.optimizers import OPTIMIZERS, Optimizer
from explorer.mixture.projected import run_projected_ascent
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
from explorer.mixture.squared import run_squared_responsibility_em, squared_responsibility_m_step
from explorer.mixture.steps import e_step, hard_assignments, lower_bound, m_step
from explorer.mixture.trace import MixtureTrace
from explorer.stop_reason import StopReason

__all__ = [
    "CRITERIA",
    "OPTIMIZERS",
    "STRATEGIES",
    "STRUCTURES",
    "WAYS",
    "Candidate",
    "CovarianceStructure",
    "Criteria",
    "Criterion",
    "Degeneracy",
    "DegeneracyKind",
    "EMIterate",
    "EMOutcome",
    "GradientIterate",
    "KMeansIterate",
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
