import pytest

from mldiag.early_checks import check_common
from mldiag.errors import MldiagError
from mldiag.run import engine_names
from mldiag.run.engine_names import check_engine, is_address, needs_dask


@pytest.mark.parametrize(
    "engine",
    ["auto", "inline", "local", "dask", "tcp://127.0.0.1:8786", "tls://node-1.cluster:1", "tcp://[::1]:8786"],
)  # fmt: skip
def test_engines_that_there_are(engine):
    check_engine(engine)
    check_common(engine=engine)


@pytest.mark.parametrize(
    ("engine", "nearest"),
    [
        ("dusk", "dask"), ("Dask", "dask"), ("loacl", "local"), (None, "inline"), ("tcp:/host:1", ""),
        ("tpc://host:8786", "tcp://host:8786"), ("tcp://host", ""), ("tcp://host:99999", ""), ("tcp://", ""),
        ("tcp://host:8786/path", ""), ("tcp://host:0", ""),
    ],
)  # fmt: skip
def test_engines_that_there_are_not(engine, nearest):
    with pytest.raises(MldiagError) as caught:
        check_engine(engine)
    assert caught.value.nearest == nearest or not nearest
    assert "tcp://HOST:PORT" in caught.value.expected or "a Dask scheduler" in caught.value.expected
    assert caught.value.hint.startswith("--engine ")


def test_a_password_in_an_address_is_not_shown():
    with pytest.raises(MldiagError, match=r"tcp://\*\*\*@host:8786") as caught:
        check_engine("tcp://me:hunter2@host:8786")
    assert "hunter2" not in str(caught.value) + caught.value.given + caught.value.nearest


def test_without_dask_the_command_that_installs_it_is_told(monkeypatch):
    monkeypatch.setattr(engine_names, "find_spec", lambda name: None)
    for engine in ("dask", "tcp://127.0.0.1:8786"):
        with pytest.raises(MldiagError) as caught:
            check_engine(engine)
        assert caught.value.hint == "pip install 'mldiag[dask]'"
        assert caught.value.exit_code == 2
    check_engine("local")


def test_which_engines_need_dask():
    assert [needs_dask(e) for e in ("auto", "local", "dask", "tls://a:1")] == [
        False,
        False,
        True,
        True,
    ]
    assert not is_address("dask")


@pytest.mark.parametrize(
    ("gpus", "what"), [(-1, "-1 gpus"), (1.0, "gpus is 1.0"), ("1", "gpus is '1'"), (True, "True")]
)
def test_numbers_of_gpus_that_are_none(gpus, what):
    with pytest.raises(MldiagError, match=what):
        check_common(gpus=gpus)
