"""Benchmarks: what the product costs beside other ways to the same answers."""
