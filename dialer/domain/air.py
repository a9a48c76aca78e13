"""What the two directions of a conversation carry, and what may be wrong with them."""

from enum import StrEnum


class Direction(StrEnum):
    """Named after the side that sends."""

    CALLER = "caller"
    AGENT = "agent"


class Trouble(StrEnum):
    DEAD_AIR = "dead_air"
    """Packets both ways, and nobody speaks."""
    ONE_WAY = "one_way"
    """One side speaks, and of the other comes no packet, or, where the level is known, digital silence; or nobody speaks, and one
    side sends no packet."""
    NO_RTP = "no_rtp"
    """No packet from either side: the network, not the people."""
