"""Gaussian mixtures and EM: the model, the two steps, whole runs as traces, and where they start."""

from explorer.mixture.covariances import STRUCTURES, CovarianceStructure
from explorer.mixture.degeneracy import Degeneracy, DegeneracyKind
from explorer.mixture.em import EMIterate, iterate_em, run_em
from explorer.mixture.initialization import STRATEGIES, Strategy, initialize, mixture_at
from explorer.mixture.kmeans import k_means_plus_plus, lloyd, nearest
from explorer.mixture.model import Mixture, as_points, density, log_joint, log_likelihood
from explorer.mixture.steps import e_step, hard_assignments, lower_bound, m_step
from explorer.mixture.trace import MixtureTrace
from explorer.stopping import StopReason

__all__ = [
    "STRATEGIES",
    "STRUCTURES",
    "CovarianceStructure",
    "Degeneracy",
    "DegeneracyKind",
    "EMIterate",
    "Mixture",
    "MixtureTrace",
    "StopReason",
    "Strategy",
    "as_points",
    "density",
    "e_step",
    "hard_assignments",
    "initialize",
    "iterate_em",
    "k_means_plus_plus",
    "lloyd",
    "log_joint",
    "log_likelihood",
    "lower_bound",
    "m_step",
    "mixture_at",
    "nearest",
    "run_em",
]
