"""Rivals and bounds to measure a pacer against: each one rule, played on the same floor."""
