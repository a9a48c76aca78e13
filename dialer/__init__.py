"""Fairdial: dials campaigns and answers callers, fairly."""

__version__ = "0.1.0"
