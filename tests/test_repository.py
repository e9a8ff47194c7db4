"""The repository keeps its promises: one map, pinned packages, a complete wheel, commands in documents that exist."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import sync_worker
from sync_worker.cli.starting import Template, start
from sync_worker.config import load

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = ("sync_worker", "connectors", "rules", "migrations")
OWN_FOLDERS = (*PACKAGES, "tests", "benchmarks", "tools", "docs", "deploy", ".ci", "locks")
LOCKS = {
    "build": PROJECT["dependency-groups"]["build"],
    "runtime": [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["postgresql"]],
    "dev": [one for one in PROJECT["dependency-groups"]["dev"] if isinstance(one, str)],
}


def own_files(*endings: str) -> list[Path]:
    """Every file of the project with such an ending, caches and local state left out."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in OWN_FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return sorted(path for path in found if path.suffix in endings or path.name in endings)


def locked(name: str) -> dict[str, str]:
    """Package → version as one lock pins it."""
    lines = (ROOT / "locks" / f"{name}.txt").read_text().splitlines()
    pins = [line.split(";")[0].rstrip(" \\").split("==") for line in lines if "==" in line and not line.startswith(" ")]
    return {canonicalize_name(package.split("[")[0]): version.strip() for package, version in pins}


# Locks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_one_version_and_hashes(name: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / "locks" / f"{name}.txt").read_text().strip())
    for block in blocks:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==[^ ]+", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, f"{block.splitlines()[0]} has no hash"


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_satisfies_what_the_project_asks_for(name: str) -> None:
    pins = locked(name)
    for text in LOCKS[name]:
        wanted = Requirement(text)
        version = pins.get(canonicalize_name(wanted.name))
        assert version is not None, f"locks/{name}.txt lacks {wanted.name}: run 'python3 dev.py lock'"
        assert wanted.specifier.contains(version), f"locks/{name}.txt has {wanted.name} {version}, wanted {wanted}"


@pytest.mark.parametrize("name", ["build", "runtime"])
def test_the_smaller_locks_are_part_of_the_largest(name: str) -> None:
    assert locked(name).items() <= locked("dev").items()


def test_no_file_names_a_package_registry() -> None:
    for path in own_files(".txt", ".toml", ".py", ".md", ".yaml", ".cfg", "Dockerfile", "run"):
        if path != Path(__file__):
            assert not re.search(r"pypi\.org|pythonhosted|--index-url|extra-index", path.read_text()), path


# dev.py ---------------------------------------------------------------------------------------------------------


def test_dev_py_needs_the_standard_library_alone() -> None:
    tree = ast.parse((ROOT / "dev.py").read_text())
    names = [
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    ]
    assert names
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_dev_py_can_be_read_by_versions_that_it_turns_away() -> None:
    """An older Python must get as far as the message: nothing before it may be syntax of a later version."""
    ast.parse((ROOT / "dev.py").read_text(), feature_version=(3, 7))


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["dance"], 2), (["--help"], 0)])
def test_dev_py_explains_itself(arguments: list[str], code: int) -> None:
    done = subprocess.run([sys.executable, ROOT / "dev.py", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "python3 dev.py demo" in done.stderr
    assert done.stdout == ""


def test_ci_runs_the_checks_and_then_the_demo() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    lines = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "set -euo pipefail"
    assert lines[-2:] == ["python3 dev.py test --ci", "python3 dev.py demo"]


# The wheel ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what version control would hold."""
    work = tmp_path_factory.mktemp("wheel")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, work / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, work)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"]
    done = subprocess.run(build, cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = (work / "dist").glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == expected
    assert "rules/templates" in "\n".join(held)
    assert "migrations/versions" in "\n".join(held)
    assert {f"{package}/py.typed" for package in PACKAGES} <= held


def test_the_wheel_starts_where_only_it_and_its_dependencies_are(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
        (entry,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        (metadata,) = [name for name in archive.namelist() if name.endswith("METADATA")]
        scripts = ConfigParser()
        scripts.read_string(archive.read(entry).decode())
        assert f"Version: {sync_worker.__version__}" in archive.read(metadata).decode()
    module, function = scripts["console_scripts"]["sync-worker"].split(":")
    # First on the path: the unpacked wheel. The file that is imported shows that it is the one that runs.
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {module} as start; "
        f"assert start.__file__.startswith({str(tmp_path)!r}); sys.argv = ['sync-worker', '--help']; "
        f"sys.exit(start.{function}())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "sandbox" in done.stdout


def test_one_version_everywhere() -> None:
    version = sync_worker.__version__
    assert PROJECT["project"]["version"] == version
    assert f"image: sync-worker:{version}\n" in (ROOT / "compose.yaml").read_text()
    assert f"\n## {version}" in (ROOT / "CHANGELOG.md").read_text()


# Image, compose file, systemd unit ------------------------------------------------------------------------------


def instructions() -> list[list[str]]:
    text = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text()))
    return [line.split() for line in text.splitlines() if line.strip()]


def test_everything_that_the_image_copies_exists_and_is_let_through() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [
        source
        for line in instructions()
        if line[0] == "COPY" and not line[1].startswith("--from")
        for source in line[1:-1]
    ]
    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert source in let_through, source


def test_the_image_runs_without_privileges_and_says_how_it_is() -> None:
    last = max(number for number, line in enumerate(instructions()) if line[0] == "FROM")
    final = {line[0]: line[1:] for line in instructions()[last:]}
    assert final["USER"] == ["10001:10001"]
    assert final["ENTRYPOINT"] == ['["sync-worker"]']
    assert final["STOPSIGNAL"] == ["SIGTERM"]
    assert "CMD" in final["HEALTHCHECK"]
    run = " ".join(word for line in instructions()[last:] if line[0] == "RUN" for word in line[1:])
    assert "pip uninstall" in run
    assert not re.search(r"pip install|apt", run)


def test_the_compose_file_mounts_what_exists_and_gives_no_privileges() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    for name in ("worker", "upgrade", "sandbox"):
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not [key for key in service["environment"] if re.search(r"SECRET$|PASSWORD$|TOKEN$|__URL$", key)]
    for service in compose["services"].values():
        assert set(service.get("secrets", [])) <= compose["secrets"].keys()
        assert {mount.split(":")[0] for mount in service["volumes"] if mount[0] != "."} <= compose["volumes"].keys()
        assert all(publish.startswith("127.0.0.1:") for publish in service.get("ports", []))
    assert compose["services"]["worker"]["stop_grace_period"] == "30s"


def test_the_unit_lets_the_worker_end_and_keeps_it_in() -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[method-assign, assignment]  # keys of a unit are case-sensitive
    unit.read(ROOT / "deploy" / "sync-worker.service")
    service = unit["Service"]
    expected = {
        "Type": "notify",
        "ProtectSystem": "strict",
        "NoNewPrivileges": "yes",
        "DynamicUser": "yes",
        "StateDirectory": "sync-worker",
        "CapabilityBoundingSet": "",
        "TimeoutStopSec": "30",
    }
    assert {key: service[key] for key in expected} == expected
    assert int(service["WatchdogSec"]) > 0
    assert "LoadCredential" in service


def test_variables_that_compose_file_and_unit_set_are_settings(tmp_path: Path) -> None:
    """Each with a secret in a file, as the service finds it, the config loads."""
    secret, url = tmp_path / "secret", tmp_path / "url"
    secret.write_text("hush")
    url.write_text("postgresql+psycopg://worker:hush@postgres/sync_worker")
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["worker"]["environment"]
    unit = dict(re.findall(r"(?m)^Environment=([A-Z_]+)=(.*)$", (ROOT / "deploy" / "sync-worker.service").read_text()))
    made = start(tmp_path / "here", Template.STARTER)
    for environ in (compose, unit):
        here = {
            name: value.replace("/run/secrets/client_secret", str(secret))
            .replace("/run/secrets/store_url", str(url))
            .replace("%d/client_secret", str(secret))
            .replace("%S", str(tmp_path))
            for name, value in environ.items()
        }
        config = load(made.config, environ=here).config
        assert config.salesforce is not None
        assert config.salesforce.client_secret == "hush"
        assert config.store.url in {url.read_text(), f"sqlite:///{tmp_path}/sync-worker/sync-worker.db"}


# Documents ------------------------------------------------------------------------------------------------------

DOCUMENTS = own_files(".md")


@pytest.mark.parametrize("path", DOCUMENTS, ids=[path.relative_to(ROOT).as_posix() for path in DOCUMENTS])
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", path.read_text()):
        assert (path.parent / target).exists(), f"{path.relative_to(ROOT)} links to {target}"


def anchors(path: Path) -> set[str]:
    """What links into a document may name: its headings as GitHub turns them into anchors."""
    text = re.sub(r"(?ms)^```.*?^```", "", path.read_text())
    headings = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", found) for found in re.findall(r"(?m)^#+ (.*)$", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=[path.relative_to(ROOT).as_posix() for path in DOCUMENTS])
def test_links_to_headings_lead_to_one(path: Path) -> None:
    text = re.sub(r"(?ms)^```.*?^```", "", path.read_text())
    for target, anchor in re.findall(r"\]\((?!https?://|mailto:)([^)#\s]*\.md|)#([^)\s]+)\)", text):
        found = (path.parent / target).resolve() if target else path
        assert anchor in anchors(found), f"{path.relative_to(ROOT)} links to {target}#{anchor}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=[path.relative_to(ROOT).as_posix() for path in DOCUMENTS])
def test_scripts_and_files_named_in_code_blocks_exist(path: Path) -> None:
    for block in re.findall(r"```[a-z]*\n(.*?)```", path.read_text(), re.DOTALL):
        for name in re.findall(r"python3 (\S+\.py)", block):
            assert (ROOT / name).exists(), f"{path.relative_to(ROOT)}: {name}"


def test_every_document_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    for path in (ROOT / "docs").glob("*.md"):
        assert path.name == "index.md" or f"({path.name})" in index, path.name


def test_the_map_shows_places_that_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    for name in re.findall(r"`((?:sync_worker|connectors|rules|tests|migrations|tools)/[^` ]*)`", text):
        assert (ROOT / name).exists(), name
    for folder, modules in re.findall(r"(?m)^\| `(\w+)/` \| (.*) \|$", text):
        for module in re.findall(r"`(\w+\*?)/?`", modules):
            found = list((ROOT / "sync_worker" / folder).glob(f"{module}.py"))
            assert found or (ROOT / "sync_worker" / folder / module).is_dir(), f"{folder}/{module}"
    language = text.split("## The rule language")[1].split("\n## ")[0]
    for module in re.findall(r"`(\w+)/?`", "".join(re.findall(r"(?m)^\| .*", language))):
        assert (ROOT / "rules" / f"{module}.py").exists() or (ROOT / "rules" / module).is_dir(), f"rules/{module}"


# Words ----------------------------------------------------------------------------------------------------------


def test_no_module_is_named_for_nothing() -> None:
    empty = {"manager", "handler", "helper", "helpers", "processor", "service", "utils", "util", "misc", "data", "info"}
    names = {path.stem for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert not names & empty


def test_no_module_of_the_product_is_too_long_to_read() -> None:
    lists = {"connectors/sandbox/catalog.py"}  # the CRM's fields: looked up, not read
    long = {
        path.relative_to(ROOT).as_posix(): count
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if (count := len(path.read_text().splitlines())) > 450
    }
    assert not long.keys() - lists


def test_every_exception_from_a_check_gives_its_reason() -> None:
    for path in own_files(".py"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"#\s*noqa", line) and path != Path(__file__):
                assert re.search(r"# noqa: [A-Z0-9, ]+ - \w", line), (
                    f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
                )
