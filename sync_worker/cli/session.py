"""One command's run: its options, its config, its worker, its output. Opens things when they are asked for."""

from __future__ import annotations

import getpass
import os
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sync_worker.cli.output import Format, Output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules import Vocabulary
    from sync_worker.app import Worker
    from sync_worker.config import Config, Loaded

DEFAULT_CONFIG = Path("config.toml")


def login_name() -> str:
    """Who types this; a container's user may have a number and no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


@dataclass(frozen=True, slots=True)
class Options:
    """What every command understands."""

    config: Path | None = None
    profile: str | None = None
    set: tuple[str, ...] = ()
    format: Format | None = None
    quiet: bool = False
    no_color: bool = False
    debug: bool = False

    def over(self, weaker: Options) -> Options:
        """These options, with another's where these say nothing; both sets of ``--set``, the nearer ones last."""
        return Options(
            config=self.config or weaker.config,
            profile=self.profile or weaker.profile,
            set=(*weaker.set, *self.set),
            format=self.format or weaker.format,
            quiet=self.quiet or weaker.quiet,
            no_color=self.no_color or weaker.no_color,
            debug=self.debug or weaker.debug,
        )


@dataclass(frozen=True, slots=True)
class Session:
    """What a command gets."""

    options: Options
    out: Output
    stop: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def of(cls, options: Options) -> Session:
        """The session of these options."""
        color = not (options.no_color or os.environ.get("NO_COLOR"))
        return cls(options, Output(options.format or Format.TEXT, options.quiet, color))

    @property
    def config_file(self) -> Path:
        """The file that holds the config, there or not."""
        return self.options.config or DEFAULT_CONFIG

    def loaded(self, *, secrets: bool = False) -> Loaded:
        """The config with the origin of each value. Raises ConfigInvalid."""
        from sync_worker.config import load

        return load(
            self.config_file,
            environ=os.environ,
            profile=self.options.profile,
            flags=self.options.set,
            read_secrets=secrets,
        )

    def config(self, *, secrets: bool = True) -> Config:
        """The config. Without secrets for commands that never talk to the CRM. Raises ConfigInvalid."""
        return self.loaded(secrets=secrets).config

    @contextmanager
    def worker(self, *, secrets: bool = True) -> Iterator[Worker]:
        """A worker that the first SIGINT or SIGTERM asks to stop at the next safe place; a second one interrupts."""
        from sync_worker.app import open_worker

        config = self.config(secrets=secrets)
        self._log(config)
        with self._stoppable(), open_worker(config, stop=self.stop) as worker:
            yield worker

    @contextmanager
    def informed(self) -> Iterator[Worker]:
        """A worker that knows the words of rules. The CRM's secrets are read only where it has to be asked for them."""
        with self.worker(secrets=False) as worker:
            known = worker.knows_fields
        with self.worker(secrets=not known) as worker:
            yield worker

    def words(self, file: Path | None, rules: Path | None) -> tuple[Path, Vocabulary]:
        """The rules folder, and the words that rules may use: a file's, else the store's or the CRM's.

        With a file, neither a store nor a CRM is needed, and no config where ``rules`` names the folder or it is here.
        """
        if file is not None:
            from rules import read_words

            return rules or self.rules_folder(), read_words(file)
        with self.informed() as worker:
            return rules or worker.config.rules.folder, worker.vocabulary()

    def rules_folder(self) -> Path:
        """The folder that the config names, or ``rules`` where there is no config."""
        return self.config(secrets=False).rules.folder if self.config_file.exists() else Path("rules")

    def _log(self, config: Config) -> None:
        """Commands speak through their answers: only warnings are logged, unless somebody hunts a bug."""
        from sync_worker.log import configure, secrets_of

        level: Literal["debug", "warning"] = "debug" if self.options.debug else "warning"
        configure(replace(config.log, level=level), secrets=secrets_of(config))

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        def ask(number: int, frame: object) -> None:
            del number, frame
            if self.stop.is_set():
                raise KeyboardInterrupt
            self.stop.set()
            self.out.complain("stopping at the next safe place; press again to stop at once")

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
