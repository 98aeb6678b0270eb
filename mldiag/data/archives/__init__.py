"""Archives read member by member: good ones are kept, bad ones are named, nothing leaves its folder."""

from mldiag.data.archives.extracting import Extracted, extract
from mldiag.data.archives.kinds import is_archive
from mldiag.data.archives.member import LIMITS, Limits, Member, MemberContent
from mldiag.data.archives.reading import REST, Checked, check, members, open_member, read_members
from mldiag.data.archives.repacking import Repacked, repack

__all__ = [
    "LIMITS",
    "REST",
    "Checked",
    "Extracted",
    "Limits",
    "Member",
    "MemberContent",
    "Repacked",
    "check",
    "extract",
    "is_archive",
    "members",
    "open_member",
    "read_members",
    "repack",
]
