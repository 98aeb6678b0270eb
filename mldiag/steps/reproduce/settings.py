"""Settings of the reproduction: its fields are the flags of the command and of the function."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from mldiag.early_checks import check_count
from mldiag.errors import MldiagError
from mldiag.steps.reproduce.report_checks import check_report


@dataclass(frozen=True)
class Settings:
    """What is compared with what.

    Args:
        expected: The reported score, in the metric's own unit; None to run the bug checks alone.
        tolerance: Largest difference that still counts as the same; a point for scores in [0, 1], else
            1 % of the reported score.
        reported_sd: Standard deviation over the report's runs.
        reported_runs: Number of the report's runs; 1 for a single one of unknown spread.
        test_rows: Rows that we score on, where they are not the report's own.
        repeats: Runs, each with its own seed.
        against: Id of an earlier run, mldiag's or MLflow's, to compare with instead of a number.
        thorough: Whether to run the bug checks at full size, and against reference models.
        quick: Whether an interpreter of its own, which takes seconds to start, is asked only beside
            trainings that take as long; for the check-up.
    """

    expected: float | None = field(
        default=None, metadata={"help": "The reported score.", "example": 0.952}
    )
    tolerance: float | None = field(
        default=None,
        metadata={
            "help": "Largest difference that still counts as the same.",
            "example": 0.01,
        },
    )
    reported_sd: float | None = field(
        default=None,
        metadata={"help": "Standard deviation over the report's runs.", "example": 0.004},
    )
    reported_runs: int | None = field(
        default=None, metadata={"help": "Number of the report's runs; 1 for a single one."}
    )
    test_rows: int | None = field(
        default=None,
        metadata={"help": "Rows that we score on, where they are not the report's own."},
    )
    repeats: int = field(
        default=5,
        metadata={"help": "Runs, each with its own seed.", "flags": ("--repeats", "--seeds")},
    )
    against: str | None = field(
        default=None,
        metadata={"help": "An earlier run to compare with, by its id.", "shown": "RUN_ID"},
    )
    thorough: bool = field(
        default=False,
        metadata={"help": "Bug checks at full size, and against reference models."},
    )
    quick: bool = field(default=False, metadata={"internal": True})

    def __post_init__(self) -> None:
        """Check the numbers of the report."""
        check_count("repeats", self.repeats, flag="--seeds 5")
        check_count("reported runs", self.reported_runs, flag="--reported-runs 5")
        check_count("test rows", self.test_rows, flag="--test-rows 360")
        if self.expected is None:
            self._check_no_report()
            return
        if self.against is not None:
            raise MldiagError(
                "both a number and an earlier run to compare with",
                expected="--expected or --against",
                hint="leave --expected out",
            )
        check_report(
            self.expected,
            1.0 if self.tolerance is None else self.tolerance,
            self.reported_sd,
            self.reported_runs,
            self.test_rows,
        )

    def _check_no_report(self) -> None:
        if self.tolerance is not None and not (
            self.tolerance > 0 and math.isfinite(self.tolerance)
        ):
            raise MldiagError(
                f"a tolerance of {self.tolerance!r}", expected="above 0", hint="--tolerance 0.01"
            )
        report = {
            "--reported-sd": self.reported_sd,
            "--reported-runs": self.reported_runs,
            "--test-rows": self.test_rows,
        }
        alone = [flag for flag, value in report.items() if value is not None]
        if alone:
            raise MldiagError(
                f"{alone[0]} speaks of a report, and no reported score is given",
                expected="--expected with the score",
                hint="--expected 0.952",
            )
