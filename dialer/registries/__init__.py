"""Do-not-call registries of national size: immutable index files on disk, imported beside the running service."""
