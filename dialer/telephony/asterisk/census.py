"""CoreShowChannels read as a census of our calls and phones. What it lists is entered on the switchboard."""

from collections.abc import Sequence

from dialer.domain.events import LineSign
from dialer.domain.ids import AgentId, AttemptId
from dialer.ports.telephony import Census, LiveCall
from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.calls_in_hand import Switchboard
from dialer.telephony.asterisk.dialplan import CONTEXT_IVR, CONTEXT_TRANSFER, agent_of

_UP, _RINGING = "6", "5"


def read_census(channels: Sequence[AmiEvent], board: Switchboard) -> Census:
    alive = {channel.get("Uniqueid"): channel for channel in channels}
    desks = _take_desks(alive, board)
    calls = []
    for channel, row in alive.items():
        if (attempt := board.attempt_on(channel)) is None:
            continue
        agent = desks.get(row.get("BridgeId")) if row.get("BridgeId") else None
        calls.append(_live(attempt, row, agent))
        _enter(board, channel, row, agent)
    for channel in [channel for channel in board.calls if channel not in alive]:
        board.drop_call(channel)
    connected = {desk.agent for desk in board.desks.values() if desk.up}
    called = {desk.agent for desk in board.desks.values()} - connected
    return Census(calls, sorted(connected), sorted(called))


def _live(attempt: AttemptId, row: AmiEvent, agent: AgentId | None) -> LiveCall:
    state, where = row.get("ChannelState"), row.get("Context")
    waits = where == CONTEXT_TRANSFER and row.get("Application") == "BridgeWait"
    return LiveCall(
        attempt,
        state == _UP,
        agent,
        state == _RINGING,
        in_flow=agent is None and where in (CONTEXT_IVR, CONTEXT_TRANSFER),
        wants_agent=agent is None and waits,
    )


def _enter(board: Switchboard, channel: str, row: AmiEvent, agent: AgentId | None) -> None:
    if (call := board.calls.get(channel)) is None:
        return
    call.agent, call.bridge = agent, row.get("BridgeId")
    call.recording = call.recording or agent is not None
    if row.get("ChannelState") == _RINGING and call.watch is not None:
        call.watch.signed(LineSign.RINGING)  # if it began unheard, it is measured from now
    if row.get("ChannelState") == _UP:
        call.answered = True
        if call.watch is not None:
            call.watch.stop()
        if agent is None and row.get("BridgeId"):
            call.parked.set()


def _take_desks(alive: dict[str, AmiEvent], board: Switchboard) -> dict[str, AgentId]:
    """Enter the phones that are connected or called, drop those that are not; the answer maps bridges to agents."""
    for channel in [channel for channel in board.desks if channel not in alive]:
        board.drop_desk(channel)
    bridges: dict[str, AgentId] = {}
    for channel, row in alive.items():
        if (agent := agent_of(channel)) is None:
            continue
        desk = board.desks.get(channel) or board.add_desk(agent, channel)
        if row.get("ChannelState") == _UP:
            desk.up, desk.bridge = True, row.get("BridgeId")
            bridges[desk.bridge] = agent
    return bridges
