"""A command line with placeholders: split first, filled in afterwards, and never handed to a shell."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from mldiag.errors import MldiagError, nearest_name, unknown_name

OWN_PLACEHOLDERS = ("seed", "rows_file", "valid_file")

_INTERPRETERS = ("python", "Rscript", "julia", "bash", "sh", "node", "perl", "ruby")

_BRACES = "write {{ and }} for braces that the program itself is to see"


@dataclass(frozen=True)
class CommandLine:
    """The words of a command, with placeholders in them.

    Args:
        text: The line as it was written.
        words: The program and its arguments.
    """

    text: str
    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, parameters: Iterable[str]) -> CommandLine:
        """Split a line and check its placeholders.

        Args:
            text: The line, quoted as for a shell.
            parameters: Names of the declared parameters.

        Raises:
            MldiagError: If a quote is open, a placeholder is unknown, or a parameter has no place.

        Example:
            >>> line = CommandLine.parse("fit --lr {lr} '{{a b}}'", ["lr"])
            >>> line.filled({"lr": 0.1})
            ['fit', '--lr', '0.1', '{a b}']
        """
        try:
            words = tuple(shlex.split(text))
        except ValueError as error:
            raise MldiagError(
                f"cannot split the line {text!r}: {error}",
                expected="closed quotes",
                hint='run = "python train.py --seed {seed}"',
            ) from error
        if not words:
            raise MldiagError("the command line is empty", expected="a program and its arguments")
        line, declared = cls(text, words), list(parameters)
        for name in declared:
            if name in OWN_PLACEHOLDERS:
                raise MldiagError(f"a parameter is named {name!r}", expected="another name")
        used = line.placeholders
        for name in sorted(used):
            if name not in (*declared, *OWN_PLACEHOLDERS):
                raise _unknown_placeholder(name, text, declared)
        for name in declared:
            if name not in used:
                raise MldiagError(
                    f"the parameter {name!r} stands nowhere on the line {text!r}",
                    expected="a place for every parameter",
                    hint=f'run = "{text} --{name} {{{name}}}"',
                )
        return line

    @property
    def placeholders(self) -> frozenset[str]:
        """Names between braces."""
        return frozenset(
            name for word in self.words for _, name, _ in _pieces(word) if name is not None
        )

    def filled(self, values: Mapping[str, Any]) -> list[str]:
        """The words with the values in place; one placeholder never becomes two words."""
        return ["".join(_filled(word, values)) for word in self.words]

    def files(self, folder: Path) -> list[Path]:
        """Files that the line names: arguments, `--option=file`, and modules after `-m`."""
        found = []
        for position, word in enumerate(self.words):
            if any(name is not None for _, name, _ in _pieces(word)):
                continue
            if position == 0 and "/" not in word:
                continue  # a program on the PATH, not a file of the project
            names = [word, word.partition("=")[2]]
            if position and self.words[position - 1] == "-m":
                module = word.replace(".", "/")
                names += [f"{module}.py", f"{module}/__main__.py"]
            found += [folder / name for name in names if name and (folder / name).is_file()]
        return found


def _unknown_placeholder(name: str, text: str, declared: list[str]) -> MldiagError:
    error = unknown_name("placeholder", name, [*declared, *OWN_PLACEHOLDERS])
    mended = text.replace(f"{{{name}", f"{{{error.nearest}")
    return MldiagError(
        f"{error.what} on the line {text!r}",
        expected=f"{error.expected}; {_BRACES}",
        nearest=error.nearest,
        hint=f'run = "{mended}"' if error.nearest else "",
    )


def _pieces(word: str) -> Iterator[tuple[str, str | None, str]]:
    """Text, placeholder and format of each piece of a word."""
    try:
        for text, name, form, conversion in Formatter().parse(word):
            if name is not None and (not name or conversion):
                raise ValueError(f"{{{name}}} names nothing")
            yield text, name, form or ""
    except ValueError as error:
        raise MldiagError(
            f"cannot read the braces in {word!r}: {error}",
            expected="{name} for a placeholder",
            hint=_BRACES,
        ) from error


def _filled(word: str, values: Mapping[str, Any]) -> Iterator[str]:
    for text, name, form in _pieces(word):
        yield text
        if name is not None:
            value = values[name]
            if isinstance(value, tuple):
                value = ",".join(map(str, value))
            yield format(value, form) if form else str(value)


def search_path() -> str:
    """The PATH, with the folder of this Python at its end, for a `python` that is nowhere else."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])


def program_of(program: str, folder: Path) -> str:
    """Which program a name stands for: another interpreter has other packages, and other results.

    Args:
        program: The first word of a line.
        folder: Where the line runs; what lies below it is named from there.

    Example:
        >>> program_of("sh", Path("/"))[-2:]
        'sh'
    """
    found = shutil.which(program, path=search_path())
    if found is None:
        return Path(program).name
    path = Path(found)
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def check_program(program: str, folder: Path) -> None:
    """Refuse a program that cannot be started.

    Raises:
        MldiagError: With the nearest file, if there is none.
    """
    if "{" in program or shutil.which(program, path=search_path()):
        return
    if "/" in program and (folder / program).is_file():
        if os.access(folder / program, os.X_OK):
            return
        raise MldiagError(
            f"{program} may not be executed",
            expected="a program",
            hint=f"chmod +x {shlex.quote(program)}",
        )
    files = [p.name for p in folder.iterdir() if p.is_file()]
    script = program.endswith(".py")
    near = nearest_name(program, [*files, *_INTERPRETERS], cutoff=0.6)
    raise MldiagError(
        f"there is no program {program!r}",
        expected="one on the PATH, or a path such as ./train",
        nearest=f"python {near}" if near.endswith(".py") else near,
        hint=shlex.join(
            ["python", near] if script and near else ["command", "-v", near or "python"]
        ),
    )


def check_script(words: Sequence[str], folder: Path) -> None:
    """Refuse a script that is not there, where an interpreter is told to run one.

    Args:
        words: The program and its arguments.
        folder: Where it runs.

    Raises:
        MldiagError: With the nearest file.
    """
    interpreter = re.sub(r"[\d.]+$", "", Path(words[0]).name)
    if interpreter not in _INTERPRETERS or len(words) < 2 or words[1].startswith("-"):
        return
    script = words[1]
    if "{" in script or not Path(script).suffix or (folder / script).exists():
        return
    beside = folder / Path(script).parent
    files = [p.name for p in beside.iterdir() if p.is_file()] if beside.is_dir() else []
    near = nearest_name(Path(script).name, files)
    raise MldiagError(
        f"{words[0]} is told to run {script}, which does not exist in {folder}",
        expected="a script, named from the configuration's folder",
        nearest=str(Path(script).with_name(near)) if near else "",
        hint=f"ls {shlex.quote(str(beside if beside.is_dir() else folder))}",
    )


def named_files(patterns: Iterable[str], folder: Path) -> list[Path]:
    """Files that `files = [...]` names, by path or by pattern (`src/**/*.py`).

    Raises:
        MldiagError: If one names no file.
    """
    found: list[Path] = []
    for pattern in patterns:
        place = folder / pattern
        if place.is_dir():
            raise MldiagError(
                f"files names the folder {pattern}",
                expected="files or patterns",
                hint=f'files = ["{pattern.rstrip("/")}/**/*.py"]',
            )
        matched = [place] if place.is_file() else sorted(folder.glob(pattern))
        matched = [file for file in matched if file.is_file()]
        if not matched:
            names = [str(p.relative_to(folder)) for p in folder.glob("*") if p.is_file()]
            near = nearest_name(pattern, names)
            raise MldiagError(
                f"files names {pattern}, which does not exist",
                expected="files beside the configuration",
                nearest=near,
                hint=f'files = ["{near}"]' if near else f"ls {shlex.quote(str(folder))}",
            )
        found += matched
    return found


def content_digests(files: Iterable[Path], folder: Path) -> dict[str, str]:
    """Hash of the bytes of each file, by its path from the folder."""
    digests = {}
    for file in dict.fromkeys(path.resolve() for path in files):
        with file.open("rb") as opened:
            content = hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=16))
        home = folder.resolve()
        shown = file.relative_to(home) if file.is_relative_to(home) else file
        digests[str(shown)] = content.hexdigest()
    return digests
