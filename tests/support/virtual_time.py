"""Virtual time for tests: the simulation's own."""

from dialer.simulation.virtual_time import START, VirtualClock, VirtualLoop, run

__all__ = ["START", "VirtualClock", "VirtualLoop", "run"]
