"""What optima are called: the same letter wherever the same optimum is shown."""

from types import SimpleNamespace

from explorer.mixture import EMOutcome, OptimumKind
from explorer.study.em_outcomes import Optimum
from explorer.study.names import kind_of_name, names_of, rank_of_name

KINDS = {"p": OptimumKind.PROPER, "s": OptimumKind.SPURIOUS, "u": OptimumKind.SADDLE, "d": OptimumKind.DEGENERATE}


def optima(kinds: str, *log_likelihoods: float):
    """Optima as far as their names go: a letter of KINDS and a log-likelihood each."""
    return SimpleNamespace(kinds=tuple(KINDS[kind] for kind in kinds), log_likelihoods=log_likelihoods)


def known(**named: float) -> list[Optimum]:
    return [Optimum(label, EMOutcome.PROPER, height, None) for label, height in named.items()]


def test_each_kind_has_names_of_its_own_best_first():
    found = names_of(optima("ppsudd", -1, -2, -0.5, -3, -4, -5))
    assert found == ("A", "B", "s1", "u1", "degenerate", "degenerate")


def test_names_never_repeat_however_many_there_are():
    names = names_of(optima("p" * 60, *range(0, -60, -1)))
    assert (names[25], names[26]) == ("Z", "A2")
    assert len(set(names)) == 60
    assert [rank_of_name(name) for name in names] == list(range(60))


def test_what_is_known_keeps_its_name_and_what_is_not_gets_a_new_one():
    found = names_of(optima("pppp", -20.80, -21.74, -22.41, -30), known(A=-20.801, B=-22.4112))
    assert found == ("A", "C", "B", "D")


def test_of_two_that_are_near_a_known_one_only_one_is_called_so():
    assert names_of(optima("pp", -20.80, -20.81), known(A=-20.80)) == ("A", "B")


def test_a_name_is_kept_for_the_kind_it_was_given_to():
    assert names_of(optima("s", -20.80), known(A=-20.80)) == ("s1",)
    assert names_of(optima("s", -9.0), known(s1=-20.80)) == ("s2",)


def test_a_name_tells_its_kind_and_its_rank():
    assert [kind_of_name(name) for name in ("C", "s3", "u1", "degenerate")] == [KINDS[letter] for letter in "psud"]
    assert [rank_of_name(name) for name in ("C", "s3", "u1", "degenerate")] == [2, 2, 0, 0]
