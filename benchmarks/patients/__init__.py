"""Patients for the check-up: experiments with one dominating problem, and what every remedy truly gains.

`checkup_truth.py` measures the truth and writes `truth.json`; `checkup_decisions.py` scores the check-up. A
quarter of the patients is `kept` for the final count, and a third, a fourth and a fifth set were written
without knowledge of how a check-up decides.
"""

from __future__ import annotations

from patients import (
    fifth_estimators,
    fifth_networks,
    fourth_estimators,
    fourth_networks,
    kept_estimators,
    kept_networks,
    seen_estimators,
    seen_networks,
    third_estimators,
    third_networks,
)
from patients.common import Patient

PATIENTS: tuple[Patient, ...] = (
    *seen_estimators.PATIENTS,
    *seen_networks.PATIENTS,
    *kept_estimators.PATIENTS,
    *kept_networks.PATIENTS,
    *third_estimators.PATIENTS,
    *third_networks.PATIENTS,
    *fourth_estimators.PATIENTS,
    *fourth_networks.PATIENTS,
    *fifth_estimators.PATIENTS,
    *fifth_networks.PATIENTS,
)

BY_NAME = {patient.name: patient for patient in PATIENTS}
