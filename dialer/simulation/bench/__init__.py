"""The pacing benchmark: our rule with one setting for everything against the rivals, each at its best setting."""
