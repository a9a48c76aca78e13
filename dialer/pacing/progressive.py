"""Progressive pacing: one line for each free agent, so nobody is called who cannot be answered."""

from dialer.pacing.decision import PacingDecision, PacingView


def progressive(view: PacingView) -> PacingDecision:
    if not view.link_up:
        return PacingDecision(0, "telephony is down")
    free = view.ready_agents - view.waiting - view.lines
    if free <= 0:
        return PacingDecision(
            0, f"{view.ready_agents} free agents, {view.lines} lines out, {view.waiting} callers waiting"
        )
    limits = {"free agents": free, "trunk room": view.trunk_room}
    if view.most_lines is not None:
        limits["the campaign's own limit"] = view.most_lines - view.lines
    binding = min(limits, key=lambda name: limits[name])
    return PacingDecision(max(limits[binding], 0), f"{binding}: {max(limits[binding], 0)}")
