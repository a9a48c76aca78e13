"""Other systems asked over HTTP during a call: only where flow and installation allow it, and never inside the house."""

from ivr.lookups.addresses import PrivateAddress, public
from ivr.lookups.asking import HttpLookups, LookupRules, Told

__all__ = ["HttpLookups", "LookupRules", "PrivateAddress", "Told", "public"]
