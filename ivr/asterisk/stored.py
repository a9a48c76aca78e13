"""What the store keeps of a session: the engine's state, and the commands of its last step beside it.

Whoever takes a session up after a crash carries these commands out again: a question is put once more, a request that may
or may not have gone out goes out. So effects happen at least once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from ivr.engine import State
from ivr.engine import commands as do
from ivr.spoken import Spoken

_COMMANDS: Final = "commands"
_KINDS: Final[Mapping[str, type[do.Command]]] = {
    kind.DO: kind
    for kind in (
        do.Play, do.Gather, do.Record, do.Transfer, do.Http, do.OptOut, do.Callback, do.Sms, do.Voicemail,
        do.SaveAnswer, do.Fault, do.HangUp, do.Ended,
    )
}  # fmt: skip


def to_json(state: State, commands: Sequence[do.Command]) -> dict[str, Any]:
    return {**state.to_json(), _COMMANDS: [_of_command(each) for each in commands]}


def from_json(stored: Mapping[str, Any]) -> tuple[State, tuple[do.Command, ...]]:
    """Raises `ValueError` or `TypeError` for what is no session of ours."""
    commands = tuple(_command(each) for each in stored.get(_COMMANDS, ()))
    return State.from_json(dict(stored)), commands


_NAMES: Final[Mapping[Any, tuple[str, ...]]] = {
    kind: tuple(field.name for field in fields(kind)) for kind in (*_KINDS.values(), Spoken)
}


def _of_command(command: do.Command) -> dict[str, Any]:
    found = {name: getattr(command, name) for name in _NAMES[type(command)]}
    if "prompts" in found:
        found["prompts"] = [
            {name: getattr(each, name) for name in _NAMES[Spoken]} for each in found["prompts"]
        ]
    return {"do": command.DO, **found}


def _command(stored: Mapping[str, Any]) -> do.Command:
    kind = _KINDS.get(stored.get("do", ""))
    if kind is None:
        raise ValueError(f"a command {stored.get('do')!r}, which this program does not know")
    known = {name: _unlisted(stored[name]) for name in _NAMES[kind] if name in stored}
    if "prompts" in known:
        known["prompts"] = tuple(_spoken(each) for each in stored["prompts"])
    return kind(**known)


def _spoken(stored: Mapping[str, Any]) -> Spoken:
    return Spoken(**{name: _unlisted(stored[name]) for name in _NAMES[Spoken] if name in stored})


def _unlisted(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
