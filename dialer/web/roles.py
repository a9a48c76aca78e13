"""Who may do what: four roles, each with all rights of the ones before it."""

from enum import StrEnum


class Role(StrEnum):
    READ_ONLY = "read_only"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        return _RANK[self] >= _RANK[needed]


_RANK = {role: rank for rank, role in enumerate(Role)}
