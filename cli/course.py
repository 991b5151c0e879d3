"""The course of a run as a person reads it: just after it, or whenever the ledger is asked."""

from pathlib import Path
from typing import Any

from cli.screen import coefficient, command, console, table
from sync.report import SHOWN, ConnectionReport, Move, Report


def course(report: Report, settings: Path) -> None:
    """What a run read, wrote and found, connection by connection, and who moved."""
    out = console()
    if report.state == "interrupted":
        out.print("  interrupted in good order; the next run goes on from here")
    for note in report.notes:
        out.print(f"  {note}")
    for name, each in report.connections.items():
        _connection(name, each)
    people = f"{report.scored} scored, {report.first_standings} for the first time, {report.moved} moved"
    linked = f", {report.linked} records linked to another" if report.linked else ""
    out.print(f"[bold]people[/bold]  {people}{linked}")
    if report.ambiguous:
        out.print(f"  {len(report.ambiguous)} not linked, first: {report.ambiguous[0]}", markup=False)
    if report.attention:
        out.print(
            f"  {report.attention} at a coefficient that a person should look at (nothing is refused automatically)"
        )
    _problems(report, settings)
    _moves(report, settings)


def _problems(report: Report, settings: Path) -> None:
    out = console()
    for line in report.unusable:
        out.print(f"  problem: {line}", markup=False)
    if report.problems > len(report.unusable):
        left = f"  … and {report.problems - len(report.unusable)} more"
        # A dry run leaves nothing behind that could be shown.
        out.print(left if report.dry else f"{left}: {command(settings, f'runs show {report.run}')}", soft_wrap=True)


def _connection(name: str, each: ConnectionReport) -> None:
    out = console()
    out.print()
    if each.state != "done":
        out.print(f"{name}: {each.state}: {each.message}", style="red", markup=False)
    if not each.objects and not each.outcomes:
        return
    rows = [
        (
            object_,
            found.read,
            *(found.signals[word] for word in ("made", "changed", "withdrawn")),
            ", ".join(
                f"{count} {word}"
                for word, count in sorted(found.verdicts.items())
                if word not in ("signal", "no signal")
            ),
        )
        for object_, found in each.objects.items()
    ]
    columns = ("object", "read", "new signals", "changed", "withdrawn", "besides")
    if rows:  # an undo reads no objects
        out.print(table(f"{name} ({each.crm} {each.account})", columns, rows, right=columns[1:5]))
    else:
        out.print(f"[bold]{name}[/bold]")
    outcomes = ", ".join(f"{count} {word}" for word, count in each.outcomes.items() if count) or "none"
    out.print(f"  records: {outcomes}; {each.calls} calls")
    if any(found.read for found in each.slow.values()):
        shown = ", ".join(f"{found.read} {object_}" for object_, found in each.slow.items())
        moved = sum(found.signals[word] for found in each.slow.values() for word in ("made", "changed", "withdrawn"))
        out.print(f"  slow round: {shown}; {moved} signals moved; {each.slow_calls} of these calls")
    few = 5
    for label, lines in (("warning", each.warnings), ("edited", each.edited), ("refused", each.rejects)):
        for line in lines[:few]:
            out.print(f"  {label}: {line}", markup=False)
        if len(lines) > few:
            out.print(f"  … and {len(lines) - few} more")


def _moves(report: Report, settings: Path) -> None:
    if not report.moves:
        return
    rows = [
        (
            move.record,
            _change(move, "coefficient"),
            _change(move, "expected"),
            _change(move, "points"),
            _change(move, "tier"),
            _because(move),
        )
        for move in report.moves[:12]
    ]
    out = console()
    out.print()
    out.print(table("who moved, and why", ("record", "coefficient", "expected", "points", "tier", "because"), rows))
    if report.moved > len(rows):
        left = report.moved - len(rows)
        if report.dry:  # it leaves no run behind that could be shown
            out.print(f"  … and {left} more; up to {SHOWN} of them: --json, or --report FILE", soft_wrap=True)
        else:
            everything = command(settings, f"runs show {report.run} --json")
            out.print(f"  … and {left} more; every record written: {everything}", soft_wrap=True)


def _because(move: Move) -> str:
    most = 3
    more = f"; and {len(move.because) - most} more" if len(move.because) > most else ""
    return "; ".join(move.because[:most]) + more


def _change(move: Move, name: str) -> str:
    words = [_word(name, values[name]) for values in (move.before, move.after) if values is not None]
    return words[-1] if words[0] == words[-1] else f"{words[0]} → {words[-1]}"


def _word(name: str, value: Any) -> str:
    return coefficient(value) if name in ("coefficient", "expected") else str(value)
