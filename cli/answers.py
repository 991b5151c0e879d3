"""Answers of a wizard: given as flags, remembered from a run that was stopped, or asked for; never a secret."""

import json
from collections.abc import Sequence
from pathlib import Path

import click


class Answers:
    """Asks each question once. `defaults_only` never asks: what has no default is then an error."""

    def __init__(self, given: dict[str, str], memory: Path, *, defaults_only: bool) -> None:
        self._memory = memory
        self._defaults_only = defaults_only
        self._given = dict(given)
        self._unused = set(given)
        self._known = json.loads(memory.read_text("utf-8")) if memory.exists() else {}

    @property
    def resumed(self) -> bool:
        """Whether an earlier run was stopped."""
        return bool(self._known)

    @property
    def asking(self) -> bool:
        """Whether somebody is there to be asked."""
        return not self._defaults_only

    def ask(self, key: str, question: str, *, default: str | None = None, choices: Sequence[str] = ()) -> str:
        """The answer to a question, by its key.

        Raises:
            click.UsageError: an answer that is not possible, or none although nothing may be asked.
        """
        self._unused.discard(key)
        answer = self._given.get(key) or self._known.get(key)
        if answer is None and self._defaults_only:
            if default is None:
                raise click.UsageError(f"{question}: there is no default; say --set {key}=…")
            answer = default
        if answer is None:
            kind = click.Choice(list(choices)) if choices else None
            answer = str(click.prompt(question, default=default, type=kind, err=True))
        if choices and answer not in choices:
            raise click.UsageError(f"{key}: {answer!r} is not possible; one of {', '.join(choices)}")
        self._known[key] = answer
        self._memory.write_text(json.dumps(self._known, ensure_ascii=False, indent=1), "utf-8")
        return answer

    def done(self) -> None:
        """The wizard came to its end.

        Raises:
            click.UsageError: an answer was given to a question that never came.
        """
        if self._unused:
            raise click.UsageError(f"nobody asked for {', '.join(sorted(self._unused))}")
        self._memory.unlink(missing_ok=True)
