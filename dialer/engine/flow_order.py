"""Where a call is sent, and what the flow is told of the person."""

from dialer.domain.flow_session import flow_session
from dialer.engine.live_call import LiveCall
from dialer.ports.telephony import FlowOrder


def flow_order(call: LiveCall, flow: str, entry: str = "") -> FlowOrder:
    """`entry` "": from the flow's start, or where the caller left it."""
    session = flow_session(call.id, flow)
    return FlowOrder(flow, session, call.claimed.number.e164, entry, call.attributes)
