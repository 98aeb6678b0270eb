"""More patients made of networks in PyTorch, written without knowledge of how a check-up decides."""

from __future__ import annotations

from typing import Any

from mldiag import Float, Int
from patients import fourth_tables as tables
from patients.common import Patient, with_part
from patients.makers import network

CLIPPED: dict[str, tuple[tuple[tuple[str, Any], ...], ...]] = {
    "stabilize_training": ((("clip", 1.0),),)
}

PATIENTS = with_part("fourth", (
    Patient("timid_hauls", "learning rate far off", "fourth", tables.long_hauls, 1300,
            network({"lr": Float(1e-4, 1.0, default=1e-3, log=True),
                     "width": Int(16, 128, default=64, log=True)}, lr=1e-3, depth=2,
                    epochs=16, optimizer="sgd"),
            variants=CLIPPED, family="network"),
    Patient("stopped_early_on_distances", "stopped too early", "fourth", tables.distances, 1800,
            network({"width": Int(16, 128, default=64, log=True),
                     "dropout": Float(0.0, 0.4, default=0.0)},
                    regression=True, lr=1e-3, width=64, depth=2, epochs=4, batch=16,
                    activation="tanh"),
            variants=CLIPPED, family="network", longer=(2.0, 4.0, 8.0)),
    Patient("sound_price_net", "healthy", "fourth", tables.prices_by_shape, 4500,
            network({"lr": Float(5e-4, 2e-2, default=5e-3, log=True),
                     "width": Int(8, 64, default=32, log=True)},
                    regression=True, lr=5e-3, width=32, epochs=10, batch=64),
            variants=CLIPPED, family="network"),
    Patient("aimless_exchange_net", "pure noise", "fourth", tables.exchange_days, 1200,
            network({"lr": Float(1e-4, 1e-2, default=1e-3, log=True),
                     "weight_decay": Float(1e-3, 1.0, default=0.1, log=True)},
                    lr=1e-3, width=16, epochs=8, batch=16, weight_decay=0.1),
            variants=CLIPPED, family="network"),
))  # fmt: skip
