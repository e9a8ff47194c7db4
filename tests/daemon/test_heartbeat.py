"""The sign of life, and what the service manager hears of it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from sync_worker.daemon.heartbeat import SILENCE, Heartbeat, tell_systemd

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_work_loop_counts_as_alive_until_it_has_been_silent_for_too_long() -> None:
    seconds = [100.0]
    heartbeat = Heartbeat(lambda: seconds[0])
    seconds[0] += SILENCE - 1
    assert heartbeat.alive()
    seconds[0] += 1
    assert not heartbeat.alive()
    heartbeat.tick()
    assert heartbeat.alive()
    assert heartbeat.age() == 0


def test_systemd_hears_states_as_lines_of_one_datagram(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        assert tell_systemd("READY=1", "STATUS=working")
        assert manager.recv(200) == b"READY=1\nSTATUS=working"


def test_systemd_hears_through_an_abstract_socket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = f"sync-worker-{tmp_path.name}-{id(tmp_path)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        assert tell_systemd("WATCHDOG=1")
        assert manager.recv(200) == b"WATCHDOG=1"


def test_without_a_service_manager_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not tell_systemd("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not tell_systemd("READY=1")
