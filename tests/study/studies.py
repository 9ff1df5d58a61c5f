"""Small studies, run whole, for the tests."""

import pandas as pd

from explorer.settings import EMStudySettings
from explorer.study.em_outcomes import EMOutcomes, em_outcomes
from explorer.study.em_runs import run_em_batch
from explorer.study.plans import batches_of, study_of
from explorer.study.studies import Study


def em_table(settings: EMStudySettings) -> tuple[Study, pd.DataFrame]:
    """A study of EM, and the table of all its runs."""
    study = study_of(settings)
    rows = [run_em_batch(settings, study.problem, batch) for batch in batches_of(study)]
    return study, pd.concat(rows, ignore_index=True)


def judged(settings: EMStudySettings) -> tuple[Study, EMOutcomes]:
    """A study of EM, and the outcomes of all its runs."""
    study, table = em_table(settings)
    return study, em_outcomes(settings, study.problem.values, table)
