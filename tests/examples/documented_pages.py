"""What the README and the pages of docs/ tell a reader to type, in the order of the page."""

import re
import shlex
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {page.stem: page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
SHELLS = {"bash", "console", "sh", "shell"}
PYTHONS = {"python", "py"}

# What a page tells to do with programs of a cluster is theirs, and needs one.
OF_A_CLUSTER = re.compile(r"(?:CUDA_VISIBLE_DEVICES=\d )?(?:dask|helm|kubectl|mlflow|srun) ")

# A fenced block, or a span of code inside the text; a span may go on in the next line.
_CODE = re.compile(r"^```(\w*)\n(.*?)^```$|`([^`\n]+(?:\n[^`\n]+)?)`", re.DOTALL | re.MULTILINE)
_TYPED = re.compile(r"(?:mldiag|pip|pytest|python) \S|benchmarks/\w+\.py$")


@dataclass(frozen=True)
class Command:
    """A line that a reader types, or a script of several that only a shell can run as a whole.

    Args:
        page: The page's name.
        text: The command, without its comment and without the folder of the virtual environment.
        bare: It was written with that folder, for a place where nothing but mldiag is.
        script: It is a whole block, whose lines share shell variables and redirections.
        mentioned: It stands in running text or in a comment, not as a line of a block.
    """

    page: str
    text: str
    bare: bool = False
    script: bool = False
    mentioned: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(shlex.split(self.text))


def blocks(page, *languages):
    """Texts of the page's fenced blocks in these languages."""
    return [found[2] for found in _found(page) if found[2] is not None and found[1] in languages]


@cache
def commands(page):
    """All that the page tells to type, each once, first place first."""
    given = []
    for found in _found(page):
        if found[2] is None:
            given += _span(page, " ".join(found[3].split()))
        elif found[1] in SHELLS:
            given += _block(page, found[2].replace("\\\n", " "))
    lines = {command.text for command in given if not command.mentioned}
    return tuple(dict.fromkeys(c for c in given if not (c.mentioned and c.text in lines)))


def mldiag_words():
    """Of every `mldiag` command in a block, the page and the words behind `mldiag`."""
    for page in PAGES:
        for text in blocks(page, *SHELLS):
            for line in text.replace("\\\n", " ").replace("$(hostname)", "head").splitlines():
                for part in re.split(r"&&|[|;>]", line):
                    if found := re.match(r"\s*(?:\$ )?(?:\.venv/bin/)?mldiag (.+)", part):
                        yield page, tuple(shlex.split(found[1], comments=True))


def _found(page):
    return _CODE.finditer(PAGES[page].read_text(encoding="utf-8"))


def _span(page, text):
    command = _command(page, text, mentioned=True)
    if not _TYPED.match(command.text):
        return []
    if command.text.startswith("benchmarks/"):
        return [replace(command, text=f"python {command.text}")]
    return [command]


def _block(page, text):
    if "$?" in text:
        return [Command(page, text, script=True)]
    given = []
    for line in text.splitlines():
        code, _, comment = line.removeprefix("$ ").partition("#")
        parts = [part.strip() for part in code.split("&&")]
        given += [_command(page, part) for part in parts if part and not OF_A_CLUSTER.match(part)]
        others = re.findall(r"mldiag \S.*", comment)
        given += [_command(page, other, mentioned=True) for other in others]
    return given


def _command(page, text, *, mentioned=False):
    text, bare = text.removeprefix(".venv/bin/").strip(), text.startswith(".venv/bin/")
    return Command(page, text, bare=bare, mentioned=mentioned)
