"""Calls in an IVR between two steps, and what was answered on them.

Fulfils `SessionStore` and `Answers` of `ivr.ports` by their shape; this package does not know `ivr`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from dialer.domain.flow_session import attempt_of_session
from dialer.domain.ids import AttemptId
from dialer.domain.survey import Interview, Reply
from dialer.errors import NotFound
from dialer.ports.ivr import IvrCall, StoredAnswer
from dialer.storage.postgres.ivr_numbers import e164_of
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_LOAD = named("load_session")
_BEGIN = named("begin_session")
_SAVE = named("save_session")
_SAVE_WITH_ANSWERS = named("save_session_with_answers")
_SAVE_ANSWER = named("save_answer")
_FORGET = named("forget_session")
_LINK = named("link_session")
_SESSION = named("session_of")
_ANSWERS = named("answers_of")
_OPEN = named("open_sessions")
_INTERVIEWS = named("interviews")

_PAGE = 500


class PostgresIvrSessions:
    """`region` is where callers' numbers are written that have no country code."""

    def __init__(self, database: Database, region: str) -> None:
        self._database, self._region = database, region

    # --- between two steps ------------------------------------------------------------------------------------------

    async def load(self, call: str) -> tuple[Mapping[str, Any], int] | None:
        row = await self._database.row(_LOAD, call)
        return None if row is None or not row["state"] else (row["state"], row["revision"])

    async def save(self, call: str, state: Mapping[str, Any], revision: int) -> bool:
        """False when the session has another revision by now, and then nothing was stored. That of a call of ours belongs
        to its attempt from the first step.

        `commands` beside the state are those of the step: the questions it settled are stored in the same statement, so
        that neither is there without the other, and so are the checks of an end.
        """
        commands = state.get("commands", ())
        return await self.save_step(
            call, state, revision, [each for each in commands if each.get("do") == "save_answer"]
        )

    async def save_step(
        self, call: str, state: Mapping[str, Any], revision: int, answers: Sequence[Mapping[str, Any]]
    ) -> bool:
        """As `save`, with the settled questions (the fields of `SaveAnswer`) told apart."""
        before = max(len(state.get("answers", {})) - len(answers), 0)
        rows = [_answer_row(answer, before + nth) for nth, answer in enumerate(answers)]
        if revision == 0:
            saved = await self._database.value(_BEGIN, call, *self._begun(state), rows)
        elif rows:
            saved = await self._database.value(_SAVE_WITH_ANSWERS, call, revision, *_moved(state), rows)
        else:
            saved = await self._database.value(_SAVE, call, revision, *_moved(state))
        return saved is not None

    def _begun(self, state: Mapping[str, Any]) -> tuple[object, ...]:
        caller = state.get("caller", "")
        at = _moment(state["at"])
        return (
            state["flow"],
            state["version"],
            state["language"],
            caller,
            state.get("called", ""),
            e164_of(caller, self._region),
            state["node"],
            dict(state),
            min(_moment(state["started"] or state["at"]), at),
            at,
            *_end(state),
            _checks(state),
            attempt_of_session(state.get("call", "")),
        )

    async def forget(self, call: str) -> None:
        """With its answers."""
        await self._database.rows(_FORGET, call)

    async def link(self, call: str, attempt: AttemptId) -> None:
        """The call is an attempt of a campaign: an opt-out of the campaign or the client means that one."""
        await self._database.rows(_LINK, call, attempt)

    async def open_sessions(self, since: datetime) -> Sequence[tuple[str, Mapping[str, Any], int]]:
        """Calls without an end: after a restart those that the exchange no longer has are to be hung up."""
        rows = await self._database.rows(_OPEN, since)
        return [(row["call"], row["state"], row["revision"]) for row in rows]

    async def save_answer(self, call: str, answer: Mapping[str, Any]) -> None:
        """The first answer to a question stands. Raises `Conflict` when there is no such session."""
        row = _answer_row(answer, 0)
        fields = ("status", "value", "facts", "clip", "language")
        await self._database.rows(
            _SAVE_ANSWER,
            call,
            row["question"],
            *(row[name] for name in fields),
            _moment(row["at"]),
            row["offset_s"],
            row["consent"],
            row["said"],
        )

    # --- as people look at it ---------------------------------------------------------------------------------------

    async def session(self, call: str) -> IvrCall:
        row = await self._database.row(_SESSION, call)
        if row is None:
            raise NotFound(f"there is no call {call!r} in the IVR's records")
        answers = await self._database.rows(_ANSWERS, call)
        known = {name: row[name] for name in _CALL_FIELDS}
        return IvrCall(
            **known,
            attempt=row["attempt_id"],
            variables=row["state"].get("variables", {}),
            answers=tuple(StoredAnswer(**dict(each)) for each in answers),
        )

    async def interviews(
        self, flow: str, version: str, since: datetime, until: datetime
    ) -> AsyncIterator[Interview]:
        async for row in self._database.stream(_INTERVIEWS, _PAGE, flow, version, since, until):
            yield _interview(row)


class PostgresIvrAnswers:
    """The port `Answers` alone, for shells that save state and answers apart."""

    def __init__(self, sessions: PostgresIvrSessions) -> None:
        self._sessions = sessions

    async def save(self, call: str, answer: Mapping[str, Any]) -> None:
        await self._sessions.save_answer(call, answer)


_CALL_FIELDS = (
    "call", "flow", "version", "language", "caller", "called", "node", "revision", "started_at", "updated_at",
    "ended_at", "result", "checks",
)  # fmt: skip


def _moved(state: Mapping[str, Any]) -> tuple[object, ...]:
    return state["language"], state["node"], dict(state), _moment(state["at"]), *_end(state), _checks(state)


def _end(state: Mapping[str, Any]) -> tuple[datetime | None, str | None]:
    result = state.get("ended") or None
    return (_moment(state["at"]) if result else None), result


def _checks(state: Mapping[str, Any]) -> dict[str, bool]:
    ends = [each for each in state.get("commands", ()) if each.get("do") == "ended"]
    return dict(ends[-1]["checks"]) if ends else {}


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _answer_row(answer: Mapping[str, Any], place: int) -> dict[str, Any]:
    return {
        "question": answer["question"],
        "place": place,
        "status": answer["status"],
        "value": answer["value"],
        "facts": dict(answer.get("facts") or {}),
        "clip": answer.get("clip", ""),
        "language": answer["language"],
        "at": answer["at"],
        "offset_s": max(answer.get("offset_s", 0.0), 0.0),
        "consent": bool(answer.get("consent", False)),
        "said": answer.get("said", ""),
    }


def _interview(row: asyncpg.Record) -> Interview:
    replies = {
        question: Reply(status, value, clip, language, _moment(float(at)), offset, consent)
        for question, (status, value, clip, language, at, offset, consent) in (row["answers"] or {}).items()
    }
    return Interview(
        call=row["call"],
        version=row["version"],
        language=row["language"],
        caller=row["caller"],
        attempt=UUID(str(row["attempt_id"])) if row["attempt_id"] is not None else None,
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        result=row["result"],
        checks=row["checks"],
        contact=row["contact"] or {},
        replies=replies,
    )
