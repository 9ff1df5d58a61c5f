"""Work in slices of time: what is told of it, and who may end it."""

from explorer.slices import finish, retold


def counting(end):
    """Yields how many of `end` slices are done; returns how many that were before it was told to end."""
    for finished in range(1, end + 1):
        if (yield finished, end):
            return finished
    return end


def test_finishing_tells_every_slice_and_asks_whether_to_end():
    told = []
    assert finish(counting(3), lambda *numbers: told.append(numbers)) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert finish(counting(9), cancelled=lambda: True) == 1


def test_what_is_told_in_other_words_is_the_same_work():
    told = retold(counting(3), "{} of {}".format)
    assert [next(told) for _ in range(3)] == ["1 of 3", "2 of 3", "3 of 3"]
    assert finish(retold(counting(4), lambda finished, _: (10 + finished, 14))) == 4


def test_whoever_ends_what_is_told_in_other_words_ends_the_work():
    assert finish(retold(counting(9), lambda *numbers: numbers), cancelled=lambda: True) == 1
