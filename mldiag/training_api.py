"""The Python functions that take a training instead of an experiment: look into it, or check its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mldiag.errors import MldiagError
from mldiag.findings import OUTCOMES, Report, TrialCounts, plain, ranked
from mldiag.report.console import report_text
from mldiag.report.html import report_html
from mldiag.training_checks.run import SECONDS, run_checks

if TYPE_CHECKING:
    from mldiag.recording.recorded import Recording
    from mldiag.recording.watching.watch import Watch


SYMPTOM = "MD160"
"""Code of the check whether one batch can be learned by heart."""


def watch(
    networks: Any,
    optimizers: Any = None,
    *,
    task: str | None = None,
    roles: Sequence[str] | None = None,
    every: int | None = None,
) -> Watch:
    """Look into a PyTorch training: `with mldiag.watch(net, optimizer) as watch:` around the loop.

    Call `watch.step(loss=loss, outputs=outputs, targets=targets)` after each optimizer step (all are
    optional), `watch.evaluate(score=..., outputs=..., targets=...)` once an epoch, and `watch.diagnose()` for
    the report. The training is bit by bit what it is without.

    Args:
        networks: One module, or a list or dictionary of them.
        optimizers: One optimizer or a list of them; None where the loop changes the weights by itself.
        task: classification, multilabel, regression, segmentation, language_model, autoencoder, vae, gan,
            self_supervised or vector_quantized; None infers it where outputs and targets tell.
        roles: Names of several networks, such as ("generator", "discriminator").
        every: Look closely at every so many steps; None for all at first, then fewer and fewer.

    Returns:
        The watch, a context manager; `start()` and `close()` where a `with` block does not fit.

    Raises:
        MldiagError: If torch is missing, something is of a wrong kind, or a network is watched already.

    Example:
        >>> import torch
        >>> net = torch.nn.Linear(2, 1)
        >>> optimizer = torch.optim.SGD(net.parameters(), lr=1e-9)
        >>> with watch(net, optimizer) as looking:
        ...     for _ in range(60):
        ...         x = torch.ones(8, 2)
        ...         loss = (net(x) - 1.0).pow(2).mean()
        ...         optimizer.zero_grad()
        ...         loss.backward()
        ...         optimizer.step()
        ...         looking.step(loss=loss)
        >>> looking.diagnose().findings[0].slug
        'learning-rate-too-low'
    """
    try:
        import torch  # noqa: F401
    except ImportError:
        raise MldiagError(
            "watch needs PyTorch, which is not installed",
            expected="the extra 'torch'",
            hint="pip install 'mldiag[torch]'",
        ) from None
    from mldiag.recording.watching.watch import Watch

    return Watch(networks, optimizers, task=task, roles=roles, every=every, judge=_judged)


_NOT_LOOKED_FOR = (
    "bugs of the loop itself (gradients not cleared, eval mode, targets of other rows) are looked for by "
    "mldiag.diagnose_training",
)


def _judged(recording: Recording) -> Report:
    """The report of a watched training that no experiment declares."""
    from mldiag.steps.probe.diagnose import diagnose_recording, nothing_told

    diagnosis = diagnose_recording(recording) if recording.facts["steps"] else nothing_told()
    return Report(
        step="probe",
        experiment=", ".join(str(n["class"]) for n in recording.facts.get("networks", [])),
        metric={"name": "loss", "direction": "minimize"},
        outcome=diagnosis.outcome,
        headline=diagnosis.headline,
        findings=diagnosis.findings,
        result=plain(diagnosis.result()),
        trials=TrialCounts(),
        cost_seconds=float(recording.facts.get("seconds") or 0.0),
        notices=(*diagnosis.notices, *_NOT_LOOKED_FOR),
        tables=diagnosis.tables,
        as_html=report_html,
        as_text=report_text,
    )


def diagnose_training(
    build: Callable[..., Any] | None = None,
    *,
    model: Any = None,
    optimizers: Any = None,
    loss_fn: Callable[..., Any] | None = None,
    train_batches: Any = None,
    step: Callable[[Any], Any] | None = None,
    evaluate: Callable[[], Any] | None = None,
    eval_batch: Any = None,
    end_epoch: Callable[[int], Any] | None = None,
    epochs: int | None = None,
    task: str | None = None,
    seed: int = 0,
    seconds: float = SECONDS,
) -> Report:
    """Is there a bug in a PyTorch training loop? Runs active checks on its parts, then trains it under watch.

    Args:
        build: `build(seed)` makes the parts anew and returns them by name, in a dictionary or an object.
        model: Else the parts themselves: the network, or a list or dictionary of networks.
        optimizers: The optimizer, or a list of them.
        loss_fn: `loss_fn(outputs, targets)`.
        train_batches: `train_batches(epoch)` gives the batches of an epoch, anew each time; or a loader.
        step: `step(batch)` does one whole update and returns {"loss", "outputs", "targets"}.
        evaluate: `evaluate()` returns {name: score}.
        eval_batch: A batch of validation rows, made like a training batch.
        end_epoch: `end_epoch(epoch)`, where a scheduler steps.
        epochs: How many epochs a training has.
        task: A task word such as "classification" or "language_model"; None infers it where it can.
        seed: Passed to `build`, and set before the checks.
        seconds: Time for all the checks together; the watched training takes what they leave, or a quarter
            as long.

    Returns:
        The report, problems first, with what the watched training showed under the bugs it may follow from.
        What a check or the training changed in networks, optimizers, counters and random generators is put
        back, also where it raised.

    Raises:
        MldiagError: If torch or a part that is needed is missing, or a part is of a wrong kind.

    Example:
        >>> import torch
        >>> x = torch.randn(256, 8, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] > 0).long()
        >>> net = torch.nn.Linear(8, 2)
        >>> optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        >>> def step(batch):
        ...     outputs = net(batch[0])
        ...     loss = torch.nn.functional.cross_entropy(outputs, batch[1])
        ...     loss.backward()  # and the gradients of the step before are still there
        ...     optimizer.step()
        ...     return {"loss": loss, "outputs": outputs, "targets": batch[1]}
        >>> batches = list(zip(x.split(32), y.split(32)))
        >>> report = diagnose_training(
        ...     model=net, optimizers=optimizer, step=step, train_batches=batches, epochs=3)
        >>> [finding.slug for finding in report.findings if finding.outcome == "problem"][:1]
        ['missing-zero-grad']
    """
    parts = {
        "model": model, "optimizers": optimizers, "loss_fn": loss_fn, "train_batches": train_batches,
        "step": step, "evaluate": evaluate, "eval_batch": eval_batch, "end_epoch": end_epoch,
        "epochs": epochs, "task": task,
    }  # fmt: skip
    seen: list[tuple[Recording, bool]] = []

    def look(loop: Any) -> None:
        from mldiag.training_checks.watched import watched_training

        found = watched_training(loop, watch)
        seen.extend([] if found is None else [found])

    report = run_checks(parts, build=build, seed=seed, seconds=seconds, then=look)
    for recording, whole in seen:
        report = _joined(report, recording, whole=whole)
    return replace(report, as_html=report_html, as_text=report_text)


def _joined(report: Report, recording: Recording, *, whole: bool) -> Report:
    """Active checks and what a watched training showed; this stands under the bug that it may follow from."""
    from mldiag.steps.probe.diagnose import diagnose_recording
    from mldiag.training_checks.watched import SURE_EARLY, unjudged

    probed = diagnose_recording(recording)
    problems = [f for f in report.findings if f.outcome == "problem"]
    # That one batch cannot be learned by heart is a symptom itself, of what is seen in training too.
    bug = next((f for f in problems if f.code != SYMPTOM), None)
    found = []
    for finding in probed.findings:
        told = finding.outcome in ("problem", "advice")
        if told and finding.slug in unjudged(recording.steps, whole=whole):
            continue  # the watched training was shorter than the user's own
        if finding.outcome == "problem" and not whole and finding.slug not in SURE_EARLY:
            finding = replace(finding, outcome="advice")
        follows = told and bug is not None and finding.caused_by is None
        found.append(replace(finding, caused_by=bug.code) if follows and bug else finding)
    first = next((f for f in found if f.outcome in ("problem", "advice")), None)
    explains = bug is None and bool(problems) and first is not None and first.outcome == "problem"
    worse = explains or (
        first is not None and OUTCOMES.index(first.outcome) < OUTCOMES.index(report.outcome)
    )
    known = []
    for finding in report.findings:
        if worse and finding.action is not None and finding.action.kind == "none":
            finding = replace(finding, action=None)
        if explains and first is not None and finding.code == SYMPTOM:
            finding = replace(finding, caused_by=first.code)
        known.append(finding)
    return replace(
        report,
        findings=ranked((*known, *found)),
        outcome=first.outcome if worse and first is not None else report.outcome,
        headline=probed.headline if worse else report.headline,
        result={**report.result, "watched": plain(probed.result())},
        cost_seconds=report.cost_seconds + float(recording.facts.get("seconds") or 0.0),
        notices=(*report.notices, *probed.notices),
    )
