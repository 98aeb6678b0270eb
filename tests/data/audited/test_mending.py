"""What an audit's findings change in a table, and what they leave."""

import numpy as np
import pandas as pd

from mldiag.data.audited.mending import mended
from mldiag.data.audited.table import audited
from mldiag.steps.audit.checks.table import (
    category_variants,
    constant_column,
    duplicate_rows,
    infinite_values,
    mixed_types,
    numeric_sentinel,
    redundant_columns,
)
from tests.steps.audit.tables import healthy


def broken():
    frame = healthy().assign(unit="kg", minus=lambda f: -f["x0"])
    frame["x1"] = frame["x1"].astype(object)
    frame.loc[3, "x1"] = "nine"
    frame.loc[[5, 6, 7], "x2"] = -999
    frame.loc[9, "x3"] = np.inf
    frame.loc[11, "city"] = "rome"
    return pd.concat([frame, frame.iloc[20:40]], ignore_index=True)


CHECKS = (constant_column, numeric_sentinel, mixed_types, category_variants, infinite_values,
          redundant_columns, duplicate_rows)  # fmt: skip


def test_every_finding_is_mended_and_logged_and_the_original_stays():
    frame = broken()
    before = frame.copy(deep=True)
    subject = audited(frame, target="y")
    result = mended(subject.train, [check.judge(subject) for check in CHECKS])
    pd.testing.assert_frame_equal(frame, before)
    assert len(result.frame) == 200
    assert list(result.frame.columns) == ["x0", "x1", "x2", "x3", "city", "y"]
    assert np.isnan(result.frame.loc[3, "x1"])
    assert result.frame["x1"].dtype == float
    assert np.isnan(result.frame.loc[[5, 6, 7], "x2"]).all()
    assert np.isnan(result.frame.loc[9, "x3"])
    assert result.frame.loc[11, "city"] == "Rome"
    assert result.kept.tolist() == list(range(200))
    assert {change.slug for change in result.log} == {
        "constant-column", "numeric-sentinel", "mixed-types", "category-variants", "infinite-values",
        "redundant-columns", "duplicate-rows",
    }  # fmt: skip
    assert result.left == ()


def test_what_only_a_person_can_mend_is_said():
    subject = audited(healthy(), target="y")
    finding = constant_column.CHECK.finding("advice", "")
    odd = type(finding)("MD332", "outliers", "problem", "", evidence={"rows": {"train": [1]}})
    result = mended(subject.train, [odd])
    assert (len(result.frame), result.left) == (200, ("outliers",))
