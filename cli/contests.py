"""`bonus-malus contest list`: what customers disputed, and what became of it."""

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from cli.compose import clock
from cli.exits import Exit
from cli.offline import compose_offline, find, refuse_unknown
from cli.screen import console, counted, print_json, table
from config.rulefile import load_programme
from sync import contests
from sync.contests import Contested
from sync.ledger import zones


@click.command("list")
@click.argument("subject", required=False)
@click.option("--json", "as_json", is_flag=True, help="The list as JSON.")
@click.pass_obj
def listed(path: Path, /, *, subject: str | None, as_json: bool) -> int:
    """List the contests, of SUBJECT or of everybody: those that nobody has decided come first.

    One about "nothing that counts" changes nothing: the CRM took the fact back, or no incident rests on the refunds
    that it was about. Where there is another incident now, that one counts until it is contested. One "not yet, from"
    a day is about what counts from that day on: it is held, or gone, from then on as decided.
    """
    settings, ledger = compose_offline(path)
    with closing(ledger), ledger.reading() as tx:
        refuse_unknown(tx, settings.programme_name)
        zone = settings.time_zone or zones.of(tx, settings.programme_name).present
        today = clock(settings).now().astimezone(zone).date()
        rules = load_programme(settings.programme, at=today)
        of = [find(tx, settings.programme_name, subject).subject] if subject else None
        found = contests.listed(tx, settings.programme_name, rules, today, of=of)
    if as_json:
        print_json([_row(each) for each in found])
        return Exit.DONE
    out = console()
    if not found:
        out.print("nothing was contested")
        return Exit.DONE
    columns = ("record", "incident", "state", "since", "why", "about")
    rows = [(" = ".join(each.records), _incident(each), each.state, each.since, each.why, each.about) for each in found]
    out.print(table(counted(len(found), "contest", "contests"), columns, rows))
    return Exit.DONE


def _incident(each: Contested) -> str:
    """The signal with the record it comes from; that of a derived one is its name and its period."""
    return each.source if each.is_derived else f"{each.signal} {each.source}"


def _row(each: Contested) -> dict[str, object]:
    left_out = ("subject", "is_derived")
    return {name: value for name, value in asdict(each).items() if name not in left_out}
