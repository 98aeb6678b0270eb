"""The program with three faults is healed by doing what the first verdict says, whatever the seed."""

import runpy
from pathlib import Path

import pytest

from mldiag.adapters.targets import load_experiment

pytest.importorskip("torch")

FILE = Path(__file__).parents[2] / "experiments" / "three_faults" / "experiment.py"
HEALED = {"scaled": True, "activation": "relu"}


@pytest.mark.torch
@pytest.mark.parametrize("seed", [0, 1])
def test_each_verdict_leads_to_the_remedy_of_one_fault_and_uncovers_the_next(seed, tmp_path):
    heal = runpy.run_path(str(FILE))["heal"]
    stages = list(heal(seed, store=tmp_path, tracking_uri=False, engine="inline"))

    headlines = [report.headline for _, report in stages]
    assert headlines == ["SCALE INPUTS", "VANISHING", "LR TOO LOW", "NO FAULT SEEN"]
    mended = [set(settings) for settings, _ in stages]
    assert mended == [set(), {"scaled"}, {"scaled", "activation"}, {"scaled", "activation", "lr"}]
    assert {name: stages[-1][0][name] for name in HEALED} == HEALED
    for _, report in stages[:-1]:
        roots = [f for f in report.findings if f.outcome == "problem" and f.caused_by is None]
        assert len(roots) == 1
        assert report.actions[0] == roots[0].action
        assert report.result["score"] < 0.2  # as long as one fault is left, nothing moves
    assert stages[-1][1].result["score"] > 0.9


@pytest.mark.torch
def test_the_program_as_it_stands_is_the_file_s_experiment():
    assert load_experiment(str(FILE), folder=FILE.parent).name == "three_faults"
