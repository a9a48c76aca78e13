"""An outbox of text messages in memory, with the words of `dialer.ports.texts`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dialer.domain.phone_number import PhoneNumber
from dialer.errors import StorageDown
from dialer.ports.texts import Handed, TextInHand, TextOnFile, TextState, TextsWaiting


@dataclass
class MemoryTexts:
    """`on_list`: why a number is written nothing; `away`: the database is."""

    rows: dict[int, TextOnFile] = field(default_factory=dict)
    send_by: dict[int, datetime] = field(default_factory=dict)
    on_list: dict[str, str] = field(default_factory=dict)
    away: bool = False

    def add(self, reference: str, number: str, now: datetime, words: str = "Hello") -> None:
        self.rows[len(self.rows) + 1] = TextOnFile(
            reference, number, words, TextState.QUEUED, 0, now, None, None, "", ""
        )

    def of(self, reference: str) -> TextOnFile:
        return next(each for each in self.rows.values() if each.reference == reference)

    async def take(self, now: datetime, in_hand_until: datetime, most: int) -> Sequence[TextInHand]:
        if self.away:
            raise StorageDown("away")
        due = [
            nth
            for nth, each in self.rows.items()
            if each.state is TextState.QUEUED and (each.next_try_at or each.requested_at) <= now
        ][:most]
        for nth in due:
            row = self.rows[nth]
            self.rows[nth] = replace(row, tries=row.tries + 1, next_try_at=in_hand_until)
        return [self._in_hand(nth) for nth in due]

    def _in_hand(self, nth: int) -> TextInHand:
        row = self.rows[nth]
        number = PhoneNumber(row.number) if row.number.startswith("+") else None
        return TextInHand(
            nth, row.reference, "call", number, row.words, row.tries, row.requested_at, self.send_by.get(nth)
        )

    async def listed(self, text: TextInHand, now: datetime) -> str | None:
        return self.on_list.get(text.number.e164) if text.number is not None else None

    async def sent(self, text: TextInHand, gateway_id: str, now: datetime) -> bool:
        return self._settle(
            text, state=TextState.SENT, gateway_id=gateway_id, settled_at=now, next_try_at=None
        )

    async def failed(self, text: TextInHand, problem: str, now: datetime) -> bool:
        return self._settle(text, state=TextState.FAILED, problem=problem, settled_at=now, next_try_at=None)

    async def put_off(self, text: TextInHand, problem: str, until: datetime) -> bool:
        return self._settle(text, problem=problem, next_try_at=until)

    def _settle(self, text: TextInHand, **changes: object) -> bool:
        row = self.rows[text.id]
        if row.state is not TextState.QUEUED or row.tries != text.tries:
            return False
        self.rows[text.id] = replace(row, **changes)  # type: ignore[arg-type]
        return True

    async def waiting(self) -> TextsWaiting:
        queued = [each.requested_at for each in self.rows.values() if each.state is TextState.QUEUED]
        return TextsWaiting(len(queued), min(queued, default=None))

    async def texts(self, state: TextState | None, most: int) -> Sequence[TextOnFile]:
        return [each for each in self.rows.values() if state in (None, each.state)][::-1][:most]

    async def retry(
        self, references: Sequence[str], since: datetime, now: datetime, send_by: datetime
    ) -> Sequence[str]:
        queued = []
        for nth, row in self.rows.items():
            wanted = row.reference in references or (not references and row.requested_at >= since)
            if row.state is TextState.FAILED and wanted and row.number.startswith("+"):
                self.rows[nth] = replace(row, state=TextState.QUEUED, tries=0, next_try_at=now)
                self.send_by[nth] = send_by
                queued.append(row.reference)
        return sorted(queued)


@dataclass
class ScriptedGateway:
    """Gives `answers` one after the other, then takes everything; `handed` is what it was given."""

    answers: list[Handed] = field(default_factory=list)
    handed: list[tuple[str, str, str]] = field(default_factory=list)
    closed: bool = False

    async def hand_over(self, to: PhoneNumber, words: str, key: str) -> Handed:
        self.handed.append((to.e164, words, key))
        return self.answers.pop(0) if self.answers else Handed(True, f"gw-{len(self.handed)}")

    async def close(self) -> None:
        self.closed = True
