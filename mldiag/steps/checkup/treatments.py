"""The trials of a remedy: the training as it stands and with the remedy, on the same rows and seeds."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.reference.families import NAMES
from mldiag.reference.specs import reference_spec
from mldiag.steps.audit.remedies import remedies_of
from mldiag.steps.checkup.candidates import Candidate
from mldiag.trial_spec import TrialSpec


def treated(
    experiment: Experiment, candidate: Candidate, repeats: Sequence[int]
) -> tuple[list[TrialSpec], list[TrialSpec]] | None:
    """Trials without and with a remedy, one a repeat; None where no training can try it.

    Args:
        experiment: The experiment.
        candidate: The remedy.
        repeats: Which draws of the rows.
    """
    stands = [experiment.spec(repeat=repeat) for repeat in repeats]
    if candidate.param is not None and candidate.param in experiment.params:
        value = {candidate.param: candidate.value}
        return stands, [experiment.spec(value, repeat=repeat) for repeat in repeats]
    if candidate.kind == "change_model" and candidate.value in NAMES:
        family = str(candidate.value)
        return stands, [reference_spec(experiment, family, repeat) for repeat in repeats]
    longer = candidate.value if isinstance(candidate.value, (int, float)) else None
    if candidate.kind == "train_longer" and longer is not None and longer > 1:
        return stands, [experiment.spec(repeat=repeat, fidelity=longer) for repeat in repeats]
    if candidate.step == "audit":
        for remedy in remedies_of([candidate.finding]):
            before = [experiment.spec(repeat=r, interventions=remedy.before) for r in repeats]
            after = [experiment.spec(repeat=r, interventions=remedy.after) for r in repeats]
            return None if remedy.flattered else (before, after)
    return None


def fresh_repeats(experiment: Experiment, candidate: Candidate, repeats: int) -> range:
    """Draws that had no part in choosing a remedy; none where every draw is the same training.

    Args:
        experiment: The experiment.
        candidate: The remedy.
        repeats: Draws of the rows for each comparison.
    """
    first = experiment.spec(repeat=0)
    if experiment.spec(repeat=repeats).digest == first.digest:
        return range(0)
    tried = candidate.finding.evidence.get("n_best", repeats)
    begin = min(int(tried), repeats) if isinstance(tried, int) and tried > 0 else repeats
    return range(begin, begin + repeats)
