"""A study in a few figures."""

from math import inf

import numpy as np
import pandas as pd
import pytest

from explorer.mixture import EMOutcome, Mixture
from explorer.study.em_outcomes import EMOutcomes, Optimum
from explorer.study.em_summary import headline, summarize

LABELS = {"k-means++": "k-means++ seeding", "random-points": "Random points"}


def outcomes_of(**runs: str) -> EMOutcomes:
    """Outcomes written as one letter a run: A and B proper optima, p plateau, u saddle, s spurious, d degenerate."""
    told = {"p": EMOutcome.PLATEAU, "u": EMOutcome.SADDLE, "s": EMOutcome.SPURIOUS, "d": EMOutcome.DEGENERATE}
    rows = [
        {
            "initialization": name.replace("plus", "++").replace("_", "-"),
            "seed": seed,
            "iterations": 10 * (seed + 1),
            "seconds": 0.5,
            "outcome": told.get(letter, EMOutcome.PROPER),
            "optimum": letter if letter in "AB" else "",
            "held": 0,
        }
        for name, letters in runs.items()
        for seed, letter in enumerate(letters)
    ]
    mixture = Mixture.univariate([1.0], [0.0], [1.0])
    written = "".join(runs.values())
    optima = [Optimum(label, EMOutcome.PROPER, -1.0 - i, mixture) for i, label in enumerate("AB") if label in written]
    return EMOutcomes(pd.DataFrame(rows), tuple(optima))


def test_shares_starts_and_iterations_of_an_initialization():
    summary = summarize(outcomes_of(random_points="AABBd", k_meansplus="BBBB"))
    points = summary["random-points"]
    assert (points.n_runs, points.best.count, points.best.share) == (5, 2, 0.4)
    assert points.starts_needed == np.ceil(np.log(0.05) / np.log(0.6))
    assert points.others[EMOutcome.PROPER] == 0.4
    assert points.others[EMOutcome.DEGENERATE] == 0.2
    assert points.iterations[0] == 25  # the run that collapsed does not count
    assert points.seconds == 2.5
    assert summary["k-means++"].best.share == 0
    assert summary["k-means++"].starts_needed == inf


def test_where_all_runs_collapse_there_are_no_iterations_to_tell():
    assert summarize(outcomes_of(random_points="dd"))["random-points"].iterations is None


@pytest.mark.parametrize(
    ("runs", "title", "sentence"),
    [
        (
            {"random_points": "AAAB", "k_meansplus": "ABBB"},
            "Two optima.",
            "75 % of the starts by random points reach the best one, 25 % by k-means++ seeding.",
        ),
        ({"random_points": "AABB"}, "Two optima.", "The best one is reached from 50 % of the starts."),
        (
            {"random_points": "Appp"},
            "One optimum, early stops.",
            "It is reached from 25 % of the starts. "
            "75 % of all runs stop before their optimum: choose a smaller tolerance.",
        ),
        ({"random_points": "AAAA"}, "One optimum.", "It is reached from 100 % of the starts."),
        (
            {"k_meansplus": "AAAu", "random_points": "Apsd"},
            "One optimum, a saddle point, early stops, spurious spikes and collapses.",
            "75 % of the starts by k-means++ seeding reach it, 25 % by random points.",
        ),
        (
            {"random_points": "dd"},
            "No optima, collapses.",
            "No run led to a maximum that says something about the data.",
        ),
    ],
)
def test_the_headline_says_what_a_teacher_would_say_first(runs, title, sentence):
    assert headline(outcomes_of(**runs), LABELS) == (title, sentence)
