"""What a conversation with a caller can end in, apart from the end of its script; and why a flow is refused.

IvrError
├── CallerHungUp         the channel is gone: an outcome, not a fault
├── LinkBroken           the connection to Asterisk ended, or is out of step
│   └── NoReply          Asterisk did not answer a command within its deadline
├── ProtocolViolation    what arrived is not AGI
├── ExpressionError      an expression cannot be read, or came to no value
├── FlowRefused          a flow file with mistakes (ivr.flow.problems)
├── WrongVersion         a session was handed another version of its flow than the one it began with
├── SessionTaken         somebody else has gone on with this session
├── NotPublished         no such flow or version in the store
├── PromptsRefused       a prompt's recording, settings or synthesiser cannot be used
└── MissingPrompt        words for which no sound has been made
"""

from typing import Any


class IvrError(Exception): ...


class CallerHungUp(IvrError): ...


class LinkBroken(IvrError): ...


class NoReply(LinkBroken): ...


class ProtocolViolation(IvrError): ...


class ExpressionError(IvrError):
    """`key` and `values` are for the catalogue of words (`expression.<key>`), `at` is the offending character's place."""

    def __init__(self, key: str, at: int = 0, **values: Any) -> None:
        super().__init__(key, at, values)
        self.key, self.at, self.values = key, at, values

    def __str__(self) -> str:
        return " ".join([self.key, *(f"{name}={value!r}" for name, value in self.values.items())])


class WrongVersion(IvrError): ...


class SessionTaken(IvrError): ...


class NotPublished(IvrError): ...


class PromptsRefused(IvrError): ...


class MissingPrompt(IvrError):
    """`prompt` is empty for one written in place; `words` are those without a sound."""

    def __init__(self, prompt: str, language: str, words: str, flow: str = "") -> None:
        super().__init__(prompt, language, words, flow)
        self.prompt, self.language, self.words, self.flow = prompt, language, words, flow

    def __str__(self) -> str:
        which = f"prompt {self.prompt}" if self.prompt else "a prompt written in place"
        flow = self.flow or "FLOW"
        return f"{which} has no sound in {self.language} for {self.words[:80]!r}: run `fairdial ivr prompts build {flow}`"
