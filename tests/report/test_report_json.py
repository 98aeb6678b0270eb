import json

import pytest

from mldiag.errors import MldiagError
from mldiag.findings import Interval
from mldiag.report.json import error_json, report_json, strict_json


def strict(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_report_is_one_line_of_strict_json_in_the_schema(a_report):
    text = report_json(a_report(result={"scores": [float("nan"), float("inf"), 1.5]}))
    assert "\n" not in text
    data = strict(text)
    assert data["schema"] == "mldiag/1"
    assert data["result"]["scores"] == [None, None, 1.5]
    assert data["findings"][0]["action"]["gain"]["low"] == 0.011
    assert data["findings"][1]["action"] is None
    assert data["trials"] == {"planned": 45, "run": 40, "cached": 5, "failed": 1}


def test_an_error_keeps_its_parts_and_leaves_out_empty_ones():
    error = MldiagError("unknown parameter 'lrr'", expected="one of lr", nearest="lr")
    told = strict(error_json(error, kind="usage", exit_code=2))["error"]
    assert told == {
        "kind": "usage", "exit_code": 2,
        "what": "unknown parameter 'lrr'", "expected": "one of lr", "nearest": "lr",
    }  # fmt: skip


@pytest.mark.parametrize("value", [{1: Interval(0, 0, float("nan"))}, {"a": {1, 2}}, {"b": (1,)}])
def test_any_plain_data_is_strict(value):
    strict(strict_json(value))
