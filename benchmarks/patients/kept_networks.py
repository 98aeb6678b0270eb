"""Patients made of networks in PyTorch, kept for the final count."""

from __future__ import annotations

from mldiag import Float, Int
from patients import tables
from patients.common import Patient, with_part
from patients.makers import network

DECAY = Float(1e-3, 10.0, default=0.0, log=True, zero=True)
CLIPPED = {"stabilize_training": ((("clip", 1.0),),)}

PATIENTS = with_part("kept", (
    Patient("timid_weather", "learning rate far off", "kept", tables.scaled_humidity, 900,
            network({"lr": Float(1e-6, 1e-1, default=2e-6, log=True),
                     "width": Int(16, 128, default=64, log=True)}, regression=True, lr=2e-6),
            variants=CLIPPED, family="network"),
    Patient("sugar_by_heart", "overfit", "kept", tables.sugar, 160,
            network({"dropout": Float(0.0, 0.8, default=0.0),
                     "weight_decay": DECAY}, regression=True, width=128, depth=2, epochs=40),
            variants=CLIPPED, family="network"),
    Patient("dropped_weather", "over-regularised", "kept", tables.scaled_humidity, 900,
            network({"dropout": Float(0.0, 0.95, default=0.9),
                     "width": Int(16, 128, default=64, log=True)}, regression=True, dropout=0.9,
                    lr=5e-3, epochs=25),
            variants=CLIPPED, family="network"),
    Patient("sound_default_net", "healthy", "kept", tables.defaults, 4000,
            network({"lr": Float(5e-4, 3e-2, default=3e-3, log=True),
                     "weight_decay": Float(1e-4, 1e-1, default=1e-3, log=True)},
                    width=32, depth=2, epochs=8, batch=64, weight_decay=1e-3),
            variants=CLIPPED, family="network"),
))  # fmt: skip
