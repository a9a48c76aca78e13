"""The rules of law as files: read strictly, and turned into a `Rulebook`."""
