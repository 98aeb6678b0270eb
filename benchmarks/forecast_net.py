"""A small torch net with scikit-learn's interface, for the curves of `forecast_curves.py`."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EPOCHS = 30


class TorchNet:
    """Two layers of 32, Adam, 30 epochs: classes where there are any, else one number.

    Args:
        classes: 0 for regression.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes

    def fit(self, x: Floats, y: Floats) -> TorchNet:
        """Train on scaled features (and a scaled target in regression)."""
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.center, self.spread = x.mean(axis=0), x.std(axis=0) + 1e-6
        if self.classes:
            self.classes_, code = np.unique(y, return_inverse=True)
            target, outputs = torch.tensor(code), len(self.classes_)
            loss = torch.nn.functional.cross_entropy
        else:
            self.middle, self.scale = float(y.mean()), float(y.std()) + 1e-6
            target, outputs = self._tensor((y - self.middle) / self.scale)[:, None], 1
            loss = torch.nn.functional.mse_loss
        self.net = torch.nn.Sequential(
            torch.nn.Linear(x.shape[1], 32),
            torch.nn.ReLU(),
            torch.nn.Linear(32, 32),
            torch.nn.ReLU(),
            torch.nn.Linear(32, outputs),
        )
        optimizer = torch.optim.Adam(self.net.parameters(), lr=5e-3)
        inputs = self._scaled(x)
        batch = max(16, len(x) // 8)
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(x)).split(batch):
                optimizer.zero_grad()
                loss(self.net(inputs[rows]), target[rows]).backward()
                optimizer.step()
        return self

    def predict(self, x: Floats) -> Floats:
        """The number, in the target's unit."""
        return self._outputs(x)[:, 0] * self.scale + self.middle

    def predict_proba(self, x: Floats) -> Floats:
        """Probabilities by class, shape (rows, classes)."""
        logits = self._outputs(x)
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shifted / shifted.sum(axis=1, keepdims=True)

    def _outputs(self, x: Floats) -> Floats:
        with torch.no_grad():
            return self.net(self._scaled(x)).numpy().astype(np.float64)

    def _scaled(self, x: Floats) -> torch.Tensor:
        return self._tensor((x - self.center) / self.spread)

    @staticmethod
    def _tensor(values: Floats) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float32)
