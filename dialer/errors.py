"""Every error the service raises on purpose, grouped by what the caller can do about it.

    FairdialError
    ├── Refused              the request cannot be carried out as asked: change the request
    │   ├── NotFound         no such campaign, contact, agent …
    │   ├── Conflict         right request, wrong state (starting a running campaign)
    │   └── BadInput         a value is missing, malformed or out of range
    ├── Transient            try again later, or elsewhere
    │   ├── LinkDown         the telephony link is down; an action in flight may or may not have happened
    │   └── StorageDown      the database cannot be reached
    └── Misconfigured        an operator has to change settings or set something up
        └── SchemaMismatch   the database schema is behind or ahead of this program

Each class has a stable `error_id`; only `dialer.web` maps them to HTTP.
"""

from typing import ClassVar


class FairdialError(Exception):
    error_id: ClassVar[str] = "internal-error"


class Refused(FairdialError):
    error_id = "refused"


class NotFound(Refused):
    error_id = "not-found"


class Conflict(Refused):
    error_id = "conflict"


class BadInput(Refused):
    """`field` names what was wrong, when one value can be blamed."""

    error_id = "bad-input"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Transient(FairdialError):
    error_id = "transient"


class LinkDown(Transient):
    """`sent` tells whether the action may have happened."""

    error_id = "link-down"
    sent: bool = True


class StorageDown(Transient):
    error_id = "storage-down"


class Misconfigured(FairdialError):
    error_id = "misconfigured"


class SchemaMismatch(Misconfigured):
    error_id = "schema-mismatch"
