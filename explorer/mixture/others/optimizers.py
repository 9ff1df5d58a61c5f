"""First-order optimizers: what turns a gradient, and the memory of those before, into the direction of a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorer.checks import Floats

Memory = tuple[Floats | float, ...]

# The share of the last velocity that is kept: a long run in one direction is ten times as fast.
FRICTION = 0.9
# Adam's decay rates and the number that keeps it from dividing by zero, as proposed by Kingma and Ba (2015).
FIRST_DECAY, SECOND_DECAY, TINY = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Optimizer:
    """An optimizer: its name, its label on screen, and one sentence that explains it.

    learning_rate: what is taken where none is given, in the units that `run_gradient_ascent` computes in.
    memory: at the start; zeros of any shape.
    direction(gradient, memory, t) -> direction and memory, at step t = 1, 2, ...; the step is the learning rate times
    the direction, uphill.
    """

    name: str
    label: str
    explanation: str
    learning_rate: float
    memory: Memory
    direction: Callable[[Floats, Memory, int], tuple[Floats, Memory]]


def _steepest(gradient: Floats, memory: Memory, t: int) -> tuple[Floats, Memory]:
    return gradient, memory


def _heavy_ball(gradient: Floats, memory: Memory, t: int) -> tuple[Floats, Memory]:
    """Polyak (1964): v <- 0.9 v + g."""
    velocity = FRICTION * memory[0] + gradient
    return velocity, (velocity,)


def _adam(gradient: Floats, memory: Memory, t: int) -> tuple[Floats, Memory]:
    """Kingma and Ba (2015), algorithm 1: running means of g and g^2, without their bias towards the zeros of step 0."""
    first = FIRST_DECAY * memory[0] + (1 - FIRST_DECAY) * gradient
    second = SECOND_DECAY * memory[1] + (1 - SECOND_DECAY) * np.square(gradient)
    sizes = np.sqrt(second / (1 - SECOND_DECAY**t)) + TINY
    return first / (1 - FIRST_DECAY**t) / sizes, (first, second)


OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer(
            "gradient",
            "Gradient ascent",
            "Every step goes along the gradient, and is as long as the gradient times the learning rate.",
            learning_rate=0.05,
            memory=(),
            direction=_steepest,
        ),
        Optimizer(
            "momentum",
            "Momentum",
            "Steps keep nine tenths of their velocity, like a heavy ball, and so run along valleys, not across them.",
            learning_rate=0.02,
            memory=(0.0,),
            direction=_heavy_ball,
        ),
        Optimizer(
            "adam",
            "Adam",
            "Every parameter is stepped by about the learning rate, however large or small its part of the gradient.",
            learning_rate=0.01,
            memory=(0.0, 0.0),
            direction=_adam,
        ),
    )
}
