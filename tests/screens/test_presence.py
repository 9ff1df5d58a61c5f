"""As many people as the server can serve, and no more."""

import gc

import pytest

from explorer.screens.parts import presence
from tests.screens.sessions import opened


@pytest.fixture(autouse=True)
def room_for_two(monkeypatch):
    gc.collect()
    monkeypatch.setattr(presence, "MAX_PEOPLE", len(presence._PEOPLE) + 2)


def test_who_comes_when_it_is_full_is_told_so_and_who_is_there_stays():
    first, second = opened(), opened()
    third = opened("sensitivity")
    (told,) = third.errors
    assert "as many as this server can serve" in told
    assert third.message("em_player") is None and not third.app.slider
    assert first.set("slider", "em_seed", 5).errors == []
    assert second.set("slider", "em_seed", 6).errors == []


def test_there_is_room_again_when_somebody_has_gone():
    first, second = opened(), opened()
    assert opened().errors
    del second
    assert opened().errors == []
    assert first.run().errors == []
