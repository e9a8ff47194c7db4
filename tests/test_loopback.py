"""The tests' own promise: nothing they run talks to another machine."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request

import pytest

# Addresses that documentation may use and that nobody has (RFC 5737, RFC 3849).
STRANGERS = [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")]


@pytest.mark.parametrize(("family", "host"), STRANGERS)
def test_a_connection_to_another_machine_is_refused(family: int, host: str) -> None:
    with socket.socket(family) as stranger, pytest.raises(RuntimeError, match="loopback only"):
        stranger.connect((host, 443))


def test_a_listener_that_others_could_reach_is_refused() -> None:
    with socket.socket() as listener, pytest.raises(RuntimeError, match="loopback only"):
        listener.bind(("0.0.0.0", 0))  # noqa: S104 - the very thing that must fail


def test_a_name_look_up_is_refused() -> None:
    with pytest.raises(RuntimeError, match="no name but localhost"):
        socket.getaddrinfo("crm.example", 443)


def test_loopback_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_processes_that_tests_start_are_held_too() -> None:
    program = "import urllib.request; urllib.request.urlopen('http://192.0.2.1/')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "BeyondLoopback" in done.stderr


def test_a_library_cannot_hide_the_refusal_as_an_unreachable_host() -> None:
    """The refusal is no OSError, so code that copes with a CRM being away does not cope with it."""
    with pytest.raises(RuntimeError, match="tests may"):
        urllib.request.urlopen("http://192.0.2.1/")
