"""The command line: `fairdial …`."""
