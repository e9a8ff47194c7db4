"""Keeps sales teams' books of accounts fresh."""

__version__ = "0.1.0"
