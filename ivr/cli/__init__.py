"""`fairdial ivr …` and `python -m ivr …`: flows from the first line to the published version."""
