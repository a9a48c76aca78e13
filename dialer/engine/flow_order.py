"""Where a call is sent, and what the flow is told of the person."""

from dialer.domain.flow_session import flow_session
from dialer.engine.live_call import LiveCall
from dialer.ports.telephony import FlowOrder


def flow_order(call: LiveCall, flow: str, entry: str = "", session: str | None = None) -> FlowOrder:
    """`entry` "": from the flow's start, or where the caller left it. `session` None: that of this call and flow, which for
    who called us through the flow is the caller's own."""
    own = call.caller.session if call.caller is not None and call.caller.flow == flow else ""
    session = session or own or flow_session(call.id, flow)
    return FlowOrder(flow, session, call.claimed.number.e164, entry, call.attributes)
