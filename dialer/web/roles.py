"""Who may do what: four roles, each with all rights of the ones before it."""

from enum import StrEnum


class Role(StrEnum):
    rank: int

    READ_ONLY = "read_only"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        return self.rank >= needed.rank


for _rank, _role in enumerate(Role):
    _role.rank = _rank
