"""Books of accounts made up and filled by several packages, ours among them, each held to the same proven bound."""
