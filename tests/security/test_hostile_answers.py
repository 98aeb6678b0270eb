"""What scripts, servers, stores and configurations answer: data of the right kind, or one line of error."""

import json
import re
import subprocess
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mldiag.adapters.config import read_config
from mldiag.adapters.script_scores import from_json
from mldiag.cli.completion import completion_of
from mldiag.errors import MldiagError, UserCodeError
from mldiag.run.shared_study import SharedStudy
from mldiag.run.store.array_bytes import arrays_from_bytes
from mldiag.run.store.records import result_from_json, result_to_json
from mldiag.tracking.context import Projection, RunAnswer, RunContext
from mldiag.tracking.destination import Destination, TrackingSettings, resolve_destination
from mldiag.tracking.earlier import ReadRun, read_run
from mldiag.tracking.names import key
from mldiag.tracking.projection import read_projection
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec
from tests.security.hostile import ALL, texts
from tests.security.other_json import DEEP, HUGE, VALUES, changed, places

few = settings(
    max_examples=60, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


@few
@given(content=st.one_of(st.sampled_from(VALUES), texts()))
@example(content=DEEP)
@example(content=f'{{"loss": {HUGE}}}')
@example(content='{"loss": {"a": 1}}')
def test_what_a_script_leaves_is_numbers_or_a_line_of_error(tmp_path, content):
    (tmp_path / "result.json").write_text(content, encoding="utf-8", errors="replace")
    try:
        scores = from_json(tmp_path / "result.json", "loss")
    except UserCodeError as error:
        assert "MLDIAG_RESULT" in error.what  # noqa: PT017 - both ways are right
        return
    assert all(isinstance(name, str) and isinstance(value, float) for name, value in scores.items())


ANSWER = {
    "scores": {"a": 0.5}, "environment": {"packages": "numpy 2"}, "code_digest": "c", "data_digest": "d",
    "defaults": {"lr": 0.1},
}  # fmt: skip


@few
@given(place=st.sampled_from(places(ANSWER)), value=st.sampled_from(VALUES))
@example(place=(), value="[]")
@example(place=("environment",), value='["a"]')
@example(place=("scores", "a"), value='"0.9"')
def test_what_an_mlflow_server_tells_of_a_run_is_of_the_right_kind_or_nothing(place, value):
    told = SimpleNamespace(returncode=0, stdout=changed(ANSWER, place, value) + "\n", stderr="")
    with patch.object(subprocess, "run", return_value=told):
        read = read_run(Destination("http://127.0.0.1:1"), "run", metric="accuracy")
    if read is not None:
        assert isinstance(read, ReadRun)
        assert all(isinstance(score, (int, float)) for score in read.scores.values())
        assert all(isinstance(text, str) for text in read.environment.values())
        assert read.defaults is None or isinstance(read.defaults, dict)


SHOWN = Projection(
    RunContext("r", "digits", "sweep", "mldiag sweep", "accuracy", True, 1.0, defaults={"lr": 0.1}),
    RunAnswer(
        {"outcome": "passed"}, curves={"a": {1: 0.5}}, scalars={"b": 1.0}, figures=("a.png",)
    ),
).to_dict()


@few
@given(place=st.sampled_from(places(SHOWN)), value=st.sampled_from(VALUES))
@example(place=(), value=DEEP)
@example(place=("context", "defaults"), value="[1]")
@example(place=("answer", "curves", "a"), value='"x"')
def test_a_kept_projection_is_read_whole_or_not_at_all(tmp_path, place, value):
    (tmp_path / "projection.json").write_text(changed(SHOWN, place, value), encoding="utf-8")
    read = read_projection(tmp_path)
    if read is not None:
        assert isinstance(read.context.command, str)
        assert isinstance(read.context.defaults, dict)
        assert isinstance(read.answer.report, dict)


RESULT = json.loads(
    result_to_json(
        TrialResult(
            TrialSpec("a.py", params=(("lr", 0.1),)), "ok", {"accuracy": 0.5}, ((1, {"accuracy": 0.5}),),
            notices=("a",),
        )
    )
)  # fmt: skip


@few
@given(place=st.sampled_from(places(RESULT)), value=st.sampled_from(VALUES))
@example(place=("metrics",), value="[]")
@example(place=("metrics", "accuracy"), value='"x"')
@example(place=("metrics", "accuracy"), value=HUGE)
@example(place=("spec",), value=DEEP)
def test_a_kept_trial_is_a_trial_or_a_line_of_error(place, value):
    try:
        result = result_from_json(changed(RESULT, place, value))
    except MldiagError as error:
        assert "cannot be read" in error.what  # noqa: PT017 - both ways are right
        return
    assert isinstance(result.score("accuracy"), float)


HEADS = [[["a", "<f8", [3]]], [["rows", "<i8", [2]], ["b", "<U4", [1]]]]


@few
@given(
    place=st.sampled_from(places({"note": "", "arrays": HEADS[0]})),
    value=st.sampled_from(
        (*VALUES, '"O"', '"V8"', '"S0"', '"f8,(9999999999,)f8"', "[-1]", "[-3, -1]", "[1e9]", "[true]",
         '"__import__"', "[99999999999999999999]", '{"names": ["a"], "formats": ["O"]}')
    ),
)  # fmt: skip
@example(place=(), value=DEEP)
@example(place=("arrays", 0, 2), value="[99999999999999999999]")
@example(place=("arrays", 0, 1), value='"O"')
def test_kept_arrays_are_arrays_of_plain_values_or_a_line_of_error(place, value):
    head = changed({"note": "", "arrays": HEADS[0]}, place, value).encode()
    data = len(head).to_bytes(4, "little") + head + bytes(24)
    try:
        arrays, _ = arrays_from_bytes(data)
    except MldiagError as error:
        assert "cannot be read" in error.what  # noqa: PT017 - both ways are right
        return
    for array in arrays.values():
        assert isinstance(array, np.ndarray)
        assert not array.dtype.hasobject or not array.size
        assert array.nbytes <= len(data)


@few
@given(holder=st.sampled_from((*VALUES, '{"token": 1}', '{"pid": {}}')))
def test_a_claim_in_a_study_that_is_none_is_left_to_its_heartbeat(holder):
    study = SharedStudy.__new__(SharedStudy)
    trial = SimpleNamespace(user_attrs={"mldiag_holder": holder})
    assert study._is_dead(trial) is False


@few
@given(names=st.lists(texts(), min_size=1, max_size=5))
@example(names=["\\", "); touch owned; ("])  # zsh reads what it is offered as code
@example(names=["$(touch owned)", "`touch owned`", "a b", "größe", "lr"])
def test_completion_offers_no_name_that_a_shell_reads_as_code(tmp_path, names):
    keys = "\n".join(f"{json.dumps(name)} = {{}}" for name in dict.fromkeys(names))
    file = tmp_path / "pyproject.toml"
    file.write_text(f"[tool.mldiag.params]\n{keys}\n", encoding="utf-8", errors="replace")
    context = SimpleNamespace(params={"target": str(file)})
    for offered in completion_of("param")(context, ""):
        assert re.fullmatch(r"[\w.,:/@%+=~-]+", offered)
    program = tmp_path / "experiment.py"
    listed = ", ".join(f"{name!r}: 1" for name in names)
    program.write_text(f"a = Experiment(params={{{listed}}})", encoding="utf-8", errors="replace")
    for offered in completion_of("param")(SimpleNamespace(params={"target": str(program)}), ""):
        assert re.fullmatch(r"[\w.,:/@%+=~-]+", offered)


@pytest.mark.parametrize(
    "content",
    ["tool = 5", "[tool]\nmldiag = 5", "a = " + "[" * 5000, "[[tool.mldiag.params]]", "\x00"],
)
def test_a_broken_configuration_offers_nothing(content, tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text(content, encoding="utf-8")
    assert completion_of("param")(SimpleNamespace(params={"target": str(file)}), "") == []


def test_a_configuration_that_is_nested_without_end_is_a_line_of_error(tmp_path):
    (tmp_path / "pyproject.toml").write_text("a = " + "[" * 5000, encoding="utf-8")
    with pytest.raises(MldiagError, match="nested"):
        read_config(tmp_path / "pyproject.toml")


@few
@given(name=st.one_of(st.sampled_from(ALL), st.text(max_size=400)))
@example(name="../../owned")
@example(name="/etc/passwd")
def test_no_name_in_mlflow_leads_to_another_folder(name):
    chosen = key(name)
    assert chosen
    assert len(chosen) <= 250
    assert not chosen.startswith("/")
    assert not {".", "..", ""} & set(chosen.split("/"))
    assert chosen.isprintable()


@pytest.mark.parametrize("name", ["a?b", "a#b", "50%", "a%2f..%2fb"])
def test_a_folder_that_an_address_would_turn_into_another_one_is_refused(name, tmp_path):
    home = tmp_path / name
    with pytest.raises(MldiagError, match="means something else"):
        resolve_destination(TrackingSettings(), home, environ={})
    with pytest.raises(MldiagError, match="means something else"):
        resolve_destination(TrackingSettings(), home, config_uri="sqlite:///runs.db", environ={})
    assert resolve_destination(TrackingSettings(False), home, environ={}) is None
