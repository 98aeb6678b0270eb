"""The trials of a reproduction: the runs that are compared with the report, and those of the bug checks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.reference.specs import reference_spec, why_no_references
from mldiag.steps.reproduce.settings import Settings
from mldiag.trial import RUN_AGAIN
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Intervention, TrialSpec

REDUCED = 0.25
"""Share of the training rows that the bug checks train on, unless they are to be thorough."""

FEWEST_ROWS = 40
"""Fewer rows than this are not trained on by a bug check, if there are more."""

ROWS_A_COLUMN = 5
"""Some learners need several rows a column in every class."""

MOST_REDUCED = 1 / 3
"""Share of the training rows that this may come to: all checks together cost less than two trainings."""

WIDEST = 100
"""Columns of a table for which that is minded; learners that take more can do with fewer rows."""

FIRST_LOOK = 3
"""Runs, at least, before the question is asked for the first time."""

PLAIN = ("linear", "boosting")
"""References that show whether there is something to learn."""

START_SECONDS = 2.0
"""About what an interpreter takes to start; a quick look does without it beside shorter trainings."""

AGAIN = (Intervention(RUN_AGAIN),)
PERMUTED = (Intervention("permute_labels"),)
ZEROED = (Intervention("zero_inputs"),)


def run_specs(experiment: Experiment, settings: Settings) -> list[TrialSpec]:
    """The runs that are compared with the report.

    A declared split is the report's own: only the seed varies. Without one, each run draws its split too.
    """
    if experiment.splits.fixed_valid or experiment.fixed_rows:
        specs = [experiment.spec(seed=seed) for seed in range(settings.repeats)]
    else:
        specs = [experiment.spec(repeat=repeat) for repeat in range(settings.repeats)]
    return list(dict.fromkeys(specs))


def looks(experiment: Experiment, settings: Settings) -> tuple[int, ...]:
    """After how many runs the question is asked: at half of them, and at the end.

    Fewer than twice `FIRST_LOOK` runs are looked at once, and a process that the seed does not change
    has one run.
    """
    count = len(run_specs(experiment, settings))
    if settings.expected is None or count < 2 * FIRST_LOOK:
        return (count,)
    return (math.ceil(count / 2), count)


def look_taken(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> tuple[int, list[TrialResult]]:
    """Number of the latest look whose runs are all there, from 0, and these runs; -1 before the first."""
    found = {result.spec.digest: result for result in results}
    specs = run_specs(experiment, settings)
    taken, runs = -1, []
    for number, count in enumerate(looks(experiment, settings)):
        wanted = [found.get(spec.digest) for spec in specs[:count]]
        present = [result for result in wanted if result is not None]
        if len(present) < count:
            break
        taken, runs = number, present
    if taken < 0:  # what there is, for the figure and the noise
        runs = [found[spec.digest] for spec in specs if spec.digest in found]
    return taken, runs


def check_size(experiment: Experiment, settings: Settings) -> int | None:
    """Training rows of the bug checks; None for all of them."""
    if settings.thorough or experiment.fixed_rows:
        return None
    full = experiment.splits.train_size_of(0)
    for_columns = min(ROWS_A_COLUMN * _columns(experiment), round(MOST_REDUCED * full))
    size = max(FEWEST_ROWS, round(REDUCED * full), for_columns)
    return size if size < full else None


def _columns(experiment: Experiment) -> int:
    """Columns of a table; 0 where the features are none, such as images, which are many."""
    if experiment.dataset is None:
        return 0
    shape = tuple(getattr(experiment.dataset.main.X, "shape", ()))
    return int(shape[1]) if len(shape) == 2 and shape[1] <= WIDEST else 0


def check_spec(
    experiment: Experiment, settings: Settings, change: tuple[Intervention, ...] = ()
) -> TrialSpec:
    """A trial of the bug checks, with what it changes."""
    return experiment.spec(repeat=0, size=check_size(experiment, settings), interventions=change)


def twin_specs(experiment: Experiment, settings: Settings) -> tuple[TrialSpec, TrialSpec]:
    """A trial and the same one in a fresh process.

    At full size the first one is a run that is there anyway. At reduced size it is the trial with permuted
    labels, so that one training serves two checks: what is not deterministic shows there too.
    """
    reduced = check_size(experiment, settings) is not None
    shared = PERMUTED if reduced and experiment.dataset is not None else ()
    first, again = (check_spec(experiment, settings, (*shared, *more)) for more in ((), AGAIN))
    return first, again


def late_twin(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> list[TrialSpec]:
    """The twin in a fresh process where a quick look has seen that trainings take as long to run."""
    own = [r.wall_seconds for r in results if not r.spec.interventions and r.status == "ok"]
    if not settings.quick or not own or min(own) < START_SECONDS:
        return []
    return [twin_specs(experiment, settings)[1]]


def blank_specs(experiment: Experiment) -> tuple[TrialSpec, TrialSpec]:
    """The first run, and its twin with blank inputs."""
    return experiment.spec(repeat=0), experiment.spec(repeat=0, interventions=ZEROED)


def check_specs(experiment: Experiment, settings: Settings) -> list[TrialSpec]:
    """All trials that the bug checks always need, each once: two of the experiment, and a dummy's."""
    specs = list(twin_specs(experiment, settings)[: 1 if settings.quick else 2])
    if experiment.dataset is not None:
        specs.append(check_spec(experiment, settings, PERMUTED))
    if not why_no_references(experiment):
        specs += reference_specs(experiment, settings, "dummy")
    return list(dict.fromkeys(specs))


def thorough_specs(experiment: Experiment, settings: Settings) -> list[TrialSpec]:
    """What only --thorough runs: blank inputs, the plain models, and the augmentation switched on."""
    specs = [] if experiment.dataset is None else [blank_specs(experiment)[1]]
    return [
        *specs,
        *plain_models(experiment, settings),
        *augmented_specs(experiment, settings),
    ]


def augmented_specs(experiment: Experiment, settings: Settings) -> list[TrialSpec]:
    """The twin of every run with the augmentation on, where that is a parameter; else none."""
    augment = experiment.augment
    if augment is None or augment.function is not None:
        return []
    return [experiment.augmented(spec) for spec in run_specs(experiment, settings)]


def reference_specs(experiment: Experiment, settings: Settings, family: str) -> list[TrialSpec]:
    """A reference learner on the rows of every run, one a run."""
    count = len(run_specs(experiment, settings))
    return [reference_spec(experiment, family, repeat) for repeat in range(count)]


def plain_models(experiment: Experiment, settings: Settings) -> list[TrialSpec]:
    """The plain strong references on the rows of every run; none where none can be scored."""
    if why_no_references(experiment):
        return []
    return [spec for name in PLAIN for spec in reference_specs(experiment, settings, name)]
