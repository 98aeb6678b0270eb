"""Assertions of the engines' contract are explained like those of a test file."""

import pytest

pytest.register_assert_rewrite("tests.run.engine_contract")
