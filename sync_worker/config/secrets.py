"""Secrets from files and variables. Never puts a secret into a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HIDDEN = "***"

OF_SEVERAL_LINES = frozenset({"private_key"})
"""Secrets that stand in a file of several lines."""


def from_file(path: Path) -> str:
    """The file's text without the line break at its end. Raises ValueError with what is wrong and the way out."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise ValueError(f"names no file: write the secret into {path}, mode 0600") from None
    except PermissionError:
        raise ValueError(f"may not be read by this user: check owner and mode of {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read ({error.__class__.__name__}): check {path}") from None
    if not secret:
        raise ValueError(f"names an empty file: write the secret into {path}")
    return secret


def from_variable(name: str, environ: Mapping[str, str]) -> str:
    """The variable's text. Raises ValueError where there is none."""
    secret = environ.get(name, "").strip()
    if not secret:
        raise ValueError(f"names a variable that is not set: set {name} where the worker starts")
    return secret


def check_line(secret: str) -> None:
    """Raise ValueError for what cannot be sent in a header: an HTTP library's refusal would show it whole."""
    if "\n" in secret or "\r" in secret:
        raise ValueError("holds more than one line: leave the secret alone there")
    if not (secret.isascii() and secret.isprintable()):
        raise ValueError("holds a letter that no secret has, such as a mark that an editor put before it")


def masked_url(url: str) -> str:
    """The URL with its password hidden, also where it stands in the query."""
    head, at, tail = url.rpartition("@")
    if at and ":" in head.partition("://")[2]:
        scheme, _, rest = head.partition("://")
        url = f"{scheme}://{rest.partition(':')[0]}:{HIDDEN}@{tail}"
    start, mark, query = url.partition("?")
    parts = [f"password={HIDDEN}" if part.lower().startswith("password=") else part for part in query.split("&")]
    return start + mark + "&".join(parts)


def has_password(url: str) -> bool:
    """True when the URL itself holds a password."""
    return masked_url(url) != url
