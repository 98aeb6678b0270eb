"""The whole answer on recordings of any kind: it never breaks, and says what it cannot say."""

import json

import numpy as np
import pytest
from matplotlib.figure import Figure

from mldiag.findings import OUTCOMES, plain
from mldiag.recording.recorded import Recording
from mldiag.steps.probe.diagnose import diagnose_recording
from mldiag.steps.probe.plot import plot
from tests.steps.probe.recordings import NAMES, SHAPES, network, parameter, recording


def answered(recorded):
    """The answer, after what holds for every answer was seen to hold."""
    answer = diagnose_recording(recorded)
    assert answer.findings
    assert answer.outcome in OUTCOMES
    assert 0 < len(answer.headline) <= 15
    assert len({f.code for f in answer.findings}) == len(answer.findings)
    roots = [f for f in answer.findings if f.outcome == "problem" and f.caused_by is None]
    assert len({f.code for f in roots}) <= 3
    json.dumps(plain(answer.result()), allow_nan=False)
    json.dumps(plain(answer.findings), allow_nan=False)
    answer.curves(), answer.scalars()
    return answer


def panels(answer):
    """Panels of the figure, without colour bars and second axes."""
    figure = plot(answer)
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    names = [axes.get_title() for axes in figure.axes]
    return 1 + sum("powers of ten" in name or "off or full" in name for name in names)


def test_a_healthy_training_has_no_fault_and_every_panel():
    answer = answered(recording())
    assert (answer.headline, answer.outcome) == ("NO FAULT SEEN", "passed")
    assert answer.next_step == "sweep --all"
    assert panels(answer) == 4
    assert answer.result()["score"] == pytest.approx(0.955, abs=0.01)
    assert {"probe/loss", "probe/score"} <= set(answer.curves())


def test_nothing_at_all_is_no_clean_bill():
    answer = answered(Recording({}, {}))
    assert answer.outcome in ("inconclusive", "not_applicable")
    assert answer.headline == "NOTHING SEEN"
    assert panels(answer) == 1


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_few_steps_are_open(steps):
    answer = answered(recording(steps=steps))
    assert (answer.headline, answer.outcome) == ("OPEN", "inconclusive")
    assert panels(answer) == 4


def test_nan_everywhere_is_a_nan_and_draws():
    lost = {
        k: np.full(v.shape, np.nan) for k, v in recording().arrays.items() if v.dtype.kind == "f"
    }
    steps = {name: recording().series(name) for name in ("loss/step", "sample/step", "eval/step")}
    arrays = lost | steps | {"loss/broken": np.ones(400)}
    answer = answered(recording(arrays=arrays))
    assert answer.headline == "NaN"
    assert panels(answer) in (1, 2, 4)


@pytest.mark.parametrize(
    ("without", "count"),
    [
        (("batch/",), 4),
        (("eval/",), 4),
        (("loss/",), 4),
        (("batch/", "eval/", "input/"), 4),
        (("output/",), 3),
        (("gradient/", "update/", "weight/", "travel/", "window/", "lr"), 2),
        (("output/", "gradient/", "update/", "weight/"), 1),
    ],
)
def test_what_was_not_told_is_left_out(without, count):
    answer = answered(recording(without=without))
    assert not [f for f in answer.findings if f.outcome in ("problem", "advice")]
    assert panels(answer) == count


def two_optimizers():
    changed = [
        parameter(n, s, optimizer=int(k > 1))
        for k, (n, s) in enumerate(zip(NAMES, SHAPES, strict=True))
    ]
    usual = recording()
    later = {f"{part}/1": usual.series(f"{part}/0") for part in ("travel", "window")}
    facts = {
        "parameters": changed,
        "optimizers": 2 * usual.facts["optimizers"],
        "updates": [400, 400],
    }
    return recording(facts=facts, arrays=later | {"lr": np.full((54, 2), 0.01)})


def two_networks():
    names = ("generator", "discriminator")
    both = [network(name=name) for name in names]
    usual = recording()
    losses = {f"losses/{name}/{part}": usual.series(f"loss/{part}") for name in names
              for part in ("step", "mean", "low", "high", "broken")}  # fmt: skip
    facts = {"networks": both, "task": "gan", "optimizers": 2 * usual.facts["optimizers"]}
    told = ("loss/", "batch/", "eval/")
    return recording(facts=facts, arrays=losses, without=told)


@pytest.mark.parametrize("made", [two_optimizers, two_networks])
def test_several_optimizers_or_networks_are_no_fault(made):
    answer = answered(made())
    assert answer.headline == "NO FAULT SEEN"
    assert panels(answer) == 4


def test_losses_told_by_name_are_drawn_by_name():
    course = plot(answered(two_networks())).axes[0]
    assert [text.get_text() for text in course.get_legend().get_texts()] == [
        "discriminator",
        "generator",
    ]


def test_what_could_not_be_seen_and_how_it_ended_are_told():
    facts = {"not_seen": ["activations of network: it is compiled"], "error": "KeyError: 'x'",
             "notices": ["the loss has shape (4,): its mean is taken"]}  # fmt: skip
    told = "\n".join(answered(recording(facts=facts)).notices)
    assert "not seen: activations" in told
    assert "the training ended with KeyError" in told
    assert "its mean is taken" in told


def odd(seed):
    """A recording of which some arrays are gone and others have lost numbers, drawn with a seed."""
    random = np.random.default_rng(seed)
    usual = recording(steps=int(random.choice([3, 30, 400])))
    arrays = {}
    for name, values in usual.arrays.items():
        how = random.choice(["kept", "gone", "gaps", "lost"], p=[0.6, 0.2, 0.1, 0.1])
        if how == "gone":
            continue
        changed = np.array(values)
        if (
            how in ("gaps", "lost")
            and changed.dtype.kind == "f"
            and not name.endswith(("step", "broken"))
        ):
            changed[random.random(changed.shape) < (0.3 if how == "gaps" else 1.1)] = np.nan
        arrays[name] = changed
    facts = dict(usual.facts)
    for name in ("batch", "optimizers", "beginning", "layers", "gates", "notices", "networks"):
        if random.random() < 0.15:
            del facts[name]
    return Recording(facts, arrays)


@pytest.mark.parametrize("seed", range(40))
def test_no_loss_of_arrays_breaks_the_answer(seed):
    answer = answered(odd(seed))
    if seed < 8:  # drawing costs more than judging
        panels(answer)


@pytest.mark.torch
@pytest.mark.parametrize("seed", range(3))
def test_no_loss_of_arrays_of_a_real_training_breaks_the_answer(seed):
    pytest.importorskip("torch")
    from tests.steps.probe.trainings import blobs, mlp, sgd, trained

    net = mlp(8, 16, 3)
    whole = trained(net, sgd(net), blobs(), held=blobs(seed=1), epochs=4)
    random = np.random.default_rng(seed)
    for _ in range(12):
        kept = {k: v for k, v in whole.arrays.items() if random.random() < 0.7}
        answered(Recording(whole.facts, kept))
    panels(answered(Recording(whole.facts, kept)))
