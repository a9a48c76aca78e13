"""What `fairdial simulate` does, apart from its options."""

from dialer.cli.simulation.listing import catalogue
from dialer.cli.simulation.studying import sizing, study, tuning

__all__ = ["catalogue", "sizing", "study", "tuning"]
