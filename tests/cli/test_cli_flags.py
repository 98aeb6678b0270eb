from dataclasses import dataclass, field
from typing import Annotated, get_args, get_origin

import pytest
import typer

from mldiag.cli.flags import ENGINES, CommonFlags, parameters_of, read_seconds, read_settings
from mldiag.cli.step_command import with_flags
from mldiag.errors import MldiagError
from mldiag.run.engines import choice
from mldiag.steps import STEPS


@dataclass(frozen=True)
class Settings:
    rows: int = field(default=5, metadata={"help": "Rows.", "flags": ("-r", "--rows")})
    share: float | None = None
    names: tuple[str, ...] = ()
    sizes: tuple[float, ...] = ()
    deep: bool = False
    shuffle: bool = True
    word: str = "x"


def test_every_field_becomes_a_flag_with_its_help_and_default():
    made = {parameter.name: parameter for parameter in parameters_of(Settings)}
    assert list(made) == ["rows", "share", "names", "sizes", "deep", "shuffle", "word"]
    assert all(get_origin(parameter.annotation) is Annotated for parameter in made.values())
    options = {name: get_args(parameter.annotation)[1] for name, parameter in made.items()}
    assert options["rows"].help == "Rows."
    assert made["rows"].default == "5"
    assert made["share"].default is None


def test_the_flags_are_those_of_the_metadata_or_the_name(capsys):
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command()(with_flags(lambda **given: None, Settings))
    app(["--help"], standalone_mode=False)
    shown = capsys.readouterr().out
    for flags in ("-r, --rows N", "--share NUMBER", "--names TEXT", "--shuffle / --no-shuffle"):
        assert flags in shown
    assert "--no-deep" not in shown


def test_values_come_back_in_the_types_of_the_fields():
    given = {
        "rows": "7", "share": "0.5", "names": ["a=1,2", "b"], "sizes": ["1,2", "3"], "deep": True, "other": 1,
    }  # fmt: skip
    assert read_settings(Settings, given) == Settings(
        7, 0.5, ("a=1,2", "b"), (1.0, 2.0, 3.0), deep=True
    )
    assert read_settings(Settings, {}) == Settings()


def test_a_setting_without_a_default_is_refused_while_developing():
    @dataclass(frozen=True)
    class Bad:
        rows: int

    with pytest.raises(TypeError, match="'rows' needs a default"):
        parameters_of(Bad)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_no_step_takes_a_flag_away_from_the_common_ones(step):
    own = {parameter.name for parameter in parameters_of(step.settings_type())}
    common = {parameter.name for parameter in parameters_of(CommonFlags)}
    assert not own & common


def test_the_engines_offered_are_those_that_there_are():
    assert set(ENGINES) == {choice.AUTO, *choice.ENGINES}


@pytest.mark.parametrize("text", ["", "x", "0", "0s", "-1m", "60x", "inf", "nans"])
def test_a_time_limit_must_be_a_time_above_zero(text):
    with pytest.raises(MldiagError, match="time limit"):
        read_seconds(text)
