"""The command ``market``: whose accounts they are by territory, and which are like those that were won."""

from sync_worker.market.asking import Asked
from sync_worker.market.overview import Market, market

__all__ = ["Asked", "Market", "market"]
