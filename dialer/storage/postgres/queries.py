"""Named SQL: every statement of the program lives in `sql/*.sql` and is found here by its name.

A file is a sequence of queries, each with three lines of header:

    -- name: claim_contacts
    -- Hand out the next dialable contacts of a campaign.
    -- params: campaign_id, runner_id, most, now
    with candidates as (…

`params` names $1, $2 … in order (it may be empty, and may go on in further comment lines).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "sql"

_HEADER = re.compile(
    r"-- name: (?P<name>[a-z_]+)\n-- (?P<line>[^\n]+)\n-- params:(?P<params>[^\n]*(?:\n-- [^\n]*)*)\n"
)


@dataclass(frozen=True, slots=True)
class Query:
    name: str
    description: str
    params: tuple[str, ...]
    sql: str


def parse_queries(text: str) -> Iterator[Query]:
    """Raises ValueError for anything that is not a header followed by a body."""
    headers = list(_HEADER.finditer(text))
    if len(headers) != text.count("-- name:") or (headers and text[: headers[0].start()].strip()):
        raise ValueError("every query needs the header: -- name: / -- one line / -- params:")
    ends = [header.start() for header in headers[1:]] + [len(text)]
    for header, end in zip(headers, ends, strict=True):
        params = header["params"].replace("\n--", "").split(",")
        yield Query(
            header["name"],
            header["line"],
            tuple(name.strip() for name in params if name.strip()),
            text[header.end() : end].strip().rstrip(";"),
        )


def load_queries(folder: Path) -> dict[str, Query]:
    found: dict[str, Query] = {}
    for file in sorted(folder.glob("*.sql")):
        for query in parse_queries(file.read_text("utf-8")):
            if query.name in found:
                raise ValueError(f"{file.name}: there are two queries named {query.name}")
            found[query.name] = query
    return found


QUERIES = load_queries(FOLDER)


def named(name: str) -> Query:
    """Called while modules are imported, so that a wrong name fails at the first start and not in the night."""
    return QUERIES[name]
