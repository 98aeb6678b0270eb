"""Every key of the configuration is in docs/pyproject.md, and every key there is one."""

import re
from pathlib import Path

from mldiag.adapters import command, config, table_declaration

PAGE = (Path(__file__).parents[2] / "docs" / "pyproject.md").read_text(encoding="utf-8")


def test_the_page_has_the_keys_that_are_read():
    told = set(
        re.findall(r"`([a-z_]+)`", "\n".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)))
    )
    read = {*table_declaration.KEYS, *command._KEYS, *config._PARAMETER_KEYS} - {
        "params",
        "command",
    }
    assert told == read
