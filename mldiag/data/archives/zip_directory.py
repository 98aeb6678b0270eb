"""The members of a zip file: from the directory at its end, else by walking through what is left."""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from mldiag.data.archives.decoders import ZIP_METHODS
from mldiag.data.archives.member import BrokenMember, Member, MemberKind
from mldiag.data.archives.names import decoded_names

LOCAL = struct.Struct("<4s5H3I2H")
LOCAL_SIGN, DESCRIPTOR_SIGN, DIRECTORY_SIGN = b"PK\x03\x04", b"PK\x07\x08", b"PK\x01\x02"
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x1, 0x8, 0x800
_AT_ONCE = 1 << 20
_UNKNOWN = 0xFFFFFFFF
_UNICODE_PATH = 0x7075


@dataclass(frozen=True)
class ZipEntry:
    """Where a member lies in a zip.

    Args:
        member: What is known of it.
        offset: Where its local header begins.
        packed_size: Packed bytes.
        crc: Checksum of the content; None where unknown.
        method: Number of the compression.
    """

    member: Member
    offset: int
    packed_size: int
    crc: int | None
    method: int


def directory_entries(file: BinaryIO) -> list[ZipEntry] | None:
    """The members as the directory has them, or None where there is no whole directory.

    Args:
        file: The zip.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OSError, EOFError):
        return None  # ValueError: also a name that says it is UTF-8 and is not
    names = _names(infos)
    return [_entry_of(info, name) for info, name in zip(infos, names, strict=True)]


def walked_entries(file: BinaryIO, size: int) -> Iterator[ZipEntry]:
    """The members of a zip without a directory, by the headers before each of them."""
    offset = _next_sign(file, 0, size, (LOCAL_SIGN,))
    while offset is not None:
        entry, end = _local_entry(file, offset, size)
        if entry is None:  # four bytes that look like a header
            offset = _next_sign(file, offset + 4, size, (LOCAL_SIGN,))
            continue
        yield entry
        place = end if _signed(file, end) == LOCAL_SIGN else None
        if place is None:
            place = _next_sign(file, end, size, (LOCAL_SIGN, DIRECTORY_SIGN))
        if place is None or _signed(file, place) == DIRECTORY_SIGN:
            return
        offset = place


def data_start(file: BinaryIO, entry: ZipEntry) -> int:
    """Where the packed bytes of a member begin.

    Raises:
        BrokenMember: If no header stands where the directory says.
    """
    try:
        file.seek(entry.offset)
    except (OSError, ValueError) as error:
        raise BrokenMember("the directory names an impossible place for it") from error
    header = file.read(LOCAL.size)
    if len(header) < LOCAL.size:
        raise BrokenMember("truncated: the archive ends before it")
    sign, *_, name_length, extra_length = LOCAL.unpack(header)
    if sign != LOCAL_SIGN:
        raise BrokenMember("damaged: no member begins where the directory says")
    return entry.offset + LOCAL.size + int(name_length) + int(extra_length)


def _names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """Names, where unmarked ones are decoded together."""
    raw = [info.orig_filename.encode("cp437", errors="replace") for info in infos]
    unmarked = [i for i, info in enumerate(infos) if not info.flag_bits & _UTF8]
    names = [info.orig_filename for info in infos]
    for i, name in zip(unmarked, decoded_names([raw[i] for i in unmarked]), strict=True):
        names[i] = _unicode_path(infos[i].extra) or name
    return names


def _unicode_path(extra: bytes) -> str:
    """The name that some programs keep in UTF-8 beside the one of the code page; empty without."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == _UNICODE_PATH and length > 5:
            return extra[9 : 4 + length].decode("utf-8", errors="replace")
        extra = extra[4 + length :]
    return ""


def _entry_of(info: zipfile.ZipInfo, name: str) -> ZipEntry:
    mode = info.external_attr >> 16
    kind: MemberKind = "file"
    if name.endswith(("/", "\\")) and not info.file_size:
        kind = "folder"
    elif stat.S_ISLNK(mode):
        kind = "link"
    elif stat.S_IFMT(mode) and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        kind = "device"
    member = Member(
        name,
        info.file_size,
        bool(info.flag_bits & _ENCRYPTED),
        kind,
        info.compress_size,
        _method_name(info.compress_type),
        info.date_time,
    )
    return ZipEntry(member, info.header_offset, info.compress_size, info.CRC, info.compress_type)


def _method_name(method: int) -> str:
    return ZIP_METHODS[method][0] if method in ZIP_METHODS else f"type {method}"


def _local_entry(file: BinaryIO, offset: int, size: int) -> tuple[ZipEntry | None, int]:
    """The member at an offset and where it ends; None where no header stands there."""
    file.seek(offset)
    header = file.read(LOCAL.size)
    if len(header) < LOCAL.size:
        return None, size
    fields = LOCAL.unpack(header)
    version, flags, method, crc, packed, unpacked, name_length, extra_length = (
        int(fields[i]) for i in (1, 2, 3, 6, 7, 8, 9, 10)
    )
    raw, extra = file.read(name_length), file.read(extra_length)
    if not name_length or version & 0xFF > 63 or b"\0" in raw:
        return None, size
    name = raw.decode("utf-8", errors="replace") if flags & _UTF8 else decoded_names([raw])[0]
    start = offset + LOCAL.size + name_length + extra_length
    known: tuple[int, int | None, int | None, int]
    if flags & _SIZES_FOLLOW and not packed:
        known = _described(file, start, size)
    else:
        packed, unpacked = _large_sizes(extra, packed, unpacked)
        known = (packed, unpacked, crc, start + packed)
    folder: MemberKind = "folder" if name.endswith("/") else "file"
    encrypted = bool(flags & _ENCRYPTED)
    member = Member(name, known[1], encrypted, folder, known[0], _method_name(method))
    return ZipEntry(member, offset, known[0], known[2], method), known[3]


def _large_sizes(extra: bytes, packed: int, unpacked: int) -> tuple[int, int]:
    """Sizes of more than 4 GB, from the extra field of Zip64."""
    while len(extra) >= 4 and _UNKNOWN in (packed, unpacked):
        kind, length = struct.unpack_from("<HH", extra)
        if kind == 1 and length >= 16 and len(extra) >= 20:
            unpacked, packed = struct.unpack_from("<QQ", extra, 4)
        extra = extra[4 + length :]
    return packed, unpacked


def _described(file: BinaryIO, start: int, size: int) -> tuple[int, int | None, int | None, int]:
    """Sizes and checksum that stand behind the data, found by the distance that they name."""
    place = _next_sign(file, start, size, (DESCRIPTOR_SIGN,))
    while place is not None:
        file.seek(place + 4)
        found = file.read(20)
        for form in ("<III", "<IQQ"):
            if len(found) < struct.calcsize(form):
                continue
            crc, packed, unpacked = struct.unpack_from(form, found)
            if packed == place - start:
                return packed, unpacked, crc, place + 4 + struct.calcsize(form)
        place = _next_sign(file, place + 4, size, (DESCRIPTOR_SIGN,))
    following = _next_sign(file, start, size, (LOCAL_SIGN, DIRECTORY_SIGN))
    end = size if following is None else following
    return end - start, None, None, end


def _signed(file: BinaryIO, offset: int) -> bytes:
    file.seek(offset)
    return file.read(4)


def _next_sign(file: BinaryIO, start: int, size: int, signs: tuple[bytes, ...]) -> int | None:
    """Where the next of some four-byte marks stands."""
    offset = start
    while offset < size:
        file.seek(offset)
        block = file.read(_AT_ONCE + 3)
        places = [place for sign in signs if (place := block.find(sign)) >= 0]
        if places:
            return offset + min(places)
        if len(block) < _AT_ONCE + 3:
            return None
        offset += _AT_ONCE
    return None
