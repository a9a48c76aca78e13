"""The demonstration: a whole campaign on one machine, from an empty folder to a report."""
