"""Zip files with whatever Python's own writer would not write."""

import struct
import zlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    name: bytes
    content: bytes
    method: int = 8
    flags: int = 0
    packed: bytes | None = None
    mode: int = 0o100644
    declared: int | None = None
    extra: bytes = b""


def deflated(content):
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(content) + engine.flush()


def zip_bytes(*entries, descriptors=False):
    """A zip of these entries; with `descriptors` the local headers do not say how long anything is."""
    body, directory = b"", b""
    for entry in entries:
        packed = entry.packed
        if packed is None:
            packed = deflated(entry.content) if entry.method == 8 else entry.content
        crc = zlib.crc32(entry.content)
        size = len(entry.content) if entry.declared is None else entry.declared
        flags = entry.flags | (8 if descriptors else 0)
        sizes = (crc, len(packed), size)
        local = (0, 0, 0) if descriptors else sizes
        common = (20, flags, entry.method, 0, 0x21)
        place = len(body)
        body += struct.pack("<4s5H3I2H", b"PK\3\4", *common, *local, len(entry.name), 0)
        body += entry.name + packed
        if descriptors:
            body += b"PK\7\x08" + struct.pack("<III", *sizes)
        directory += struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", (3 << 8) | 20, *common, *sizes, len(entry.name),
            len(entry.extra), 0, 0, 0, entry.mode << 16, place,
        )  # fmt: skip
        directory += entry.name + entry.extra
    n = len(entries)
    return (
        body
        + directory
        + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, n, n, len(directory), len(body), 0)
    )
