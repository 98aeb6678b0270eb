"""Who an experiment is to the store: its name, its code and its data."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial

from mldiag.data.content import hashed
from mldiag.data.fingerprint import Fingerprint, fingerprint
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError
from mldiag.run.code.digest import CodeDigest, augment_digest, code_digest
from mldiag.trial import is_augmented, reference_family
from mldiag.trial_spec import TrialSpec


def _no_references() -> None:
    """No reference is asked anything."""


@dataclass(frozen=True)
class Identity:
    """What every trial of an experiment shares.

    Args:
        experiment: The experiment's name.
        code: Digest of the code that a trial runs.
        data: Fingerprint of the data.
        augment: Digest of the augment function, which only augmented trials run; None without one.
        of_references: Gives the digest of what references are asked: they do not run the experiment's
            code. None where there are none, or a metric of the user's own scores them. It imports
            scikit-learn, so it is called with the first reference only.

    Example:
        >>> one = Identity("digits", CodeDigest({"python": "3.11"}), Fingerprint({"X": "1"}, "X"))
        >>> one.key(TrialSpec("experiment.py", seed=1)) == one.key(TrialSpec("memory:digits", seed=1))
        True
    """

    experiment: str
    code: CodeDigest
    data: Fingerprint
    augment: CodeDigest | None = None
    of_references: Callable[[], str | None] = field(default=_no_references, repr=False)

    @cached_property
    def digest(self) -> str:
        """Hash over name, code and data: what plain trials depend on."""
        return hashed([self.experiment, self.code.digest, self.data.digest]).hex()

    @cached_property
    def references(self) -> str | None:
        """Digest of what references are asked."""
        return self.of_references()

    def key(self, spec: TrialSpec) -> str:
        """The key under which a trial is kept; it carries the fidelity asked for."""
        if reference_family(spec) is not None and self.references is not None:
            return hashed(["reference", self.references, self.data.digest, spec.digest]).hex()
        parts = [self.digest, spec.digest]
        if self.augment is not None and is_augmented(spec):
            parts.append(self.augment.digest)
        return hashed(parts).hex()


def identify(experiment: Experiment) -> Identity:
    """Digest an experiment's code and data; reads all of the data once.

    Raises:
        MldiagError: If the data cannot be loaded.
    """
    code, reached = code_digest(experiment)
    data = fingerprint(experiment.source, experiment.loaded, reached)
    if experiment.inspected is not None and experiment.loaded.dataset is None:
        inspected = experiment.inspected
        data = Fingerprint({"audited": inspected.digest}, f"the audited data: {inspected.source}")
    references = partial(_reference_digest, experiment)
    return Identity(experiment.name, code, data, augment_digest(experiment), references)


def _reference_digest(experiment: Experiment) -> str | None:
    from mldiag.reference.question import question_of, reference_digest  # scikit-learn's metrics

    try:
        asked = question_of(experiment.train, experiment.metric, experiment.loaded)
    except MldiagError:  # no references here
        return None
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return None if asked.rule.users else hashed([python, *reference_digest(asked)]).hex()
