"""MD326: which labels are wrong?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows
from mldiag.steps.audit.tables.far_targets import local_spread, median_skill
from mldiag.steps.audit.tables.probe_model import LEAST_ROWS, Probe, probe_of
from mldiag.wording import number, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD326, set on 60 public tables as they are and with 5 % and 10 % of labels turned.

    Args:
        likely: A row is named where its label is wrong with at least this probability.
        evidence: Gain in log likelihood over a model without wrong labels, in nats, from which it is told
            (the clean tables reached 1.2 where classes are apart).
        apart_evidence: The same where `left_share` is below `apart`.
        apart: See `apart_evidence`.
        problem_evidence: The same for a problem.
        left_share: Errors that are left once wrong labels are taken out, as a share of those of a guess
            without features: above it hard rows and wrong labels cannot be told apart.
        problem_left_share: The same for a problem.
        noise_share: Share of the probe's errors that wrong labels explain at least.
        skill: Share of the errors of a guess that the probe removes at least.
        most: Share of wrong labels above which nothing can be told.
        most_apart: The same of three classes or more that are as far apart as `apart` says.
        problem_rate: Share of wrong labels from which it is a problem.
        least_rows: Fewer rows than this are not told.
        outlying: Robust standard deviations of the residual, among rows predicted alike and of both learners,
            from which a quantity is told.
        alone_outlying: The same where fewer than `least_rows` are.
        apart_share: Of the rows at least half as far out they are at least this share.
        most_outlying: Above this share of rows it is the spread, not single rows.
        quantity_skill: The probe must explain at least this share of the median error of a guess.
    """

    likely: float = 0.4
    evidence: float = 3.0
    apart_evidence: float = 1.5
    apart: float = 0.1
    problem_evidence: float = 4.0
    left_share: float = 0.25
    problem_left_share: float = 0.2
    noise_share: float = 0.3
    skill: float = 0.3
    most: float = 0.3
    most_apart: float = 0.45
    problem_rate: float = 0.01
    least_rows: int = 3
    outlying: float = 12.0
    alone_outlying: float = 25.0
    apart_share: float = 0.5
    most_outlying: float = 0.05
    quantity_skill: float = 0.3


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD326",
    slug="label-errors",
    title="Are labels wrong?",
    detects=(
        "Two unlike learners (kernel least squares and random trees) predict every label without "
        "having seen it; a mixture of calibrated predictions and turned labels gives each label's "
        "probability of being wrong. Told where wrong labels raise the log likelihood by at least "
        "{evidence:g} ({apart_evidence:g} where hardly any other error is left), explain "
        "{noise_share:.0%} of the probe's errors and leave it with at most {left_share:.0%} of "
        "the errors of a guess; a problem from {problem_evidence:g}, {problem_left_share:.0%} and "
        "{problem_rate:.0%} of the labels on. Quantities: residuals beyond {outlying:g} robust "
        "standard deviations for both."
    ),
    why="A model learns wrong labels too, and a score on them punishes the right answer.",
    fix="Look at the rows named, most suspicious first; correct or drop what is wrong.",
    source="Northcutt, Jiang and Chuang (2021), Confident Learning, JAIR 70; Dawid and Skene (1979).",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Judge the labels of the training rows; None without a target."""
    if subject.target is None or subject.task is None:
        return None
    probe = probe_of(subject)
    if probe is None:
        return CHECK.finding(
            "not_applicable",
            f"Nothing to judge labels by: it takes {LEAST_ROWS} labelled rows, two classes and a "
            "feature",
        )
    return (
        _of_classes(subject, probe)
        if probe.task == "classification"
        else _of_quantities(subject, probe)
    )


def _of_classes(subject: TableAudit, probe: Probe) -> Finding:
    labels = np.asarray(probe.target, dtype=np.int64)
    noise = probe.blend_noise
    true_class = noise.true_class(probe.blend, labels)
    wrong = 1 - true_class[np.arange(len(labels)), labels]
    found = np.flatnonzero(wrong >= THRESHOLDS.likely)
    found = found[np.argsort(-wrong[found], kind="stable")]
    errors = float(probe.losses.mean())
    guess = 1 - float(np.bincount(labels).max()) / len(labels)
    left = max(errors - noise.rate, 0.0) / guess if guess else 1.0
    evidence = _common(subject, probe) | {
        "rate": noise.rate, "log_likelihood_gain": noise.evidence, "probe_error": errors, "left_share": left,
    }  # fmt: skip
    needed = THRESHOLDS.apart_evidence if left <= THRESHOLDS.apart else THRESHOLDS.evidence
    apart = left <= THRESHOLDS.apart and len(probe.classes) > 2
    most = THRESHOLDS.most_apart if apart else THRESHOLDS.most
    telling = (
        noise.evidence >= needed
        and probe.skill >= THRESHOLDS.skill
        and noise.rate <= most
        and noise.rate >= THRESHOLDS.noise_share * errors
        and len(found) >= THRESHOLDS.least_rows
    )
    if not telling or left > THRESHOLDS.left_share:
        return _not_told(probe, evidence, telling, left)
    expected, low, high = _expected(wrong[found])
    evidence |= named_rows(train=probe.rows[found]) | {
        "probability": np.round(wrong[found], 4).tolist(),
        "suggested": [_plain(probe.classes[c]) for c in true_class[found].argmax(axis=1)],
        "given": [_plain(probe.classes[c]) for c in labels[found]],
        "expected_wrong": expected, "expected_wrong_low": low, "expected_wrong_high": high,
    }  # fmt: skip
    severe = (
        noise.evidence >= THRESHOLDS.problem_evidence
        and left <= THRESHOLDS.problem_left_share
        and noise.rate >= THRESHOLDS.problem_rate
    )
    return CHECK.finding(
        "problem" if severe else "advice",
        f"{plural(len(found), 'label')} of {len(labels):,} {'is' if len(found) == 1 else 'are'} "
        "probably wrong" + _sampled(probe),
        explanation=(
            f"Of these about {expected:.0f} ({low:.0f} to {high:.0f}) are expected to be wrong. "
            f"Without them the probe errs on {max(errors - noise.rate, 0):.1%} of the rows. "
            f"{_example(subject, probe, found, wrong, true_class)}"
        ),
        evidence=evidence,
        action=Action(
            "clean_labels",
            f"Look at the {plural(len(found), 'row')} named, most suspicious first; correct or "
            "drop what is wrong.",
        ),
    )


def _not_told(probe: Probe, evidence: dict[str, Any], telling: bool, left: float) -> Finding:
    if left > 2 * THRESHOLDS.left_share or telling or probe.skill < THRESHOLDS.skill:
        return CHECK.finding(
            "inconclusive",
            "The features predict the label too poorly to tell wrong labels from hard rows",
            explanation=(
                f"A probe errs on {evidence['probe_error']:.1%} of "
                f"{plural(len(probe.rows), 'row')}. Features that say more of the label would "
                "settle it, or a second person who labels a sample."
            ),
            evidence=evidence,
        )
    return CHECK.finding(
        "passed",
        f"No label stands out as wrong{_sampled(probe)}",
        explanation=(
            f"A probe errs on {evidence['probe_error']:.1%} of {plural(len(probe.rows), 'row')}, "
            "as honest overlap explains."
        ),
        evidence=evidence,
    )


def _of_quantities(subject: TableAudit, probe: Probe) -> Finding:
    distances = []
    for scores in probe.families.values():
        residuals = scores[:, 0] - probe.target
        centred = np.abs(residuals - np.median(residuals))
        distances.append(centred / local_spread(scores[:, 0], centred))
    distance = np.minimum(*distances)
    found = _outlying(distance)
    skill = median_skill(probe)
    evidence = _common(subject, probe) | {"skill": skill}
    if skill < THRESHOLDS.quantity_skill:
        return CHECK.finding(
            "inconclusive",
            "The features predict the target too poorly to tell wrong values from hard rows",
            explanation=f"A probe removes {max(skill, 0):.0%} of the median error of a guess.",
            evidence=evidence,
        )
    if not len(found):
        return CHECK.finding(
            "passed",
            f"No value of the target stands out as wrong{_sampled(probe)}",
            evidence=evidence,
        )
    predicted = _back(subject, probe, found)
    evidence |= named_rows(train=probe.rows[found]) | {
        "distance": np.round(distance[found], 2).tolist(),
        "predicted": predicted.tolist(),
    }
    first = int(probe.rows[found[0]])
    assert subject.target is not None
    return CHECK.finding(
        "advice",
        f"{plural(len(found), 'value')} of the target of {len(probe.rows):,} "
        f"{'lies' if len(found) == 1 else 'lie'} far from what the features say{_sampled(probe)}",
        explanation=(
            f"Row {first:,} says {subject.train[subject.target].shown(first)}, rows like it about "
            f"{number(float(predicted[0]))}: {distance[found[0]]:.0f} times the usual error."
        ),
        evidence=evidence,
        action=Action(
            "clean_labels", "Look at these rows; correct or drop the values that are wrong."
        ),
    )


def _outlying(distance: NDArray[np.float64]) -> NDArray[np.intp]:
    """Rows that stand far out, the farthest first; none where so many do that it is the spread."""
    order = np.argsort(-distance, kind="stable")
    few = (distance >= THRESHOLDS.outlying).sum() < THRESHOLDS.least_rows
    limit = THRESHOLDS.alone_outlying if few else THRESHOLDS.outlying
    count = int((distance >= limit).sum())
    if count < THRESHOLDS.apart_share * (distance >= limit / 2).sum():
        return order[:0]  # a long tail, of which these are the end
    return order[: count if count <= THRESHOLDS.most_outlying * len(order) + 1 else 0]


def _back(subject: TableAudit, probe: Probe, found: NDArray[np.intp]) -> NDArray[np.float64]:
    """Predictions in the unit of the target."""
    assert subject.target is not None
    values = np.asarray(subject.train[subject.target].values, dtype=np.float64)[
        probe.rows[probe.fitted]
    ]
    return np.asarray(probe.families[probe.best][found, 0] * values.std() + values.mean())


def _common(subject: TableAudit, probe: Probe) -> dict[str, Any]:
    found: dict[str, Any] = {"n": len(probe.rows), "columns": [subject.target]}
    if len(probe.rows) < probe.rows_in_all:
        found["sampled"] = len(probe.rows)
    return found


def _sampled(probe: Probe) -> str:
    if len(probe.rows) == probe.rows_in_all:
        return ""
    return f" (in a sample of {len(probe.rows):,} of {plural(probe.rows_in_all, 'row')})"


def _expected(wrong: NDArray[np.float64]) -> tuple[float, float, float]:
    """How many of the rows named are wrong, with 80 % ends of the sum of their independent chances."""
    expected = float(wrong.sum())
    spread = 1.2816 * float(np.sqrt((wrong * (1 - wrong)).sum()))
    return expected, max(0.0, expected - spread), min(float(len(wrong)), expected + spread)


def _example(
    subject: TableAudit,
    probe: Probe,
    found: NDArray[np.intp],
    wrong: NDArray[np.float64],
    true: NDArray[np.float64],
) -> str:
    first = found[0]
    assert subject.target is not None
    given = subject.train[subject.target].shown(int(probe.rows[first]))
    return (
        f"Row {int(probe.rows[first]):,} is labelled {given}, and looks like "
        f"{str(_plain(probe.classes[true[first].argmax()]))[:40]} ({wrong[first]:.0%})."
    )


def _plain(level: Any) -> Any:
    """A label as plain data, whole numbers as such."""
    value = level.item() if hasattr(level, "item") else level
    return int(value) if isinstance(value, float) and value.is_integer() else value
