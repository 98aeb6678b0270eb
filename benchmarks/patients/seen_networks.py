"""Patients made of networks in PyTorch, on which the ranking may be tuned."""

from __future__ import annotations

from mldiag import Categorical, Float, Int
from patients import tables
from patients.common import Patient, with_part
from patients.makers import network

RATE = Float(3e-4, 1e-1, default=5e-3, log=True)
DECAY = Float(1e-4, 1.0, default=0.0, log=True, zero=True)
CLIPPED = {"stabilize_training": ((("clip", 1.0),),)}
OTHER_LAYERS = {
    "change_activation_or_init": (
        (("activation", "tanh"),), (("activation", "relu"),), (("init", "xavier"),),
    ),
    **CLIPPED,
}  # fmt: skip

PATIENTS = with_part("seen", (
    Patient("hasty_hours", "learning rate far off", "seen", tables.middling_hours, 900,
            network({"lr": Float(1e-4, 1.0, default=0.4, log=True),
                     "width": Int(16, 128, default=64, log=True)}, lr=0.4,
                    depth=2, epochs=25),
            variants=CLIPPED, family="network"),
    Patient("one_unit_hours", "too small", "seen", tables.middling_hours, 1000,
            network({"width": Int(1, 128, default=1, log=True), "lr": RATE}, width=1, lr=5e-3,
                    epochs=30), variants=CLIPPED, family="network"),
    Patient("one_epoch_hours", "one epoch", "seen", tables.middling_hours, 1500,
            network({"width": Int(16, 256, default=64, log=True), "weight_decay": DECAY},
                    lr=1e-2, epochs=1, batch=8),
            variants=CLIPPED, family="network", longer=(2.0, 4.0, 8.0, 16.0)),
    Patient("deep_sigmoids", "vanishing gradient", "seen", tables.scaled_humidity, 800,
            network({"activation": Categorical(["sigmoid", "tanh", "relu"], default="sigmoid",
                                               role="activation"),
                     "lr": Float(1e-4, 3e-2, default=3e-3, log=True)},
                    regression=True, depth=10, width=32, activation="sigmoid", epochs=18),
            variants=OTHER_LAYERS, family="network"),
    Patient("sound_flight_net", "healthy", "seen", tables.air_times, 3000,
            network({"lr": Float(3e-4, 3e-2, default=3e-3, log=True),
                     "width": Int(8, 64, default=24, log=True)},
                    regression=True, width=24, epochs=15, batch=64),
            variants=CLIPPED, family="network"),
))  # fmt: skip
