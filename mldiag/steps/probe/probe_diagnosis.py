"""The answer of a probe: its findings, and the recording that figures and charts are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.findings import Diagnosis
from mldiag.recording.recorded import Recording
from mldiag.steps.range_test.diagnose import RangeTestDiagnosis

MOST_SERIES = 60
"""Series a layer that go to MLflow's charts; of more layers, evenly spread ones."""


@dataclass(frozen=True)
class ProbeDiagnosis(Diagnosis):
    """The findings, and what `plot` draws."""

    recording: Recording | None = None
    tested: RangeTestDiagnosis | None = None

    def result(self) -> dict[str, Any]:
        """What the training was, as plain data."""
        if self.recording is None:
            return {}
        facts = self.recording.facts
        told = ("task", "steps", "updates", "batch", "seconds", "birth", "not_seen", "error")
        last = {
            "loss": _last(self.recording, "loss/mean"),
            "score": _last(self.recording, "eval/score"),
        }
        return {name: facts.get(name) for name in told} | last

    def curves(self) -> dict[str, dict[int, float]]:
        """Loss, gradient, update over weight and activation of the layers by step."""
        recording = self.recording
        if recording is None:
            return {}
        series = {
            "probe/loss": _points(recording.series("loss/step"), recording.series("loss/mean"))
        }
        steps = recording.series("sample/step")
        update, weight = recording.series("update/norm"), recording.series("weight/norm")
        ratio = np.divide(update, weight, out=np.full_like(update, np.nan), where=weight > 0)
        columns = [k for k, p in enumerate(recording.parameters) if p["matrix"] and p["trainable"]]
        layers = [k for k, layer in enumerate(recording.layers) if layer["kind"] != "attention"]
        for part, values, chosen, names in (
            ("gradient_norm", recording.series("gradient/norm"), columns, recording.parameters),
            ("update_to_weight", ratio, columns, recording.parameters),
            ("output_sd", recording.series("output/sd"), layers, recording.layers),
            ("off_share", recording.series("output/off"), layers, recording.layers),
        ):
            for k in _spread(chosen, MOST_SERIES // 4):
                if values.ndim == 2 and k < values.shape[1]:
                    series[f"probe/{part}/{names[k]['name']}"] = _points(steps, values[:, k])
        for part in ("score", "train_score", "valid/loss"):
            found = recording.series(f"eval/{part}")
            if found.size:
                name = part.replace("/", "_")
                series[f"probe/{name}"] = _points(recording.series("eval/step"), found)
        return {name: points for name, points in series.items() if points}

    def scalars(self) -> dict[str, float]:
        """Steps and the last loss."""
        if self.recording is None:
            return {}
        loss = self.recording.series("loss/mean")
        last = float(loss[-1]) if loss.size else float("nan")
        return {"probe_steps": float(self.recording.steps), "probe_last_loss": last}


def _last(recording: Recording, name: str) -> float | None:
    series = recording.series(name)
    return float(series[-1]) if series.ndim == 1 and series.size else None


def _points(steps: Any, values: Any) -> dict[int, float]:
    count = min(len(steps), len(values))
    hop = max(1, count // 400)
    return {int(steps[k]): float(values[k]) for k in range(0, count, hop) if np.isfinite(values[k])}


def _spread(items: list[int], most: int) -> list[int]:
    if len(items) <= most:
        return items
    return [items[k * len(items) // most] for k in range(most)]
