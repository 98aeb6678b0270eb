"""Patients made of networks in PyTorch, written without knowledge of how a check-up decides."""

from __future__ import annotations

from typing import Any

from mldiag import Float, Int
from patients import third_tables as tables
from patients.common import Patient, with_part
from patients.makers import network

CLIPPED: dict[str, tuple[tuple[tuple[str, Any], ...], ...]] = {
    "stabilize_training": ((("clip", 1.0),),)
}

PATIENTS = with_part("third", (
    Patient("hasty_depths", "learning rate far off", "third", tables.stone_depths, 1000,
            network({"lr": Float(1e-4, 1.0, default=0.7, log=True),
                     "width": Int(16, 128, default=48, log=True)}, regression=True, lr=0.7,
                    width=48, depth=2, epochs=30),
            variants=CLIPPED, family="network"),
    Patient("narrow_listings", "too small", "third", tables.listings, 1200,
            network({"width": Int(1, 128, default=1, log=True),
                     "dropout": Float(0.0, 0.5, default=0.0)}, regression=True, lr=5e-3,
                    width=1, depth=2, epochs=40),
            variants=CLIPPED, family="network"),
    Patient("stopped_early_on_stones", "stopped too early", "third", tables.middling_stones, 1800,
            network({"width": Int(16, 256, default=64, log=True),
                     "weight_decay": Float(1e-4, 1.0, default=0.0, log=True, zero=True)},
                    lr=3e-3, width=64, depth=2, epochs=3, batch=4),
            variants=CLIPPED, family="network", longer=(2.0, 4.0, 8.0)),
    Patient("sound_prescription_net", "healthy", "third", tables.prescriptions, 4000,
            network({"lr": Float(3e-4, 3e-2, default=3e-3, log=True),
                     "width": Int(4, 64, default=12, log=True)},
                    regression=True, width=12, epochs=12, batch=64),
            variants=CLIPPED, family="network"),
))  # fmt: skip
