"""What a conversation with a caller can end in, apart from the end of its script.

IvrError
├── CallerHungUp         the channel is gone: an outcome, not a fault
├── LinkBroken           the connection to Asterisk ended, or is out of step
│   └── NoReply          Asterisk did not answer a command within its deadline
└── ProtocolViolation    what arrived is not AGI
"""


class IvrError(Exception): ...


class CallerHungUp(IvrError): ...


class LinkBroken(IvrError): ...


class NoReply(LinkBroken): ...


class ProtocolViolation(IvrError): ...
