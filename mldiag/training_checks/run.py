"""The order of the checks, what each needs, and the report that they make together."""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mldiag.errors import MldiagError, UserCodeError
from mldiag.findings import OUTCOMES, Action, Finding, Outcome, Report, TrialCounts, ranked
from mldiag.training_checks.checks import ALL, loss_detached
from mldiag.training_checks.parts import OPTIONAL, built, parts_of

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop
    from mldiag.training_checks.parts import Parts

SECONDS = 120.0
"""Time for all the checks together, where none is told."""

LABELS = {
    "not-finite": "NaN", "rows-overlap": "overlap", "data-order": "data order",
    "misaligned-targets": "targets", "unshifted-targets": "unshifted", "batch-mixing": "rows mix",
    "row-alone": "row alone", "causal-leak": "future", "broadcast-loss": "broadcast",
    "softmax-twice": "softmax", "loss-detached": "detached", "missing-zero-grad": "zero_grad",
    "optimizer-parameters": "optimizer", "parameters-move": "parameters",
    "batch-norm-statistics": "batch norm", "evaluation-mode": "eval mode", "training-mode": "train mode",
    "initial-loss": "first loss", "inputs-ignored": "no inputs", "overfit-batch": "no fit",
}  # fmt: skip
"""What a headline calls each check, in at most ten characters."""

FOLLOWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("MD141", ("MD151", "MD154", "MD158", "MD159", "MD160")),
    ("MD151", ("MD154", "MD159", "MD160")),
    ("MD153", ("MD154", "MD160")),
    ("MD146", ("MD147",)),
    ("MD154", ("MD160",)),
    ("MD149", ("MD160",)),
    ("MD150", ("MD160",)),
    ("MD158", ("MD160",)),
    ("MD152", ("MD160",)),
    ("MD159", ("MD144", "MD154", "MD160")),
)
"""A problem of the first code explains one of the others."""


def run_checks(
    given: Mapping[str, Any],
    *,
    build: Callable[..., Any] | None,
    seed: int,
    seconds: float,
    then: Callable[[Loop], None] | None = None,
) -> Report:
    """Run every check that the parts allow.

    Args:
        given: Parts by name; None where not given.
        build: Makes the parts; then none may be given.
        seed: Passed to `build`, and set before it.
        seconds: Time for all the checks together.
        then: Called with the loop after the checks.

    Returns:
        The report; its renderers are handed in from above.

    Raises:
        MldiagError: If torch or a required part is missing, or a part is of a wrong kind.
        UserCodeError: If the user's step or batches fail.
    """
    loop_type = _loop_type()
    start = time.monotonic()
    parts = _parts(given, build, seed)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # they belong to the user's own training, not to its copies here
        loop = loop_type(parts, seconds)
        _check_it_runs(loop)
        with loop.preserved():
            _seed(seed)
            findings = [judge_one(module, loop) for module in ALL]
        if then is not None:
            then(loop)
    return _report(parts, findings, time.monotonic() - start, _not_told(loop))


def _loop_type() -> type[Loop]:
    try:
        import torch  # noqa: F401
    except ImportError:
        raise MldiagError(
            "diagnose_training needs PyTorch, which is not installed",
            expected="the extra 'torch'",
            hint="pip install 'mldiag[torch]'",
        ) from None
    from mldiag.training_checks.loop import Loop

    return Loop


def _parts(given: Mapping[str, Any], build: Callable[..., Any] | None, seed: int) -> Parts:
    told = {name: value for name, value in given.items() if value is not None}
    if build is None:
        return parts_of(told)
    both = sorted(set(told) - {"task", "epochs"})
    if both:
        raise MldiagError(
            f"build= and {both[0]}= were both given",
            expected="build=, which makes all the parts, or the parts themselves",
            hint="mldiag.diagnose_training(build=build)",
        )
    if not callable(build):
        raise MldiagError(f"build is a {type(build).__name__}", expected="a function build(seed)")
    from mldiag.training_checks.state import preserved

    with preserved():  # its seeding is for the parts alone
        _seed(seed)
        return parts_of({**built(build, seed), **told})


def _seed(seed: int) -> None:
    import random

    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _check_it_runs(loop: Loop) -> None:
    """Raise the user's own error where not even one step runs."""
    import torch

    for name, model in loop.parts.models.items():
        if any(torch.nn.parameter.is_lazy(p) for p in model.parameters()):
            raise MldiagError(
                f"{name} has lazy parameters that are not made yet",
                expected="a network that has been called once",
                hint="model(inputs)",
            )
    with loop.preserved():
        _seed(0)
        error = loop.observed.error
    if error is not None and loss_detached.MESSAGE not in str(error):
        raise UserCodeError(
            f"a training step raised {type(error).__name__}: {error}",
            expected=f"steps that run\n{_users_lines(error)}",
        ) from error
    if not loop.observed.steps and error is None:
        raise MldiagError(
            "train_batches(0) gave no batch",
            expected="a function that gives batches anew each time it is called",
            hint="train_batches=lambda epoch: loader",
        )


def _users_lines(error: BaseException) -> str:
    """The traceback without the lines of mldiag and torch."""
    frames = traceback.extract_tb(error.__traceback__)
    hidden = (str(Path(__file__).parent), f"{Path('site-packages')}{'/'}torch")
    own = [frame for frame in frames if not any(part in frame.filename for part in hidden)]
    return "".join(traceback.format_list(own)).rstrip()


def judge_one(module: ModuleType, loop: Loop) -> Finding:
    """One check's finding; the state is put back whatever happens in it."""
    missing = [name for name in module.NEEDS if not loop.parts.has(name)]
    check = module.CHECK
    if missing:
        needed = " and ".join(f"{name}=" for name in missing)
        finding: Finding = check.finding(
            "not_applicable",
            f"{check.title.rstrip('?')}: needs {needed}",
            explanation=f"Give {OPTIONAL.get(missing[0], missing[0])}.",
        )
        return finding
    if not loop.observed.steps and module is not loss_detached:
        skipped: Finding = check.finding(
            "skipped", f"{check.title.rstrip('?')}: no step could be run"
        )
        return skipped
    if loop.remaining() < 0:
        late: Finding = check.finding(
            "skipped",
            f"{check.title.rstrip('?')}: no time was left",
            explanation="Give more of it: seconds=600.",
        )
        return late
    start = time.monotonic()
    try:
        with loop.preserved():
            judged: Finding = module.judge(loop)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        judged = check.finding(
            "skipped",
            f"{check.title.rstrip('?')}: could not be checked",
            explanation=f"The check raised {reason}",
        )
    return replace(judged, cost_seconds=time.monotonic() - start)


def _linked(findings: Sequence[Finding]) -> list[Finding]:
    """Mark what follows from another problem."""
    problems = {f.code for f in findings if f.outcome == "problem"}
    causes: dict[str, str] = {}
    for cause, consequences in FOLLOWS:
        if cause in problems:
            for code in consequences:
                causes.setdefault(code, cause)
    return [
        replace(f, caused_by=causes[f.code])
        if f.code in causes and f.outcome in ("problem", "advice", "inconclusive")
        else f
        for f in findings
    ]


def _not_told(loop: Loop) -> tuple[str, ...]:
    """What a step could return beside what it does, so that more checks can look."""
    told = loop.first.result if loop.observed.steps else None
    if told is None or loop.parts.loss_fn is not None or told.outputs is not None:
        return ()
    return (
        "step() tells neither outputs nor targets; where it returns {'loss': loss, 'outputs': outputs, "
        "'targets': targets}, more checks can look",
    )


def _report(
    parts: Parts, findings: Sequence[Finding], seconds: float, notices: tuple[str, ...]
) -> Report:
    ordered = list(ranked(_linked(findings)))
    outcome, headline = _verdict(ordered)
    if outcome == "passed":
        first = next(i for i, f in enumerate(ordered) if f.outcome == "passed")
        ordered[first] = replace(
            ordered[first],
            action=Action("none", "No bug was found in the loop: look at the data next."),
        )
    counts = {name: sum(f.outcome == name for f in findings) for name in OUTCOMES}
    return Report(
        step="training",
        experiment=parts.name,
        metric={"name": "loss", "direction": "minimize"},
        outcome=outcome,
        headline=headline,
        findings=tuple(ordered),
        result={"outcomes": counts, "seconds": seconds},
        trials=TrialCounts(),
        cost_seconds=seconds,
        notices=notices,
    )


def _verdict(ordered: Sequence[Finding]) -> tuple[Outcome, str]:
    """The worst outcome, and a headline of which the first 14 characters stand alone."""
    problems = [f for f in ordered if f.outcome == "problem" and f.caused_by is None]
    advice = [f for f in ordered if f.outcome == "advice"]
    if problems:
        more = f" +{len(problems) - 1} more" if len(problems) > 1 else ""
        return "problem", f"BUG {LABELS[problems[0].slug]}{more}"
    if advice:
        return "advice", f"SEE {LABELS[advice[0].slug]}"
    if any(f.outcome == "passed" for f in ordered):
        return "passed", "NO BUG FOUND"
    return "inconclusive", "CANNOT TELL"
