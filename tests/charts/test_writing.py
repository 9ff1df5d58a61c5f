"""Labels that would cover each other are moved apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from explorer.charts.parts.writing import apart

falling = st.lists(st.floats(-1e3, 1e3, allow_nan=False), max_size=8).map(lambda places: sorted(places, reverse=True))


@given(falling, st.floats(0.01, 100))
def test_labels_moved_apart_keep_their_order_and_distance_and_move_down_only(places, least):
    moved = apart(places, least)
    assert len(moved) == len(places)
    assert all(np.diff(moved) <= -least * (1 - 1e-9))
    assert all(after <= before for before, after in zip(places, moved, strict=True))
    assert moved[:1] == places[:1]


@given(falling)
def test_labels_that_are_far_enough_apart_stay_where_they_are(places):
    distances = -np.diff(places)
    if (distances > 0).all():
        least = float(distances.min(initial=1.0)) / 2
        assert apart(places, least) == places
