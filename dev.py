#!/usr/bin/env python3
"""Sets the house up and runs it: the demo and the checks. Standard library only; touches nothing outside this folder.

python3 dev.py demo [...]      install what the worker needs, then run `sync-worker demo ...`
python3 dev.py test [--ci]     install what the checks need, then run all of them
python3 dev.py test ARGS       the tests alone, with these pytest arguments
python3 dev.py lint            the checks without the tests
python3 dev.py setup           install only
python3 dev.py lock            resolve the locks again from pyproject.toml (needs uv)
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

# The check stands above every annotation: older versions read this file only so far.
if sys.version_info < (3, 11):  # noqa: UP036 - people do start this file with older versions
    names = [name for name in ("python3.13", "python3.12", "python3.11") if shutil.which(name)]
    working = (name for name in names if subprocess.call([name, "-c", ""], stderr=subprocess.DEVNULL) == 0)
    newer = next(working, "python3.11")
    sys.exit(
        "sync-worker needs Python 3.11 or later, and this is {} ({}).\n"
        "Start dev.py with a newer one: {} dev.py {}".format(
            ".".join(map(str, sys.version_info[:3])), sys.executable, newer, " ".join(sys.argv[1:])
        )
    )

if os.name != "posix":
    sys.exit("sync-worker runs on Linux and macOS; on Windows, start dev.py inside WSL.")

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "dev-py.json"
BUILD, RUNTIME, DEV = (ROOT / "locks" / name for name in ("build.txt", "runtime.txt", "dev.txt"))

LOCKS = {"demo": (BUILD, RUNTIME), "test": (DEV,)}
SOURCES = {
    BUILD: ["--group", "build"],
    RUNTIME: ["pyproject.toml", "--extra", "postgresql"],
    DEV: ["pyproject.toml", "--extra", "postgresql", "--group", "dev"],
}
RESOLVE = ["--universal", "--python-version", "3.11", "--generate-hashes"]
RESOLVE += ["--no-emit-index-url", "--no-header", "--no-annotate"]

CHECKS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "import-linter": ["lint-imports"],
}
TESTS = ["pytest", "-n", "2", "--dist", "worksteal"]

NO_INSTALLER = """\
No way to install packages was found: this Python ({python}) has neither ensurepip nor pip,
and neither uv nor virtualenv is on the PATH. Any one of these mends it:
  Debian, Ubuntu   sudo apt install python{version}-venv
  Fedora, RHEL     sudo dnf install python3-pip
  elsewhere        install Python from python.org, or uv
Then run the same command again."""


class SetupError(Exception):
    """The house cannot be set up; the message says what a person can do about it."""


def say(text: str) -> None:
    """Tell a person what happens. On stderr: stdout belongs to the command that is run."""
    print(text, file=sys.stderr, flush=True)


def environment() -> dict[str, str]:
    """Give this process's environment without what would lead pip or Python out of the virtual environment."""
    astray = {"PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "VIRTUAL_ENV", "UV_SYSTEM_PYTHON"}
    kept = {name: value for name, value in os.environ.items() if name not in astray}
    return kept | {
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def succeeds(*command: "str | Path") -> bool:
    """Tell whether a command runs and ends well; what it prints is dropped."""
    try:
        done = subprocess.run(
            [*map(str, command)], env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def run(*command: "str | Path") -> None:
    """Run a step of the installation with its output on stderr; raises SetupError when it fails."""
    line = [*map(str, command)]
    done = subprocess.run(line, env=environment(), stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False, cwd=ROOT)
    if done.returncode != 0:
        message = f"\nThis step failed, and its own message stands above:\n  {' '.join(line)}"
        raise SetupError(message)


# The virtual environment and its installer --------------------------------------------------------------------


def make_venv() -> None:
    """Make `.venv`, with pip in it where this machine can put it there. A broken one is replaced."""
    if succeeds(PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"):
        return
    if VENV.exists():
        say(f"{VENV} does not work any more (was Python upgraded or the folder moved?): making it again")
        shutil.rmtree(VENV)
    say(f"making {VENV} with Python {sys.version.split()[0]}")
    virtualenv = shutil.which("virtualenv")
    if succeeds(sys.executable, "-c", "import ensurepip"):
        run(sys.executable, "-m", "venv", VENV)
    elif virtualenv:
        run(virtualenv, "--quiet", "--python", sys.executable, VENV)
    else:
        run(sys.executable, "-m", "venv", "--without-pip", VENV)


def installer() -> "list[str]":
    """Find a command that installs into `.venv`; raises SetupError with the ways out when there is none."""
    own = [str(PYTHON), "-m", "pip"]
    if succeeds(*own, "--version") or succeeds(PYTHON, "-m", "ensurepip"):
        return [*own, "install"]
    outer = [sys.executable, "-m", "pip"], *([path] for path in map(shutil.which, ("pip3", "pip")) if path)
    for pip in outer:
        if succeeds(*pip, "--python", PYTHON, "list"):  # a pip too old for this Python fails only when it looks
            return [*pip, "--python", str(PYTHON), "install"]
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--python", str(PYTHON)]
    for pip in outer:  # too old to know --python, yet able to bring a newer pip
        if succeeds(*pip, "install", "--target", site_packages(), "pip"):
            return [*own, "install"]
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    raise SetupError(NO_INSTALLER.format(python=sys.executable, version=version))


def site_packages() -> str:
    """Where `.venv` keeps its packages."""
    show = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return subprocess.run([PYTHON, "-c", show], capture_output=True, text=True, check=True).stdout.strip()


# What is installed, and the stamp that says so ----------------------------------------------------------------


def fingerprint(*locks: Path) -> str:
    """Name an installation: its locks, the project's own metadata, the virtual environment and its place."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in (*locks, ROOT / "pyproject.toml", VENV / "pyvenv.cfg"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stamps() -> "dict[str, str]":
    """What has been installed so far; nothing when the stamp is missing or unreadable."""
    try:
        found = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def installed(wanted: str) -> bool:
    """Tell whether an installation of this kind is in place. One for the checks serves the demo as well."""
    found = stamps()  # none, and no fingerprint asked for, while there is no virtual environment
    enough = {"demo", "test"} if wanted == "demo" else {"test"}
    return any(found[kind] == fingerprint(*LOCKS[kind]) for kind in enough & found.keys()) and succeeds(
        PYTHON, "-c", ""
    )


def install(wanted: str) -> None:
    """Install the pinned packages of a kind (`demo` or `test`), each checked against its hash, and the project."""
    if installed(wanted):
        return
    locks = LOCKS[wanted]
    make_venv()
    pip = [*installer(), "--quiet"]
    say(f"installing {' and '.join(str(lock.relative_to(ROOT)) for lock in locks)} into .venv (a minute or two)")
    # Wheels alone: building a source archive would run code that no hash vouches for.
    run(*pip, "--require-hashes", "--only-binary", ":all:", *(f"--requirement={lock}" for lock in locks))
    run(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    # The stamp comes last: an installation that was cut short is taken up again.
    STAMP.write_text(json.dumps(stamps() | {wanted: fingerprint(*locks)}, indent=2) + "\n")


# The commands -------------------------------------------------------------------------------------------------


def demo(arguments: "list[str]") -> int:
    """Run the demo in place of this process, so that signals and the exit code are its own."""
    install("demo")
    os.chdir(ROOT)
    os.execve(PYTHON, [str(PYTHON), "-m", "sync_worker", "demo", *arguments], environment())


def check(name: str, command: "list[str]", extra: "dict[str, str]") -> bool:
    """Run one check from the root of the project and say how it ended."""
    say(f"== {name}")
    program = VENV / "bin" / command[0]
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run([program, *command[1:]], cwd=ROOT, check=False, env=environment() | {"PATH": path} | extra)
    return done.returncode == 0


def report(outcomes: "dict[str, bool]") -> int:
    """Sum up, so that the last line tells the whole."""
    say("\n" + ", ".join(f"{name}: {'ok' if good else 'FAILED'}" for name, good in outcomes.items()))
    return 0 if all(outcomes.values()) else 1


def lint(arguments: "list[str]") -> int:
    """Run every check but the tests; all of them run, whatever the first ones say."""
    del arguments
    install("test")
    return report({name: check(name, command, {}) for name, command in CHECKS.items()})


def test(arguments: "list[str]") -> int:
    """Run every check and all tests. `--ci` tries more examples in property tests and colours nothing."""
    install("test")
    ci = "--ci" in arguments
    rest = [argument for argument in arguments if argument != "--ci"]
    extra = {"HYPOTHESIS_PROFILE": "ci", "NO_COLOR": "1"} if ci else {}
    checks = {} if rest else CHECKS
    outcomes = {name: check(name, command, extra) for name, command in checks.items()}
    outcomes["pytest"] = check("pytest", [*TESTS, *rest], extra)
    return report(outcomes)


def setup(arguments: "list[str]") -> int:
    """Install what the checks need, and with it what everything needs."""
    del arguments
    install("test")
    say(f"ready: {(VENV / 'bin' / 'sync-worker').relative_to(ROOT)} --help")
    return 0


def lock(arguments: "list[str]") -> int:
    """Resolve the locks again; `--upgrade` takes newer versions. Packages that are locked stay where they can."""
    uv = shutil.which("uv")
    if not uv:
        message = "'lock' needs uv on the PATH: install it as its documentation says, or use 'pipx install uv'"
        raise SetupError(message)
    # Each lock is held to the next larger one, so that the same package has one version in all of them.
    for path, source in reversed(SOURCES.items()):
        held = [] if path == DEV else ["--constraint", str(DEV.relative_to(ROOT))]
        target = str(path.relative_to(ROOT))
        run(uv, "pip", "compile", "--quiet", *source, *RESOLVE, *held, *arguments, "-o", target)
    return 0


COMMANDS = {"demo": demo, "test": test, "lint": lint, "setup": setup, "lock": lock}


def main(arguments: "list[str]") -> int:
    """Run one command. Exit codes: 0 well, 1 a check failed or set-up is impossible, 2 not understood."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if name in {"-h", "--help", "help"}:
        say(__doc__)
        return 0
    if name not in COMMANDS:
        say(f"unknown command '{name}'\n\n{__doc__}" if name else __doc__)
        return 2
    try:
        return COMMANDS[name](rest)
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
