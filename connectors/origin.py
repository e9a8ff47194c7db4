"""The one address that a connector talks to: https anywhere, http on loopback only. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from connectors.port import BadReply

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


class Origin:
    """The one scheme, host and port that a connector talks to: https anywhere, http on loopback only."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
            raise ValueError(f"{url!r} is no web address: write it as https://your-domain.my.salesforce.com")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(f"{url!r} has a path: give only the scheme and the host")
        self.loopback = parts.hostname in LOOPBACK_HOSTS
        if parts.scheme == "http" and not self.loopback:
            raise ValueError(f"{url!r} is not encrypted: use https (http is for 127.0.0.1 only)")
        self.scheme, self.host = parts.scheme, parts.hostname
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.netloc = parts.netloc
        self.url = f"{self.scheme}://{self.netloc}"

    def rebase(self, url: str) -> str:
        """``url`` on this origin's scheme. A URL of another host or port is refused with BadReply."""
        parts = urlsplit(url)
        # The client library writes https in front of every host, so its default port is the one to compare with.
        if parts.hostname != self.host or (parts.port or self.port) != self.port or parts.username:
            raise BadReply(
                f"refused to call {parts.hostname}:{parts.port or '-'}: only {self.url} is allowed",
                hint="check the url in the configuration; the CRM must not send the worker to another host",
            )
        return urlunsplit((self.scheme, self.netloc, parts.path, parts.query, ""))
