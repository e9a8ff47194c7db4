"""``sync-worker run``: the one place that knows that time passes. It decides nothing about accounts."""
