"""An agent and the phone that stays connected for the whole shift."""

from collections.abc import Mapping
from enum import StrEnum


class AgentState(StrEnum):
    LOGGED_OUT = "logged_out"
    CONNECTING = "connecting"  # the phone is being called
    READY = "ready"
    PREVIEW = "preview"  # looks at a contact before it is dialled, or hears it ring
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


class AgentSignal(StrEnum):
    LOGIN = "login"
    PHONE_UP = "phone_up"
    PHONE_DOWN = "phone_down"
    OFFER = "offer"  # a contact to look at
    JOIN = "join"
    RELEASE = "release"  # the caller left before the two were joined, or the offer is over
    CALL_ENDED = "call_ended"
    WRAPPED_UP = "wrapped_up"
    PAUSE = "pause"
    RESUME = "resume"
    LOGOUT = "logout"


_S, _G = AgentState, AgentSignal

TRANSITIONS: Mapping[tuple[AgentState, AgentSignal], AgentState] = {
    (_S.LOGGED_OUT, _G.LOGIN): _S.CONNECTING,
    (_S.CONNECTING, _G.PHONE_UP): _S.READY,
    (_S.CONNECTING, _G.PHONE_DOWN): _S.LOGGED_OUT,
    (_S.CONNECTING, _G.LOGOUT): _S.LOGGED_OUT,
    (_S.READY, _G.OFFER): _S.PREVIEW,
    (_S.READY, _G.JOIN): _S.ON_CALL,
    (_S.READY, _G.PAUSE): _S.PAUSED,
    (_S.READY, _G.LOGOUT): _S.LOGGED_OUT,
    (_S.READY, _G.PHONE_DOWN): _S.LOGGED_OUT,
    (_S.PREVIEW, _G.JOIN): _S.ON_CALL,
    (_S.PREVIEW, _G.RELEASE): _S.READY,
    (_S.PREVIEW, _G.PHONE_DOWN): _S.LOGGED_OUT,
    (_S.ON_CALL, _G.RELEASE): _S.READY,
    (_S.ON_CALL, _G.CALL_ENDED): _S.WRAP_UP,
    (_S.ON_CALL, _G.PHONE_DOWN): _S.LOGGED_OUT,
    (_S.WRAP_UP, _G.WRAPPED_UP): _S.READY,
    (_S.WRAP_UP, _G.PAUSE): _S.PAUSED,
    (_S.WRAP_UP, _G.LOGOUT): _S.LOGGED_OUT,
    (_S.WRAP_UP, _G.PHONE_DOWN): _S.LOGGED_OUT,
    (_S.PAUSED, _G.RESUME): _S.READY,
    (_S.PAUSED, _G.LOGOUT): _S.LOGGED_OUT,
    (_S.PAUSED, _G.PHONE_DOWN): _S.LOGGED_OUT,
}
