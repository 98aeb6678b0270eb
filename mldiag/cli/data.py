"""`mldiag data`: what an archive holds and whether it is whole, and a zip that every program can read."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mldiag.errors import MldiagError

if TYPE_CHECKING:
    from mldiag.data.archives import Checked, Limits, Member

DAMAGED = 1
"""Exit code where a member cannot be read: what is wrong is in the data, not in the command."""


def app() -> typer.Typer:
    """The commands of `mldiag data`."""
    made = typer.Typer(
        help="Archives: list what they hold, check them, repack them.", rich_markup_mode=None
    )
    made.command("list")(list_members)
    made.command("repack")(repack_archive)
    return made


MaxRatio = Annotated[
    float | None,
    typer.Option(
        help="Unpacked bytes for each packed one, above which an archive is refused (200).",
        show_default=False,
        metavar="TIMES",
    ),
]
MaxGigabytes = Annotated[
    float | None,
    typer.Option(
        help="Unpacked gigabytes of the whole archive, at most (64).",
        show_default=False,
        metavar="GB",
    ),
]


def list_members(
    file: Annotated[Path, typer.Argument(help="A .zip, .tar.*, .gz, .bz2, .xz or .zst.")],
    check: Annotated[
        bool, typer.Option("--check", help="Read every member to its end; exit 1 if one is bad.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    max_ratio: MaxRatio = None,
    max_gigabytes: MaxGigabytes = None,
) -> None:
    """What an archive holds; with --check, whether all of it can be read."""
    from mldiag.data import archives

    limits = _limits(max_ratio, max_gigabytes)
    if check:
        found = list(_told(archives.check(file, limits=limits)))
    else:
        listed = _told(iter(archives.members(file, limits=limits)))
        found = [archives.Checked(member, -1) for member in listed]
    if json:
        from mldiag.report.json import SCHEMA, strict_json

        typer.echo(strict_json({"schema": SCHEMA, "members": [_data(one, check) for one in found]}))
    else:
        _print(found, check, file)
    if any(one.problem for one in found):
        raise typer.Exit(DAMAGED)


def repack_archive(
    source: Annotated[Path, typer.Argument(help="The archive; it is only read.", metavar="IN")],
    target: Annotated[Path, typer.Argument(help="The new zip.", metavar="OUT.zip")],
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Leave out members that cannot be read.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT.zip if it exists.")] = False,
    max_ratio: MaxRatio = None,
    max_gigabytes: MaxGigabytes = None,
) -> None:
    """Write an archive anew as a zip with plain deflate; nothing is written unless it is whole."""
    from mldiag.data.archives import repack
    from mldiag.data.archives.member import in_bytes
    from mldiag.data.archives.names import shown
    from mldiag.wording import plural

    limits = _limits(max_ratio, max_gigabytes)
    try:
        done = repack(source, target, keep_going=keep_going, replace=force, limits=limits)
    except MldiagError as error:
        raise _with_flag(error) from error
    typer.echo(f"wrote {done.path}: {plural(done.kept, 'file')}, {in_bytes(done.size)} unpacked")
    if done.left_out:
        typer.echo(f"left out {plural(len(done.left_out), 'member')}:", err=True)
    for name, problem in done.left_out:
        typer.echo(f"  {shown(name)}: {problem}", err=True)


def _limits(max_ratio: float | None, max_gigabytes: float | None) -> Limits:
    from dataclasses import replace

    from mldiag.data.archives import LIMITS
    from mldiag.data.archives.member import GIB

    for flag, value in (("--max-ratio", max_ratio), ("--max-gigabytes", max_gigabytes)):
        if value is not None and not value > 0:
            raise MldiagError(f"{flag} {value:g}", expected="a number above 0")
    limits = LIMITS
    if max_ratio is not None:
        limits = replace(limits, ratio=max_ratio)
    if max_gigabytes is not None:
        largest = min(int(max_gigabytes * GIB), 2**62)
        limits = replace(limits, total_bytes=largest)
    return limits


def _told(found: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from found
    except MldiagError as error:
        raise _with_flag(error) from error


def _with_flag(error: MldiagError) -> MldiagError:
    """The flag that allows more, where a limit was met."""
    flags = {"Limits(ratio=": "--max-ratio 2000", "Limits(total_bytes=": "--max-gigabytes 500"}
    for word, flag in flags.items():
        if word in error.expected:
            expected = error.expected.split(":")[0]
            return MldiagError(error.what, expected=f"{expected}; more if you trust it", hint=flag)
    return error


def _print(found: list[Checked], check: bool, file: Path) -> None:
    from mldiag.data.archives.member import in_bytes
    from mldiag.data.archives.names import shown
    from mldiag.findings import Table
    from mldiag.report.console import print_table
    from mldiag.report.streams import console
    from mldiag.wording import plural

    out = console()
    bad = [one for one in found if one.problem]
    files = [one.member for one in found if one.member.kind == "file" and not _is_rest(one)]
    rows = tuple(
        (shown(one.member.name), _size(one, check), one.member.method, _state(one, check))
        for one in found
    )
    if rows:
        print_table(Table("", ("member", "size", "packed as", ""), rows), out)
    sizes = [one.size if check else one.member.size or 0 for one in found]
    told = f"{plural(len(files), 'file')}, {in_bytes(sum(sizes))} unpacked"
    out.print(f"{told}{f', {len(bad)} bad' if check else ''}")
    if bad:
        quoted = shlex.quote(str(file))
        name = shlex.quote(f"whole-{file.name.split('.')[0]}.zip")
        out.print(f"The others: mldiag data repack {quoted} {name} --keep-going", soft_wrap=True)


def _is_rest(one: Checked) -> bool:
    from mldiag.data.archives import REST

    return one.member.name == REST


def _size(one: Checked, check: bool) -> str:
    from mldiag.data.archives.member import in_bytes
    from mldiag.wording import MISSING

    size = one.size if check and not one.problem else one.member.size
    return MISSING if size is None or one.member.kind == "folder" else in_bytes(size)


def _state(one: Checked, check: bool) -> str:
    member = one.member
    if check:
        return one.problem or "whole"
    kind = "" if member.kind == "file" else member.kind
    return "encrypted" if member.encrypted else kind or _nested(member)


def _nested(member: Member) -> str:
    endings = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
    inside = member.name.lower().endswith(endings) and "." in member.name
    return "an archive, not looked into" if inside and member.method != "gz" else ""


def _data(one: Checked, check: bool) -> dict[str, Any]:
    member = one.member
    told = {
        "name": member.name,
        "size": one.size if check and not one.problem else member.size,
        "kind": member.kind,
        "packed_size": member.packed_size,
        "method": member.method,
        "encrypted": member.encrypted,
    }
    return told | ({"problem": one.problem} if check else {})
