import numpy as np
import pandas as pd

from mldiag.steps.audit.checks.table import quasi_constant_column
from tests.steps.audit.tables import healthy, judged


def test_a_column_that_hardly_varies_is_named():
    frame = healthy(400).assign(rare=0)
    frame.loc[:2, "rare"] = 1
    found = judged(quasi_constant_column, frame)
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["rare"])


def test_a_rare_value_in_many_rows_can_be_learned():
    frame = healthy(20_000).assign(rare=0)
    frame.loc[:300, "rare"] = 1
    assert judged(quasi_constant_column, frame).outcome == "passed"


def test_a_table_of_pixels_is_made_so():
    frame = healthy(400)
    pixels = pd.DataFrame(np.eye(400)[:, :40], columns=[f"p{i}" for i in range(40)])
    assert judged(quasi_constant_column, pd.concat([frame, pixels], axis=1)).outcome == "passed"


def test_few_rows_say_nothing():
    assert judged(quasi_constant_column, healthy(60)).outcome == "not_applicable"
