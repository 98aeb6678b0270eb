"""Who an experiment is to the store: its name, its code and its data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from mldiag.data.content import hashed
from mldiag.data.fingerprint import Fingerprint, fingerprint
from mldiag.declaration import Experiment
from mldiag.run.code.digest import CodeDigest, augment_digest, code_digest
from mldiag.trial import is_augmented
from mldiag.trial_spec import TrialSpec


@dataclass(frozen=True)
class Identity:
    """What every trial of an experiment shares.

    Args:
        experiment: The experiment's name.
        code: Digest of the code that a trial runs.
        data: Fingerprint of the data.
        augment: Digest of the augment function, which only augmented trials run; None without one.

    Example:
        >>> one = Identity("digits", CodeDigest({"python": "3.11"}), Fingerprint({"X": "1"}, "X"))
        >>> one.key(TrialSpec("experiment.py", seed=1)) == one.key(TrialSpec("memory:digits", seed=1))
        True
    """

    experiment: str
    code: CodeDigest
    data: Fingerprint
    augment: CodeDigest | None = None

    @cached_property
    def digest(self) -> str:
        """Hash over name, code and data: what plain trials depend on."""
        return hashed([self.experiment, self.code.digest, self.data.digest]).hex()

    def key(self, spec: TrialSpec) -> str:
        """The key under which a trial is kept; it carries the fidelity asked for."""
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
    return Identity(experiment.name, code, data, augment_digest(experiment))
