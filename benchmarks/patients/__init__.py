"""Patients for the check-up: experiments with one dominating problem, and what every remedy truly gains.

`checkup_truth.py` measures the truth and writes `truth.json`; `checkup_decisions.py` scores the check-up. A
third of the patients is `kept` for the final count.
"""

from __future__ import annotations

from patients import kept_estimators, kept_networks, seen_estimators, seen_networks
from patients.common import Patient

PATIENTS: tuple[Patient, ...] = (
    *seen_estimators.PATIENTS,
    *seen_networks.PATIENTS,
    *kept_estimators.PATIENTS,
    *kept_networks.PATIENTS,
)

BY_NAME = {patient.name: patient for patient in PATIENTS}
