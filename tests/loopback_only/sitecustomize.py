"""Python imports this file at its start when its folder is on PYTHONPATH: it refuses sockets beyond loopback.

``tests/conftest.py`` puts it there for the test process and for every process that tests start. An audit hook cannot
be taken off again, and sees every socket that Python code opens, whatever library opens it.
"""

from __future__ import annotations

import ipaddress
import sys

_WATCHED = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})


class BeyondLoopback(RuntimeError):
    """A test tried to reach, or to be reached from, another machine."""


def stays_here(host: object) -> bool:
    """Tell whether an address names this machine alone; Unix sockets and None do."""
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name == "localhost":
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False


def refuse_strangers(event: str, arguments: tuple[object, ...]) -> None:
    """Stop a connection, a listener or a name look-up that leaves this machine."""
    if event in _WATCHED:
        address = arguments[1]
        # Only Internet addresses are tuples that begin with a host; Unix sockets are paths.
        if isinstance(address, tuple) and address and isinstance(address[0], str) and not stays_here(address[0]):
            raise BeyondLoopback(f"{event} to {address[0]!r}: tests may open sockets on loopback only")
    elif event in _LOOKUPS and not stays_here(arguments[0]):
        raise BeyondLoopback(f"{event} of {arguments[0]!r}: tests may look up no name but localhost")


sys.addaudithook(refuse_strangers)
