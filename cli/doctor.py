"""`bonus-malus doctor`: look at everything before the first write, and at any time."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from cli.compose import Composition, compose
from cli.exits import Exit
from cli.notify import ways
from cli.screen import command, console, print_json
from config.reading import ConfigError, choice
from connectors.protocol import Finding, Level
from sync.doctor import HERE, Checked, Doctor
from sync.ledger import Ledger

MARKS = {Level.PASS: ("✓", "green"), Level.WARN: ("!", "yellow"), Level.FAIL: ("✗", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON.")
@click.option("--all", "show_all", is_flag=True, help="Every check that passed as well.")
@click.pass_obj
def doctor(settings: Path, *, as_json: bool, show_all: bool) -> int:
    """Check sign-in, permissions, fields, rules in the way, quota, clock and ledger; change nothing.

    Each finding passes, warns or fails, and names its cure. Exit code 3 when something fails.
    """
    found = examine(compose(settings))
    failed = any(each.finding.level is Level.FAIL for each in found)
    if as_json:
        print_json(
            [
                {"place": each.place, "level": each.finding.level, "what": each.finding.what, "cure": each.finding.cure}
                for each in found
            ]
        )
    else:
        _show(found, settings, show_all=show_all)
    return Exit.ACT if failed else Exit.DONE


def examine(composition: Composition) -> list[Checked]:
    """Every finding about these settings."""
    settings = composition.settings
    try:
        sources = composition.sources()
    except ConfigError as error:  # a secret's reference that leads nowhere
        return [Checked(HERE, Finding(Level.FAIL, str(error), "correct it, then run the doctor again"))]

    def ledger() -> Ledger | None:
        return composition.ledger() if composition.has_ledger else None

    try:
        return [
            *(Checked(HERE, finding) for finding in _unattended(composition)),
            *Doctor(
                programme=composition.programme,
                programme_name=settings.programme_name,
                sources=sources,
                ledger=ledger,
                now=composition.time.now,
                time_zone=settings.time_zone,
                language=settings.language,
                prefix=settings.prefix,
                command=composition.command,
            ).examine(),
        ]
    finally:
        for source in sources.values():
            source.connector.close()


def _unattended(composition: Composition) -> Iterator[Finding]:
    """What nobody would see before the night it is needed: whom alerts go to, and what retention is about."""
    settings, known = composition.settings, composition.programme.signals
    try:
        ways(settings.alerts, settings.programme_name, file=settings.file)
    except ConfigError as error:
        yield Finding(Level.FAIL, str(error), "correct it: nobody would be told that a run failed")
    for name in settings.retention.signals.keys() - known.keys():
        what = f"retention.signals.{name}: the programme has no such signal; {choice(name, known)}"
        yield Finding(Level.WARN, what, "correct its name, unless it is about signals from before")


def _show(found: list[Checked], path: Path, *, show_all: bool) -> None:
    out = console()
    places = list(dict.fromkeys(each.place for each in found))
    for place in places:
        here = [each.finding for each in found if each.place == place]
        passed = sum(finding.level is Level.PASS for finding in here)
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for finding in sorted(here, key=lambda finding: list(MARKS).index(finding.level), reverse=True):
            if finding.level is Level.PASS and not show_all:
                continue
            mark, colour = MARKS[finding.level]
            grid.add_row(Text(mark, style=f"bold {colour}"), Text(finding.what))
            if finding.cure:
                grid.add_row("", Text(f"→ {finding.cure}", style="dim"))
        if place != places[0]:
            out.print()
        out.print(f"[bold]{place}[/bold]  {passed} in order")
        if grid.row_count:
            out.print(grid)
    counts = Counter(each.finding.level for each in found)
    out.print(f"\n{counts[Level.FAIL]} to cure, {counts[Level.WARN]} to know, {counts[Level.PASS]} in order")
    if not counts[Level.FAIL]:
        out.print(f"next: {command(path, 'sync --dry-run')}", soft_wrap=True)
