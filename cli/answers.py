"""Answers of a wizard: given as flags, remembered from a run that was stopped, or asked for; never a secret."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from cli.asking import asking
from connectors.replacing import replace_file

_DOUBTED = "to be asked again"


class Answers:
    """Asks each question once. `defaults_only` never asks: what has no default is then an error."""

    def __init__(self, given: dict[str, str], memory: Path, *, defaults_only: bool) -> None:
        self._memory = memory
        self._defaults_only = defaults_only
        self._given = dict(given)
        self._unused = set(given)
        kept = _remembered(memory)
        self._doubted = kept.pop(_DOUBTED, {})
        self._known = kept

    @property
    def resumed(self) -> bool:
        """Whether an earlier run was stopped."""
        return bool(self._known or self._doubted)

    @property
    def asking(self) -> bool:
        """Whether somebody is there to be asked."""
        return not self._defaults_only

    def ask(
        self,
        key: str,
        question: str,
        *,
        default: str | None = None,
        choices: Sequence[str] = (),
        check: Callable[[str], object] = str,
    ) -> str:
        """The answer to a question, by its key; `check` raises `click.UsageError` for one that must not be kept.

        Raises:
            click.UsageError: an answer that is not possible, or none although nothing may be asked.
        """

        def checked(text: str) -> str:
            check(text)
            return text

        self._unused.discard(key)
        answer = self._given.get(key) or self._known.get(key)
        if answer is None and self._defaults_only:
            if default is None:
                raise click.UsageError(f"{question}: there is no default; say --set {key}=…{self._strange()}")
            answer = default
        if answer is None:
            default = self._doubted.get(key, default)
            kind = click.Choice(list(choices)) if choices else None
            proc = None if choices else checked
            with asking():
                answer = str(click.prompt(question, default=default, type=kind, value_proc=proc, err=True))
        check(answer)  # first of all: what is no answer may be a secret that was pasted
        if choices and answer not in choices:
            raise click.UsageError(f"{key}: {answer!r} is not possible; one of {', '.join(choices)}")
        self._known[key] = answer
        self._keep()
        return answer

    def doubt(self, keys: Sequence[str]) -> None:
        """What these questions were answered did not work: they are asked again, the answers being their defaults."""
        for key in [each for each in self._known if each.startswith(tuple(keys))]:
            self._doubted[key] = self._known.pop(key)
        self._keep()

    def _strange(self) -> str:
        """What was given and not asked for so far: perhaps misspelt."""
        return f"; nobody has asked for {', '.join(sorted(self._unused))} so far" if self._unused else ""

    def _keep(self) -> None:
        kept = self._known | ({_DOUBTED: self._doubted} if self._doubted else {})
        replace_file(self._memory, json.dumps(kept, ensure_ascii=False, indent=1))

    def done(self) -> None:
        """The wizard came to its end.

        Raises:
            click.UsageError: an answer was given to a question that never came.
        """
        if self._unused:
            raise click.UsageError(f"nobody asked for {', '.join(sorted(self._unused))}")
        self._memory.unlink(missing_ok=True)


def _remembered(memory: Path) -> dict[str, Any]:
    """What was answered before; nothing where that was left half written."""
    try:
        kept = json.loads(memory.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
