"""`bonus-malus contest`, `adjust`, `freeze`, `unfreeze`: what people decide about one customer."""

import getpass
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy import Connection

from cli.compose import clock
from cli.contests import listed
from cli.day import DAY
from cli.exits import Exit
from cli.offline import compose_offline, find
from cli.screen import console, print_json
from config.rulefile import load_programme
from config.settings import load_settings
from scoring.decision import Decision, Kind
from scoring.derived import in_lines, made_of
from scoring.signal import Fact, Source
from sync import decide, lease
from sync.ledger import database, past, zones
from sync.money import rates_for
from sync.standings import standings_of

AHEAD = timedelta(days=366)  # nobody decides for longer
MOST = 100  # no coefficient is above it, nor a level's number in its place
LONGEST, LONGEST_ID = 1000, 80  # characters of a reason, and of who decides
Command = TypeVar("Command", bound=Callable[..., Any])


def _signed(command: Command) -> Command:
    """The options of every decision."""
    who, why = _words(LONGEST_ID), _words(LONGEST)
    for option in (
        click.option("--json", "as_json", is_flag=True, help="What was entered, as JSON."),
        click.option("--on", "on", type=DAY, help="From that day on, instead of today."),
        click.option(
            "--by", default=getpass.getuser, show_default="who you are here", callback=who, help="Who decides: an id."
        ),
        click.option("--why", required=True, callback=why, help="The reason; it is shown with the numbers."),
    ):
        command = option(command)
    return command


def _words(most: int) -> Callable[[click.Context, click.Parameter, str], str]:
    """Text on one line, and not nothing: it stands on records, and for years."""

    def checked(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
        words = " ".join(value.split())
        if not 0 < len(words) <= most:
            raise click.BadParameter(f"say something, in {most} characters at most")
        return words

    return checked


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the subject of a decision."""

    tx: Connection
    programme: int
    subject: int
    rules: str
    today: date

    def contest(self, kind: Kind, wanted: str, of: date | None, day: date) -> tuple[Fact, frozenset[Source]]:
        """The fact that is meant, and what it was made of.

        What the CRMs reported, and what was derived from it: either may be held against somebody.
        """
        reported = past.signals_of(self.tx, [self.subject])[self.subject]
        rules = load_programme(self.rules, at=self.today)
        rates = rates_for(self.tx, self.programme, rules)
        lines = standings_of(self.tx, [self.subject], rules, self.today, rates=rates)[self.subject].lines
        # What was open when the CRM took the fact back can still be ended.
        meant = decide.incident_of if kind is Kind.CONTEST_OPEN else decide.signal_of
        found = meant([*reported, *in_lines(lines, rules)], wanted, on=of)
        if kind is Kind.CONTEST_OPEN and day < (earliest := min(found.on, self.today)):
            raise click.UsageError(f"--on {day}: a contest of this {found.name} begins on {earliest} or later")
        return found.fact, made_of(found, reported, lines, rules)


@click.group()
def contest() -> None:
    """A customer disputes an incident: it is held while the contest is open, and gone once it is accepted."""


def _contest(kind: Kind, summary: str) -> click.Command:
    @click.argument("subject")
    @click.argument("signal")
    @click.option("--of", "of", type=DAY, help="The signal's day, where its name is not enough.")
    @_signed
    @click.pass_obj
    def command(path: Path, /, *, subject: str, signal: str, of: datetime | None, **signed: Any) -> int:
        def about(known: _Known, day: date) -> Decision:
            fact, records = known.contest(kind, signal, of.date() if of else None, day)
            return Decision(kind, day, signed["by"], signed["why"], fact=fact, made_of=records)

        return _enter(path, subject, about, on=signed["on"], as_json=signed["as_json"])

    command.__doc__ = f"{summary}\n\nSIGNAL is its name, its reference or its record's id, as `explain` shows them."
    return click.command(kind.value.removeprefix("contest_"))(command)


for _kind, _summary in (
    (Kind.CONTEST_OPEN, "Hold an incident of SUBJECT: it does not count while the contest is open."),
    (Kind.CONTEST_ACCEPT, "Accept a contest: the incident never counts."),
    (Kind.CONTEST_REJECT, "Reject a contest: the incident counts again."),
):
    contest.add_command(_contest(_kind, _summary))
contest.add_command(listed)


@click.command()
@click.argument("subject")
@click.option("--coefficient", help="Such as 0.90.")
@click.option("--points", type=click.IntRange(-decide.MOST_POINTS, decide.MOST_POINTS), help="The balance.")
@click.option("--until", type=DAY, help="The day before which it ends by itself.")
@click.option("--lift", is_flag=True, help="End every adjustment of SUBJECT.")
@_signed
@click.pass_obj
def adjust(
    path: Path,
    /,
    *,
    subject: str,
    coefficient: str | None,
    points: int | None,
    until: datetime | None,
    lift: bool,
    **signed: Any,
) -> int:
    """Set the coefficient or the points of SUBJECT by hand; shown as what it is, and kept by every recalculation."""
    sets = coefficient is not None or points is not None
    if lift == sets or (lift and until):
        raise click.UsageError("say --coefficient, --points or both, with --until if it should end; or --lift alone")
    hundredths = None if coefficient is None else _hundredths(coefficient)

    def about(_known: _Known, day: date) -> Decision:
        programme = load_programme(load_settings(path).programme, at=day)
        if why := decide.why_impossible(programme, coefficient=hundredths, points=points):
            raise click.UsageError(f"--{why}")
        if until and until.date() <= day:
            raise click.UsageError(f"--until {until.date()}: it begins on {day}, and ends after that")
        return Decision(
            Kind.LIFT if lift else Kind.ADJUST,
            day,
            signed["by"],
            signed["why"],
            coefficient=hundredths,
            points=points,
            until=until.date() if until else None,
        )

    return _enter(path, subject, about, on=signed["on"], as_json=signed["as_json"])


def _freezing(kind: Kind, summary: str) -> click.Command:
    @click.argument("subject")
    @_signed
    @click.pass_obj
    def command(path: Path, /, *, subject: str, **signed: Any) -> int:
        def about(_known: _Known, day: date) -> Decision:
            return Decision(kind, day, signed["by"], signed["why"])

        return _enter(path, subject, about, on=signed["on"], as_json=signed["as_json"])

    command.__doc__ = summary
    return click.command(kind.value)(command)


freeze = _freezing(Kind.FREEZE, "Stop scoring SUBJECT: its standing stays as it is on that day.")
unfreeze = _freezing(Kind.UNFREEZE, "Score SUBJECT again, with everything that happened meanwhile.")


def _enter(
    path: Path, name: str, about: Callable[[_Known, date], Decision], *, on: datetime | None, as_json: bool
) -> int:
    settings, ledger = compose_offline(path)
    time = clock(settings)
    with closing(ledger), ledger.begin() as tx:
        programme = database.programme(tx, settings.programme_name)
        lease.alone(tx, programme.id)
        now = time.now()  # only now: whoever waited would decide in the past of a run that began meanwhile
        found = find(tx, settings.programme_name, name)
        zone = settings.time_zone or zones.of(tx, settings.programme_name).present
        today = now.astimezone(zone).date()
        day = on.date() if on else today
        _possible(day, today, programme.horizon)
        try:
            decision = about(_Known(tx, programme.id, found.subject, settings.programme, today), day)
        except (ValueError, decide.NoSuchSignalError) as error:
            raise click.UsageError(str(error)) from error
        if why := decide.why_idle(decide.decisions_of(tx, [found.subject])[found.subject], decision):
            raise click.UsageError(f"{name}: {why}; nothing was entered")
        decide.enter(tx, decide.Subject(programme.id, found.subject, found.contact), decision, now)
    if as_json:
        fact = decision.fact and {"source": decision.fact[0].id, "signal": decision.fact[1]}
        print_json({"records": found.records, "kind": decision.kind, "on": decision.on, "fact": fact})
    else:
        console().print(
            f"{decision.kind.value.replace('_', ' ')} of {decision.on.isoformat()} entered for "
            f"{' = '.join(found.records)}; the next sync {'from then on ' if day > today else ''}shows it",
            markup=False,
        )
    return Exit.DONE


def _possible(day: date, today: date, horizon: date | None) -> None:
    """Refuse a day from which nothing could follow, or that nobody can mean yet."""
    if horizon is not None and day < horizon:
        raise click.UsageError(f"--on {day}: nothing before {horizon} counts here")
    if day > today + AHEAD:
        raise click.UsageError(f"--on {day}: that is more than {AHEAD.days} days ahead")


def _hundredths(text: str) -> int:
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > MOST:
        raise click.UsageError(f"--coefficient {text}: a number such as 0.90")
    if value * 100 != int(value * 100):
        raise click.UsageError(f"--coefficient {text}: two decimals at most")
    return int(value * 100)
