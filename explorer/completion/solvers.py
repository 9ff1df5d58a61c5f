"""Every solver of matrix completion by name: its two moves, what falls, its options, and how to run it.

Adding one is a function, in a file of its own, and a row here. The function takes observed entries, the record of its
options, hidden entries and the truth, and, where it begins somewhere, a start and a seed; it returns what `record`
makes of its iterates. Whoever compares or plays solvers goes through this table.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.completion.als import run_als
from explorer.completion.factors import Factors
from explorer.completion.observations import Observations
from explorer.completion.options import ALSOptions
from explorer.completion.others.alternating_sgd import AlternatingSGDOptions, run_alternating_sgd
from explorer.completion.others.frank_wolfe import FrankWolfeOptions, run_frank_wolfe
from explorer.completion.others.gradient import GradientOptions, run_gradient
from explorer.completion.others.projected_gradient import ProjectedGradientOptions, run_projected_gradient
from explorer.completion.others.sgd import SGDOptions, run_sgd
from explorer.completion.starts import FACTOR_STARTS, STARTS
from explorer.completion.trace import CompletionTrace
from explorer.errors import InputError


@dataclass(frozen=True)
class Solver:
    """One way to complete a matrix, in two moves that take turns.

    name: its key in `SOLVERS` and in an address.
    label: its name on the screen.
    explanation: one sentence for the screen.
    moves: the first and the second move of a step, which lead to the odd and to the even half steps of its trace.
    follows: what it minimises, and whether that ever rises.
    options: the record of its options; the first field, a rank or a radius, has no default.
    starts: the names of the starts that it can begin from; none where it begins at zero.
    function: what runs it.
    """

    name: str
    label: str
    explanation: str
    moves: tuple[str, str]
    follows: str
    options: type
    starts: Collection[str]
    function: Callable[..., CompletionTrace]

    def run(
        self,
        observations: Observations,
        options: Any,
        *,
        start: str | np.ndarray | Factors | None = None,
        seed: int = 0,
        hidden: Observations | None = None,
        truth: Factors | None = None,
    ) -> CompletionTrace:
        """The trace of a run. The start is the solver's usual one where none is given; where it begins at zero, a start
        is refused, and the seed means nothing. Raises InputError as the solver's own function does.
        """
        if not isinstance(options, self.options):
            raise InputError(
                f"The options of {self.label} are `{self.options.__name__}`, not {type(options).__name__}."
            )
        begin = {}
        if self.starts:
            begin = {"seed": seed} if start is None else {"seed": seed, "start": start}
        elif start is not None:
            raise InputError(f"{self.label} begins at zero: leave the start out.")
        return self.function(observations, options, **begin, hidden=hidden, truth=truth)


_PENALISED = "½|P(A − XYᵀ)|² + λ/2 (|X|² + |Y|²)"
_IN_THE_BALL = "½|P(A − Z)|² over |Z|∗ ≤ radius"

# Every solver by name, in the order in which they are shown.
SOLVERS: dict[str, Solver] = {
    solver.name: solver
    for solver in (
        Solver(
            "als",
            "Alternating least squares",
            "With one factor fixed, the other is the exact solution of many small least squares problems.",
            ("Solve for X", "Solve for Y"),
            f"{_PENALISED} never rises.",
            ALSOptions,
            STARTS,
            run_als,
        ),
        Solver(
            "gradient",
            "Alternating gradient",
            "With one factor fixed, the other takes one gradient step instead of an exact solution.",
            ("Step in X", "Step in Y"),
            f"{_PENALISED} never rises.",
            GradientOptions,
            FACTOR_STARTS,
            run_gradient,
        ),
        Solver(
            "sgd",
            "Stochastic gradient",
            "Every observed entry in turn, in a random order, moves its row of X and its row of Y a little.",
            ("Draw an order", "Step on every entry"),
            f"{_PENALISED} falls on the whole, and may rise for a while.",
            SGDOptions,
            FACTOR_STARTS,
            run_sgd,
        ),
        Solver(
            "alternating-sgd",
            "Alternating, with SGD inside",
            "With one factor fixed, some epochs of single entries stand in for the exact solution of the other.",
            ("Approach X entry by entry", "Approach Y entry by entry"),
            f"{_PENALISED} falls on the whole, and may rise for a while.",
            AlternatingSGDOptions,
            FACTOR_STARTS,
            run_alternating_sgd,
        ),
        Solver(
            "frank-wolfe",
            "Frank–Wolfe",
            "The leading pair of singular vectors of the residual is the direction, and the matrix goes a share of it.",
            ("Find the direction", "Step"),
            f"{_IN_THE_BALL} never rises with line search, and the gap to its least is known.",
            FrankWolfeOptions,
            (),
            run_frank_wolfe,
        ),
        Solver(
            "projected-gradient",
            "Projected gradient",
            "The matrix steps towards the observed entries, and its singular values are cut back to the ball.",
            ("Step", "Project"),
            f"{_IN_THE_BALL} never rises from one projection to the next.",
            ProjectedGradientOptions,
            (),
            run_projected_gradient,
        ),
    )
}
