"""Checks on files of any kind, on images and on facts that are made up."""

from dataclasses import dataclass, field

import pytest

from mldiag.data.media import MediaFile
from mldiag.data.media_facts import content_hash
from mldiag.steps.audit.checks.files import (
    CHECKS,
    duplicate_files,
    duplicate_files_across_split,
    empty_files,
    file_name_predicts_label,
)


@dataclass(frozen=True)
class Facts:
    file: MediaFile
    content_hash: str
    signal_hash: str = ""
    problem: str | None = None


@dataclass(frozen=True)
class Audit:
    train: list[Facts]
    test: list[Facts] = field(default_factory=list)
    kind: str = "audio"


def one(name, content, *, label="a", split="train", signal=""):
    return Facts(MediaFile(name, split, label, len(content)), content_hash(content), signal)


def healthy(count=60):
    train = [
        one(f"{'ab'[n % 2]}/x{(n * 37) % 1000:04d}.wav", b"%d" % n, label="ab"[n % 2])
        for n in range(count)
    ]
    return Audit(train, [one(f"t{n}.wav", b"t%d" % n, split="test") for n in range(count // 3)])


@pytest.mark.parametrize("check", CHECKS, ids=lambda module: module.CHECK.slug)
def test_a_healthy_set_passes(check):
    assert check.judge(healthy()).outcome == "passed"
    assert "{" not in check.CHECK.detection()


def test_equal_files_are_advice_and_a_problem_where_labels_differ():
    subject = healthy()
    subject.train.append(one("a/again.wav", b"4", label="a"))
    found = duplicate_files.judge(subject)
    assert (found.outcome, found.evidence["copies"]) == ("advice", 1)
    assert sorted(found.evidence["files"]) == ["a/again.wav", "a/x0148.wav"]
    subject.train.append(one("b/other.wav", b"6", label="b"))
    found = duplicate_files.judge(subject)
    assert found.outcome == "problem"
    assert found.evidence["conflicting"] == [["a/x0222.wav", "b/other.wav"]]
    assert found.action.kind == "clean_labels"


def test_the_same_samples_in_another_container_are_equal():
    subject = Audit(
        [one("a.wav", b"1", signal="s"), one("a.flac", b"2", signal="s"), one("b.wav", b"3")]
    )
    assert duplicate_files.judge(subject).evidence["files"] == ["a.flac", "a.wav"]


def test_empty_and_unread_files_are_not_equal_to_each_other():
    unread = [Facts(MediaFile(f"{n}.wav", "train", None, 9), "") for n in range(3)]
    empty = [one(f"e{n}.wav", b"") for n in range(3)]
    assert duplicate_files.judge(Audit([*unread, *empty])).outcome == "passed"


@pytest.mark.parametrize(("copies", "outcome"), [(1, "advice"), (5, "problem")])
def test_test_files_that_stand_in_training_are_named(copies, outcome):
    subject = healthy()
    subject.test.extend(one(f"test/{n}.wav", b"%d" % n, split="test") for n in range(copies))
    found = duplicate_files_across_split.judge(subject)
    assert found.outcome == outcome
    assert len(found.evidence["pairs"]) == copies
    assert found.evidence["files_by_split"]["test"] == [f"test/{n}.wav" for n in range(copies)]


def test_without_test_files_it_says_how_to_name_them():
    found = duplicate_files_across_split.judge(Audit(healthy().train))
    assert found.outcome == "not_applicable"
    assert "--test" in found.title


def test_empty_files_are_named():
    subject = healthy()
    subject.train.append(one("a/nothing.wav", b""))
    found = empty_files.judge(subject)
    assert (found.outcome, found.evidence["files"]) == ("problem", ["a/nothing.wav"])


@pytest.mark.parametrize(
    "name",
    [
        lambda n, label: f"{label}/{'north' if label == 'a' else 'south'}_{(n * 37) % 1000}.wav",
        lambda n, label: f"{label}/{n + 500 * (label == 'b'):05d}.wav",
        lambda n, label: f"{label}/x{(n * 37) % 1000:04d}.{'wav' if label == 'a' else 'flac'}",
    ],
)
def test_names_that_tell_the_label_are_advice(name):
    train = [one(name(n, "ab"[n % 2]), b"%d" % n, label="ab"[n % 2]) for n in range(60)]
    found = file_name_predicts_label.judge(Audit(train))
    assert found.outcome == "advice"
    assert found.evidence["properties"][0].strength > 0.9


def test_few_files_and_no_labels_decide_nothing():
    assert file_name_predicts_label.judge(healthy(12)).outcome == "inconclusive"
    nameless = Audit([one(f"{n}.wav", b"%d" % n, label=None) for n in range(40)])
    assert file_name_predicts_label.judge(nameless).outcome == "not_applicable"
