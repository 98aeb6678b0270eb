import numpy as np

from mldiag.steps.audit.checks.table import new_categories
from tests.steps.audit.tables import healthy, judged


def test_a_new_category_is_named_with_its_rows():
    test = healthy(150, 1)
    test.loc[:14, "city"] = "Oslo"
    found = judged(new_categories, healthy(400), test)
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["city"])
    assert found.evidence["rows"] == {"test": list(range(15))}
    assert found.evidence["levels"] == {"city": ["Oslo"]}


def test_a_few_rows_are_advice():
    test = healthy(400, 1)
    test.loc[:7, "city"] = "Oslo"
    assert judged(new_categories, healthy(800), test).outcome == "advice"


def test_rare_categories_turn_up_by_chance():
    told = []
    for seed in range(25):
        random = np.random.default_rng(seed)
        frames = [
            healthy(n, seed).assign(city=[f"c{k}" for k in random.zipf(1.6, n)]) for n in (300, 100)
        ]
        told.append(judged(new_categories, *frames).outcome)
    assert told.count("problem") == 0
    assert told.count("advice") <= 4


def test_groups_with_categories_of_their_own():
    frames = [
        healthy(20 * n, n).assign(
            patient=np.repeat(np.arange(n), 20),
            city=[f"{n} {i}" for i in np.repeat(np.arange(n), 20)],
        )
        for n in (30, 12)
    ]
    assert judged(new_categories, *frames, group="patient").outcome == "passed"


def test_one_row_and_no_categories():
    test = healthy(150, 1)
    test.loc[0, "city"] = "Oslo"
    assert judged(new_categories, healthy(400), test).outcome == "passed"
    bare = [frame.drop(columns="city") for frame in (healthy(), test)]
    assert judged(new_categories, *bare).outcome == "not_applicable"
    assert judged(new_categories, healthy()) is None
