"""Yet more patients made of networks in PyTorch, written without knowledge of how a check-up decides."""

from __future__ import annotations

from typing import Any

from mldiag import Float, Int
from patients import fifth_tables as tables
from patients.common import Patient, with_part
from patients.makers import network

CLIPPED: dict[str, tuple[tuple[tuple[str, Any], ...], ...]] = {
    "stabilize_training": ((("clip", 1.0),),)
}

PATIENTS = with_part("fifth", (
    Patient("mislabelled_hues", "label noise", "fifth", tables.hues, 1000,
            network({"weight_decay": Float(1e-3, 1.0, default=1e-2, log=True),
                     "width": Int(32, 256, default=128, log=True)},
                    lr=1e-2, width=128, depth=2, epochs=30, batch=64, weight_decay=1e-2),
            flipped=0.4, variants=CLIPPED, family="network"),
    Patient("narrow_hues", "too small", "fifth", tables.hues, 1200,
            network({"width": Int(1, 64, default=1, log=True),
                     "lr": Float(1e-3, 3e-2, default=1e-2, log=True)}, lr=1e-2, width=1,
                    epochs=25, activation="tanh"),
            variants=CLIPPED, family="network"),
    Patient("sound_sugar_net", "healthy", "fifth", tables.sugar_ahead, 6000,
            network({"lr": Float(1e-3, 3e-2, default=1e-2, log=True),
                     "width": Int(8, 64, default=24, log=True)},
                    regression=True, lr=1e-2, width=24, epochs=20, batch=96),
            variants=CLIPPED, family="network"),
))  # fmt: skip
