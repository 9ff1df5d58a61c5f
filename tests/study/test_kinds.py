"""What differs between the kinds of studies is in their records, and each of them holds together."""

import ast
from pathlib import Path

import numpy as np
import pytest

from explorer import study as package
from explorer.datasets import own_matrix, own_sample
from explorer.errors import InputError
from explorer.settings import run_of_study, settings_of
from explorer.study.kinds import KINDS
from explorer.study.plans import Plan, batches_of, study_of
from explorer.study.work import make_batch

OWN = {"em": own_sample([1.0, 2.0, 4.0, 9.0, 9.5], "mine"), "als": own_matrix([[1, 2, np.nan], [4, 5, 6], [7, 8, 9]])}


@pytest.mark.parametrize("name", KINDS)
def test_a_record_is_of_the_kind_that_its_settings_name(name):
    kind = KINDS[name]
    assert kind.settings.kind == kind.data.kind == name
    assert kind.source in settings_of(kind.data)
    assert set(settings_of(kind.data)) <= set(settings_of(kind.settings))
    for initialization in kind.settings().initializations:
        assert isinstance(kind.initializations[initialization].uses_seed, bool)


@pytest.mark.parametrize("name", KINDS)
def test_its_seeds_are_those_of_its_runs_its_table_and_its_settings(name):
    kind = KINDS[name]
    study = study_of(kind.settings(**{kind.source: "own", "n_starts": 2}), OWN[name])
    rows = make_batch(study, batches_of(study)[0])
    assert list(rows) == list(kind.columns((study,))) == list(Plan((study,)).columns)
    run = run_of_study(study.settings, study.settings.initializations[0], 5, 7)
    for seeds in kind.seeds:
        assert seeds.name in rows and seeds.name in settings_of(type(run))
        assert seeds.of(study.settings)[0] == getattr(study.settings, seeds.first)
        assert len(seeds.of(study.settings)) == getattr(study.settings, seeds.count)


@pytest.mark.parametrize("name", KINDS)
def test_its_own_data_comes_back_from_a_file_as_it_was(name):
    own = KINDS[name].own_from_json(KINDS[name].own_as_json(OWN[name]))
    assert own.label == OWN[name].label
    np.testing.assert_array_equal(own.values, OWN[name].values)
    with pytest.raises(InputError, match="not a table with a label"):
        KINDS[name].own_from_json([])


def test_nothing_else_of_a_study_asks_which_kind_it_is_of():
    asking = {
        file.name
        for file in Path(package.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value in KINDS
    }
    assert asking == {"kinds.py"}
