"""What mldiag stands on: licences that go with MIT, and an audit that never takes silence for health."""

import re
import tomllib
from importlib import metadata
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]

COPYLEFT = re.compile(
    r"\bA?GPL|Affero|GNU General Public|SSPL|Commons Clause|Non-?Commercial", re.IGNORECASE
)
GOOD = re.compile(
    r"\b(MIT|BSD|Apache|PSF|Python Software Foundation|ISC|0BSD|Zlib|MPL|Mozilla Public|LGPL|Lesser General|"
    r"Permission is hereby granted, free of charge)\b"
)
WEAK_COPYLEFT = {"pebble", "tqdm", "certifi"}
"""LGPL (Pebble) and MPL (the others): used as they come, imported and never copied or changed."""


def needed():
    """Every distribution that mldiag's own dependencies bring, by its normalised name."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found, open_ = {}, list(declared["project"]["dependencies"])
    while open_:
        wanted = Requirement(open_.pop())
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        if name in found or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        found[name] = metadata.distribution(wanted.name)
        open_ += found[name].requires or []
    return found


NEEDED = needed()


def licence_of(distribution):
    """What a distribution says of its licence: in a word, as a class, or as a file."""
    told = distribution.metadata
    stated = [told.get("License-Expression") or "", (told.get("License") or "")[:2000]]
    classes = [
        c for c in told.get_all("Classifier", []) if c.startswith("License :: OSI Approved ::")
    ]
    if any(stated) or classes:
        return "\n".join([*stated, *classes])
    files = [file for file in distribution.files or () if re.search(r"licen[cs]e", file.name, re.I)]
    return "\n".join(
        file.read_text(encoding="utf-8")[:400] for file in files if file.suffix != ".py"
    )


def test_the_dependencies_are_found_with_what_they_bring():
    assert {"numpy", "mlflow", "sqlalchemy", "jinja2"} <= NEEDED.keys()


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_a_licence_goes_with_mit(name):
    licence = licence_of(NEEDED[name])
    assert GOOD.search(licence) or re.search(
        r"Permission is hereby granted, free of charge", licence
    ), licence
    if name not in WEAK_COPYLEFT:
        assert not re.search(r"\bLGPL|Lesser General|\bMPL|Mozilla", licence), licence
    assert not COPYLEFT.search(
        re.sub(r"GNU (Library or )?Lesser General Public|LGPL", "", licence)
    ), licence


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-only",
        "AGPLv3",
        "GNU General Public License v3 (GPLv3)",
        "GNU Affero GPL",
        "SSPL-1.0",
    ],
)
def test_a_licence_that_does_not_would_be_seen(licence):
    assert COPYLEFT.search(licence)


def audit():
    """The script, as a module."""
    path = str(ROOT / ".ci" / "audit-dependencies")
    loader = SourceFileLoader("audit_dependencies", path)
    module = module_from_spec(spec_from_loader("audit_dependencies", loader))
    loader.exec_module(module)
    return module


SKIPPED = {
    "name": "a",
    "skip_reason": "Dependency not found on PyPI and could not be audited: a (1)",
}
CLEAN = {"name": "a", "version": "1", "vulns": []}
FLAWED = {"name": "a", "version": "1", "vulns": [{"id": "CVE-2030-1", "fix_versions": ["2"]}]}


@pytest.mark.parametrize(
    ("answers", "status", "told"),
    [
        ({"pypi": [CLEAN]}, 0, "1 packages, none"),
        ({"pypi": [FLAWED]}, 1, "a 1: CVE-2030-1, mended in 2"),
        ({"pypi": [CLEAN], "osv": [FLAWED]}, 1, "CVE-2030-1"),
        ({"pypi": [SKIPPED]}, 3, "NOT AUDITED"),  # pip-audit calls this "no known vulnerabilities"
        ({"pypi": None, "osv": None}, 3, "no answer from pypi, osv"),
        ({"pypi": [SKIPPED, {**CLEAN, "name": "b"}]}, 3, "NOT AUDITED: a"),
    ],
)
def test_silence_is_never_taken_for_health(answers, status, told):
    code, lines = audit().told(answers)
    assert code == status
    assert told in "\n".join(lines)
