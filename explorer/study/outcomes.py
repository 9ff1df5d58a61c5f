"""What became of every run of a plan's table, study by study."""

from __future__ import annotations

import pandas as pd

from explorer.study.kinds import KINDS
from explorer.study.plans import Plan


def add_outcomes(plan: Plan, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a plan, all its runs or some, with the columns of outcomes that its kind has.

    They are told by `em_outcomes.EMOutcomes` and `als_outcomes.add_als_outcomes`, for each study by itself.
    """
    judge = KINDS[plan.kind].add_outcomes
    parts = [
        judge(study, table[table["study"] == index].reset_index(drop=True))
        for index, study in enumerate(plan.studies)
        if (table["study"] == index).any()
    ]
    return pd.concat(parts, ignore_index=True) if parts else table
