"""`bonus-malus runs`: what the syncs did."""

from collections.abc import Mapping
from contextlib import closing

import click

from cli.course import course
from cli.exits import Exit
from cli.number import NUMBER
from cli.offline import compose_offline, refuse_unknown
from cli.screen import command, console, print_json, table
from sync import hold
from sync.ledger import history
from sync.ledger.history import RunRow
from sync.report import Report


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="The list as JSON.")
@click.option(
    "--limit", type=click.IntRange(1, NUMBER.max), default=20, show_default=True, help="How many of the latest."
)
@click.pass_context
def runs(context: click.Context, *, as_json: bool, limit: int) -> int:
    """List the latest runs; `runs show ID` tells everything about one."""
    if context.invoked_subcommand:
        return Exit.DONE
    settings, ledger = compose_offline(context.obj)
    with closing(ledger), ledger.reading() as tx:
        refuse_unknown(tx, settings.programme_name)
        found = history.runs(tx, settings.programme_name, limit=limit)
        held = hold.listed(tx, settings.programme_name)
    if as_json:
        print_json([_brief(each) for each in found])
        return Exit.DONE
    rows = [_cells({**_brief(each), "started": f"{each.started:%Y-%m-%d %H:%M}"}) for each in found]
    columns = ("run", "started, UTC", "kind", "state", "rules", "scored", "moved", "written", "refused")
    console().print(table(f"runs of {settings.programme_name}", columns, rows, right=("run", *columns[5:])))
    for name, (run, since) in held.items():
        held_since = f"{name} is on hold since run {run} of {since:%Y-%m-%d %H:%M} UTC"
        console().print(f"{held_since}: {command(context.obj, 'resume')}", soft_wrap=True)
    return Exit.HELD if held else Exit.DONE


@runs.command()
@click.argument("number", type=NUMBER)
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON.")
@click.pass_context
def show(context: click.Context, number: int, *, as_json: bool) -> int:
    """Everything about one run: what was read, who moved, what was refused and why."""
    settings, ledger = compose_offline(context.obj)
    with closing(ledger), ledger.reading() as tx:
        run = history.run(tx, settings.programme_name, number)
        outcomes = history.outcomes(tx, number) if run else []
        problems = history.problems(tx, number) if run else []
    if run is None:
        raise click.UsageError(f"there is no run {number}; `{command(context.obj, 'runs')}` lists them")
    if as_json:
        print_json(
            {**run.report, "started": run.started, "ended": run.ended, "outcomes": outcomes, "problems": problems}
        )
        return Exit.DONE
    out = console()
    brief = _brief(run)
    out.print(table("", ("", ""), zip(brief, _cells(brief), strict=True)))
    if run.report.get("connections"):
        course(Report.from_json(run.report), context.obj)
    else:  # it read nothing: whoever resumed, or was kept out
        for note in run.report.get("notes", ()):
            out.print(f"  {note}", markup=False)
    if outcomes:
        rows = [(o["record"], o["outcome"], o["code"], o["reason"]) for o in outcomes if o["outcome"] != "written"]
        out.print(
            table("refused", ("record", "outcome", "code", "reason and cure"), rows) if rows else "nothing was refused"
        )
    if problems:
        found = [(f"{p['connection']}:{p['object']} {p['record']}", p["what"], p["cure"]) for p in problems[:50]]
        out.print(table("problems in what was read", ("record", "what", "cure"), found))
    return Exit.DONE


def _cells(brief: Mapping[str, object]) -> list[str]:
    return ["–" if value is None else str(value) for value in brief.values()]


def _brief(run: RunRow) -> dict[str, object]:
    """A run in a line; its numbers are None where no report is kept: purged, killed, or still to come."""
    outcomes: dict[str, int] = {}
    for each in run.report.get("connections", {}).values():
        for word, count in each["outcomes"].items():
            outcomes[word] = outcomes.get(word, 0) + count
    numbers = {
        "scored": run.report.get("scored", 0),
        "moved": run.report.get("moved", 0),
        "written": outcomes.get("written", 0),
        "refused": sum(outcomes.get(word, 0) for word in ("invalid", "rejected", "retry")),
    }
    return {
        "run": run.id,
        "started": run.started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "kind": run.kind,
        "state": run.state,
        "rules": run.rules,
        **(numbers if run.report else dict.fromkeys(numbers)),
    }
