"""What differs between studies of EM and of ALS, as one record each: nothing else of a study asks which it is of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from explorer.completion import STARTS
from explorer.mixture import STRATEGIES
from explorer.runs import check_n_components, check_rank, matrix_of, sample_of
from explorer.settings import ALSStudySettings, EMStudySettings, MatrixSettings, SampleSettings, Settings, StudySettings
from explorer.study import als_runs, em_runs
from explorer.study.als_outcomes import add_als_outcomes
from explorer.study.em_outcomes import em_outcomes
from explorer.study.files import own_data
from explorer.study.files.bounds import Bound, als_bounds, em_bounds
from explorer.study.studies import Batch, Problem, Study


@dataclass(frozen=True)
class Seeds:
    """Seeds in which the runs of a study differ.

    name: of the seed, in a run's settings and as a column of the table. first, count: the study's settings that say
    where they begin and how many there are.
    """

    name: str
    first: str
    count: str

    def of(self, settings: StudySettings) -> range:
        """The seeds of a study."""
        first = getattr(settings, self.first)
        return range(first, first + getattr(settings, self.count))


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of study.

    label: on the screen. settings: the record of a study's settings; data: of those that name its data; source: the one
    that says which data it is, or that it is somebody's own.
    initializations: what there is to start from, by name; each says whether it `uses_seed`.
    masks: the seeds of the masks, under each of which every start is made; None where there are no masks.
    load(settings, own): the data that the settings name. check(settings, problem): raises InputError where they do not
    fit it. numbers_of_a_run(study): how many numbers an iteration works on.
    run_batch(settings, problem, batch): the runs as rows of a table. columns(studies): what that table has.
    add_outcomes(study, rows): the rows with what became of each run. bounds(studies, table): what figures can be.
    own_in_file(text, name, column), own_as_json(own), own_from_json(document): data of somebody's own in files.
    """

    label: str
    settings: type[StudySettings]
    data: type[Settings]
    source: str
    initializations: Mapping[str, Any]
    masks: Seeds | None = None
    load: Callable[[Any, Any], Problem]
    check: Callable[[Any, Any], None]
    numbers_of_a_run: Callable[[Study], int]
    run_batch: Callable[[Any, Any, Batch], pd.DataFrame]
    columns: Callable[[Sequence[Study]], tuple[str, ...]]
    add_outcomes: Callable[[Study, pd.DataFrame], pd.DataFrame]
    bounds: Callable[[Sequence[Study], pd.DataFrame], Iterator[Bound]]
    own_in_file: Callable[[str, str, str | None], Problem]
    own_as_json: Callable[[Any], dict[str, Any]]
    own_from_json: Callable[[Any], Problem]

    @property
    def seeds(self) -> tuple[Seeds, ...]:
        """All seeds in which runs of one initialization differ."""
        starts = Seeds("seed", "first_seed", "n_starts")
        return (starts, self.masks) if self.masks else (starts,)

    def mask_seeds(self, settings: StudySettings) -> Sequence[int | None]:
        """The seed of every mask of a study; where there are no masks, None once."""
        return self.masks.of(settings) if self.masks else (None,)


def _check_em(settings: EMStudySettings, sample: Problem) -> None:
    check_n_components(settings.n_components, sample)
    settings.options()  # which may contradict each other


# By the name that stands in a plan and in an address.
KINDS = {
    "em": Kind(
        label="EM",
        settings=EMStudySettings,
        data=SampleSettings,
        source="data",
        initializations=STRATEGIES,
        load=sample_of,
        check=_check_em,
        numbers_of_a_run=lambda study: len(study.problem.values) * study.settings.n_components,
        run_batch=em_runs.run_em_batch,
        columns=lambda studies: em_runs.columns_of(max(study.settings.n_components for study in studies)),
        add_outcomes=lambda study, rows: em_outcomes(study.settings, study.problem.values, rows).table,
        bounds=em_bounds,
        own_in_file=own_data.sample_in_file,
        own_as_json=own_data.sample_as_json,
        own_from_json=own_data.sample_from_json,
    ),
    "als": Kind(
        label="ALS",
        settings=ALSStudySettings,
        data=MatrixSettings,
        source="matrix",
        initializations=STARTS,
        masks=Seeds("mask_seed", "first_mask_seed", "n_masks"),
        load=matrix_of,
        check=lambda settings, problem: check_rank(settings.rank, problem),
        numbers_of_a_run=lambda study: study.problem.values.size * study.settings.rank,
        run_batch=als_runs.run_als_batch,
        columns=lambda studies: als_runs.COLUMNS,
        add_outcomes=add_als_outcomes,
        bounds=als_bounds,
        own_in_file=own_data.matrix_in_file,
        own_as_json=own_data.matrix_as_json,
        own_from_json=own_data.matrix_from_json,
    ),
}
