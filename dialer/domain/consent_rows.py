"""One row of a list of consents, or of people who took theirs back: the record, or the reason why there is none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from dialer.domain.consent import Consent, GivenKind, Revocation, RevokedBy
from dialer.domain.contact_rows import RefusedRow
from dialer.domain.phone_number import BadNumber, PhoneNumber, parse_number
from dialer.errors import BadInput

Cells = Mapping[str, str]
Kept = TypeVar("Kept", Consent, Revocation)

_TITLES: Mapping[str, tuple[str, ...]] = {
    "number": ("number", "phone", "phone_number", "mobile", "电话", "手机", "号码"),
    "kind": ("kind", "type", "种类"),
    "given_at": ("given_at", "given", "date", "time", "授权时间", "时间"),
    "source": ("source", "来源"),
    "seller": ("seller", "company", "商家"),
    "topic": ("topic", "subject", "事项", "主题"),
    "wording": ("wording", "text", "授权文字"),
    "proof": ("proof", "evidence", "证据"),
    "lifts_hours": ("lifts_hours", "any_hour", "不限时段"),
    "expires_at": ("expires_at", "expires", "到期时间"),
    "at": ("at", "revoked_at", "revoked", "撤回时间"),
    "detail": ("detail", "reason", "note", "说明"),
}
_CONSENT = (
    "number", "kind", "given_at", "source", "seller", "topic", "wording", "proof", "lifts_hours", "expires_at",
)  # fmt: skip
_REVOCATION = ("number", "at", "seller", "topic", "detail")
_KINDS = {"明示": GivenKind.EXPRESS, "书面": GivenKind.WRITTEN, **{kind.value: kind for kind in GivenKind}}
_FLAGS = {
    "yes": True,
    "true": True,
    "1": True,
    "是": True,
    "no": False,
    "false": False,
    "0": False,
    "否": False,
}
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class RowRules:
    """`usual` stands in for a column that the file does not have, or for an empty cell. Times without an offset are of `zone`."""

    region: str
    zone: ZoneInfo
    now: datetime
    usual: Cells


def consent_columns(header: Sequence[str]) -> Mapping[str, int]:
    """Raises `BadInput` for a heading that is not known, twice there, or when no column holds numbers."""
    return _columns(header, _CONSENT)


def revocation_columns(header: Sequence[str]) -> Mapping[str, int]:
    return _columns(header, _REVOCATION)


def _columns(header: Sequence[str], fields: Sequence[str]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for place, title in enumerate(header):
        wanted = title.strip().lower().replace(" ", "_").replace("-", "_")
        field = next((name for name in fields if wanted in _TITLES[name]), None)
        if not wanted:
            continue
        if field is None:
            raise BadInput(f"the column {title.strip()!r} is not known; there are {', '.join(fields)}")
        if field in found:
            raise BadInput(f"two columns are {field}")
        found[field] = place
    if "number" not in found:
        raise BadInput("no column holds the numbers: name it number")
    return found


def read_consent(
    line: int, cells: Sequence[str], columns: Mapping[str, int], rules: RowRules
) -> Consent | RefusedRow:
    return _read(line, cells, columns, rules, consent_of)


def read_revocation(
    line: int, cells: Sequence[str], columns: Mapping[str, int], rules: RowRules
) -> Revocation | RefusedRow:
    return _read(line, cells, columns, rules, _revocation)


def _read(
    line: int,
    cells: Sequence[str],
    columns: Mapping[str, int],
    rules: RowRules,
    made: Callable[[Cells, RowRules], Kept],
) -> Kept | RefusedRow:
    written = dict(rules.usual)
    for field, place in columns.items():
        if place < len(cells) and cells[place].strip():
            written[field] = cells[place].strip()
    try:
        return made(written, rules)
    except BadInput as wrong:
        return RefusedRow(line, str(wrong))


def consent_of(written: Cells, rules: RowRules) -> Consent:
    """From words as people write them. Raises `BadInput` that names the field."""
    given_at = _moment(written, "given_at", rules)
    if given_at is None:
        raise BadInput("given_at: when consent was given is missing", "given_at")
    if given_at > rules.now:
        raise BadInput("given_at: lies in the future", "given_at")
    expires_at = _moment(written, "expires_at", rules)
    if expires_at is not None and expires_at <= given_at:
        raise BadInput("expires_at: is not after given_at", "expires_at")
    if not (source := _text(written, "source")):
        raise BadInput("source: where consent was given is missing", "source")
    return Consent(
        number=_number(written, rules),
        kind=_kind(written),
        given_at=given_at,
        source=source,
        seller=_text(written, "seller"),
        topic=_text(written, "topic"),
        wording=_text(written, "wording"),
        proof=_text(written, "proof"),
        lifts_hours=_flag(written, "lifts_hours"),
        expires_at=expires_at,
    )


def _revocation(written: Cells, rules: RowRules) -> Revocation:
    at = _moment(written, "at", rules) or rules.now
    if at > rules.now:
        raise BadInput("at: lies in the future", "at")
    return Revocation(
        number=_number(written, rules),
        at=at,
        how=RevokedBy.LIST,
        seller=_text(written, "seller"),
        topic=_text(written, "topic"),
        detail=_text(written, "detail"),
    )


def _number(written: Cells, rules: RowRules) -> PhoneNumber:
    try:
        return parse_number(written.get("number", ""), rules.region)
    except BadNumber as wrong:
        raise BadInput(f"number: {wrong}", "number") from None


def _kind(written: Cells) -> GivenKind:
    said = written.get("kind", GivenKind.EXPRESS.value).lower()
    if said not in _KINDS:
        raise BadInput(f"kind: {said!r} is none of {', '.join(GivenKind)}", "kind")
    return _KINDS[said]


def _text(written: Cells, field: str) -> str:
    text = written.get(field, "").strip()
    if len(text) > _LONGEST:
        raise BadInput(f"{field}: is longer than {_LONGEST} characters", field)
    return text


def _flag(written: Cells, field: str) -> bool:
    said = written.get(field, "no").lower()
    if said not in _FLAGS:
        raise BadInput(f"{field}: must be yes or no, not {said!r}", field)
    return _FLAGS[said]


def _moment(written: Cells, field: str, rules: RowRules) -> datetime | None:
    if not (said := written.get(field, "").strip()):
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise BadInput(
            f"{field}: {said!r} is no date such as 2026-03-31 or 2026-03-31T09:30", field
        ) from None
    if not 1970 <= moment.year <= 2200:
        raise BadInput(f"{field}: the year must lie between 1970 and 2200", field)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=rules.zone)
