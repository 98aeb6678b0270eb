"""MD416: a score that falls while the training loss goes on falling."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When a training counts as overfitted.

    Args:
        evaluations: Evaluations that are needed.
        lost: Share of what had been gained on held-out rows that is lost again at the end.
        lost_of_probe: The same of embeddings, whose score is that of a probe and not of what is trained.
        noise: And so many times the spread between neighbouring evaluations.
        gap: Held-out error over training error, where both are known, and little is left to learn.
        explained: Share of the training rows explained, above which they are known by heart.
    """

    evaluations: int = 4
    lost: float = 0.12
    lost_of_probe: float = 0.35
    noise: float = 2.5
    gap: float = 0.25
    explained: float = 0.9


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD416",
    "overfitting",
    "The model overfits",
    detects=(
        "a held-out score (or loss) that has lost {lost:.0%} of what it had gained, and {noise:g}"
        " times its noise, while the training loss went on falling; or {explained:.0%} of the"
        " training rows explained and {gap:.0%} less of the others"
    ),
    why="From then on the model learns these rows, not the task.",
    fix=(
        "More or augmented data; dropout, weight decay or a smaller model; stop at the best"
        " evaluation, chosen on rows that do not score."
    ),
    source="smoothed course of the evaluations; thresholds measured on healthy trainings",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge held-out scores beside the training.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals)
    if few is not None:
        return few
    recording = signals.recording
    courses = []
    for name, sign in (
        ("eval/score", 1.0 if recording.facts.get("maximize", True) else -1.0),
        ("eval/valid/loss", -1.0),
    ):
        values = sign * recording.series(name)
        values = values[np.isfinite(values)] if values.size else values
        if len(values) >= THRESHOLDS.evaluations:
            courses.append((name, values))
    if not courses:
        return CHECK.finding(
            "not_applicable",
            f"Fewer than {THRESHOLDS.evaluations} evaluations on held-out rows were told",
        )
    gap = _gap(signals)
    evidence: dict[str, object] = {"gap": gap if math.isfinite(gap) else None}
    falling = signals.should_fall and signals.fell > 0.3 and signals.loss.trend(0.5).change < 0
    for name, values in courses:
        lost, z = _lost(values, _chance(signals, name), _row_noise(signals, name))
        evidence |= {f"{name.split('/')[-1]}_lost_share": lost, "n_evaluations": len(values)}
        known = not math.isfinite(signals.explained) or signals.explained > 0.6
        apart = not math.isfinite(gap) or gap > 0.08
        least = THRESHOLDS.lost if signals.task != "self_supervised" else THRESHOLDS.lost_of_probe
        if lost > least and z > THRESHOLDS.noise and falling and known and apart:
            if name == "eval/valid/loss" and not _score_suffers(
                recording.series("eval/score"), courses, gap
            ):
                continue
            what = "score" if name == "eval/score" else "loss"
            title = (
                f"The held-out {what} has lost {lost:.0%} of what it had gained, while the training"
                " loss goes on falling"
            )
            return _problem(title, evidence)
    if gap > THRESHOLDS.gap + 2.0 * _gap_error(signals) and _by_heart(signals):
        return _problem(
            f"Training rows are known by heart; {number(gap)} less is explained of held-out rows",
            evidence,
        )
    return CHECK.finding(
        "passed", "What is learned holds on rows that do not train", evidence=evidence
    )


def _by_heart(signals: Signals) -> bool:
    """Whether next to nothing is left to learn on the training rows, by outputs, or else by the score."""
    if math.isfinite(signals.explained):
        return signals.explained > THRESHOLDS.explained
    if (
        signals.task == "self_supervised"
    ):  # a score of neighbours is 1 on rows that are their own neighbours
        return False
    train = signals.recording.series("eval/train_score")
    share_like = train.size > 0 and float(np.nanmax(np.abs(train))) <= 1.0
    return share_like and float(np.nanmedian(train[-3:])) > 0.5 + 0.5 * THRESHOLDS.explained


def _problem(title: str, evidence: dict[str, object]) -> Finding:
    action = Action(
        "more_regularization",
        "Augment or add data, add dropout or weight decay, or stop at the best evaluation (chosen"
        " on rows that do not score).",
    )
    return CHECK.finding("problem", title, evidence=evidence, action=action)


def _score_suffers(
    scores: NDArray[np.float64], courses: list[tuple[str, NDArray[np.float64]]], gap: float
) -> bool:
    """A held-out loss may rise by confidence alone while as many rows are right as before."""
    has_score = any(name == "eval/score" for name, _ in courses)
    return (not has_score and not scores.size) or gap > 0.15


def _lost(values: NDArray[np.float64], chance: float, row_noise: float) -> tuple[float, float]:
    """Share of the gain that is lost from the best to the last smoothed value, and that loss in noise.

    Args:
        values: Scores, higher is better.
        chance: Score of chance; NaN where not known.
        row_noise: Standard error of one score from the number of its rows; nought where not known.
    """
    width = max(2, len(values) // 6)
    smooth = np.convolve(values, np.ones(width) / width, mode="valid")
    best, last = float(smooth.max()), float(smooth[-1])
    share_like = bool(np.min(values) >= 0.0) and bool(np.max(values) <= 1.0)
    start = chance if math.isfinite(chance) else 0.0 if share_like else float(values[0])
    gained = best - min(start, float(values[0]))
    jumps = np.diff(values)
    noise = float(np.std(jumps)) / math.sqrt(2 * width) if len(jumps) > 2 else 0.0
    worth = best - last > 0.1 * abs(best)
    if gained <= 0 or not worth:
        return 0.0, 0.0
    return (best - last) / gained, (best - last) / max(noise, row_noise, 1e-9 + 0.01 * gained)


def _row_noise(signals: Signals, name: str) -> float:
    """Standard error of a share of right rows, an upper bound: the same rows score each time."""
    rows = signals.recording.series("eval/valid/rows")
    accuracy = signals.recording.series("eval/valid/accuracy")
    if name == "eval/valid/loss" or not rows.size or not accuracy.size:
        return 0.0
    right = float(np.nanmedian(accuracy))
    return math.sqrt(max(right * (1.0 - right), 0.0) / max(float(rows[-1]), 1.0))


def _chance(signals: Signals, name: str) -> float:
    if name == "eval/valid/loss":
        return -signals.chance_loss
    scores = signals.recording.series("eval/score")
    accuracy = signals.recording.series("eval/valid/accuracy")
    same = accuracy.shape == scores.shape and bool(
        np.allclose(accuracy, scores, atol=0.02, equal_nan=True)
    )
    return signals.chance_accuracy if same else math.nan


def _gap_error(signals: Signals) -> float:
    """Standard error of the explained share of the held-out rows; nought where their number is not known."""
    rows = signals.recording.series("eval/valid/rows")
    accuracy, chance = signals.recording.series("eval/valid/accuracy"), signals.chance_accuracy
    if not rows.size or not accuracy.size or not math.isfinite(chance) or chance >= 1.0:
        return 0.0
    right = float(np.nanmedian(accuracy[-3:]))
    return math.sqrt(max(right * (1.0 - right), 1e-6) / max(float(rows[-1]), 1.0)) / (1.0 - chance)


def _gap(signals: Signals) -> float:
    """Explained share of the training rows less that of the held-out ones; NaN where not known."""
    recording = signals.recording
    train, score = recording.series("eval/train_score"), recording.series("eval/score")
    if not recording.facts.get("maximize", True):
        score = np.empty(0)  # an error is no share of anything explained
    accuracy, chance = recording.series("eval/valid/accuracy"), signals.chance_accuracy
    if accuracy.size and math.isfinite(chance) and math.isfinite(signals.explained):
        return float(signals.explained - (np.nanmedian(accuracy[-3:]) - chance) / (1.0 - chance))
    if (
        train.size
        and score.size
        and np.nanmax(np.abs(train)) <= 1.0
        and np.nanmax(np.abs(score)) <= 1.0
    ):
        return float(np.nanmedian(train[-3:]) - np.nanmedian(score[-3:]))
    if math.isfinite(signals.explained) and score.size and 0.0 <= score[-1] <= 1.0:
        held = float(np.nanmedian(score[-3:]))
        if math.isfinite(chance):
            return float(signals.explained - (held - chance) / (1.0 - chance))
        return float(signals.explained - held)
    return math.nan
