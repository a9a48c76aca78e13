"""What `fairdial simulate` does, apart from its options."""
