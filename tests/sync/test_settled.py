"""What the first contact settled: settings that say otherwise later are followed whole, or refused in one line."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from config.reading import ConfigError
from config.rulefile import load_programme
from connectors.protocol import Level
from scoring.decision import Decision, Kind
from scoring.explain import from_json
from scoring.line import Code, Line
from scoring.rules import Programme
from sync import decide
from sync.brake import Brake
from sync.doctor import Doctor
from sync.ledger import Ledger, LedgerError, database, history, schema, zones
from sync.standings import recalled, standings_of
from sync.verify import verify
from tests.sync.conftest import World, both, order
from tests.sync.double import MemoryCrm
from tests.sync.test_run import one_customer

place = pytest.fixture(both, params=("sqlite", "postgresql"))


def rows(world: World, table) -> list:
    with world.ledger.begin() as tx:
        return [tuple(row) for row in tx.execute(select(table).order_by(*table.primary_key))]


def refused(world: World, words: str, **options: object) -> None:
    """One line, and not a row more than before."""
    before = {table.name: rows(world, table) for table in schema.metadata.sorted_tables}
    written = [len(crm.written) for crm in world.crms.values()]
    with pytest.raises((LedgerError, ConfigError), match=words) as error:
        world.sync(**options)
    assert "\n" not in str(error.value)
    assert {table.name: rows(world, table) for table in schema.metadata.sorted_tables} == before
    assert [len(crm.written) for crm in world.crms.values()] == written


def test_au04_another_account_under_a_known_name_is_refused(world: World):
    one_customer(world)
    world.sync()
    world.crms["a"].account_id = "00D2"
    refused(
        world, "'a' now leads to a 00D2, but this ledger belongs to a 00D1: .*; correct the connection, or name a new"
    )


def test_a_known_account_under_another_name_is_refused_since_every_fact_would_count_twice(world: World):
    one_customer(world)
    world.sync()
    sources = world.job().sources
    sources["c"] = sources.pop("a")
    refused(world, "'c' leads to a 00D1, which is 'a' in this ledger: .*; call the connection 'a'", sources=sources)


def test_two_connections_to_one_account_are_refused_at_once(world: World):
    one_customer(world)
    sources = world.job().sources
    refused(world, "every fact would count twice", sources={**sources, "c": sources["a"]})


def test_two_programmes_that_would_write_the_same_fields_of_one_account_are_refused(world: World):
    one_customer(world)
    world.sync()
    words = "whose records the programme 'customers' .*: both would write the same fields; give .* call it 'customers'"
    for prefix in ("bonus malus", "bonusmalus", "bonus malus previous"):
        refused(world, words, programme="others", prefix=prefix)


def test_two_programmes_with_fields_of_their_own_may_write_to_one_account(world: World):
    one_customer(world)
    for _ in range(2):
        assert world.sync().state == "done"
        assert world.sync(programme="others", prefix="loyalty").state == "done"
    with world.ledger.begin() as tx:
        table = schema.connections
        assert set(tx.execute(select(table.c.programme, table.c.name, table.c.prefix))) >= {
            (1, "a", "bonus malus"),
            (2, "a", "loyalty"),
        }


def test_another_prefix_is_refused_since_the_fields_of_the_one_before_would_stay_behind(world: World):
    one_customer(world)
    world.sync(prefix="loyalty")
    words = (
        'prefix = "bonus malus": the fields of connection .a. begin with "loyalty" in this ledger, and would stay '
        'behind; write prefix = "loyalty" again, or take them away by `bonus-malus fields remove` under it and name'
    )
    refused(world, words)
    assert world.sync(prefix="loyalty").state == "done"


def test_the_doctor_finds_a_prefix_that_changed_and_one_that_is_taken(world: World):
    one_customer(world)
    world.sync(prefix="loyalty")

    def found(programme: str, prefix: str) -> list[str]:
        rules = load_programme("customers", at=world.clock.now.date())
        ledger = partial(Ledger.open, world.ledger.place)
        sources = world.job().sources
        doctor = Doctor(rules, programme, sources, ledger, world.clock, None, None, prefix)
        return [each.finding.what for each in doctor.examine() if each.finding.level is Level.FAIL]

    assert found("customers", "loyalty") == []
    assert found("others", "bonus malus") == []
    assert "the fields of connection 'a' begin with \"loyalty\"" in found("customers", "bonus malus")[0]
    assert found("others", "loyalty") == [
        f"the programme customers of this ledger writes the same fields of {name}" for name in ("a", "b")
    ]


def test_another_time_zone_judges_every_day_again(world: World):
    crm = one_customer(world)
    late = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)  # the second of June in Paris
    crm.put("cases", "k1", fault="theirs", day=late, contacts=["1"])
    world.sync()
    assert crm.ours("1")["reasons"].count("2 Jun 2026") == 1
    report = world.sync(time_zone=ZoneInfo("America/New_York"))
    assert "time_zone was Europe/Paris and is America/New_York: everything is read and judged again" in report.notes[0]
    assert crm.ours("1")["reasons"].count("1 Jun 2026") == 1
    assert world.sync(time_zone=ZoneInfo("America/New_York")).notes == []
    assert world.sync().written == 0, "what was followed is kept, as what the first contact said was"
    assert verify(world.ledger, "customers", lambda day: load_programme("customers", at=day)).differences == []


PARIS, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")


def accused(world: World) -> MemoryCrm:
    """Somebody with two claims that can be corrected until 1 December 2026 and no longer, seen in good time."""
    crm = one_customer(world)
    order(crm, "o9", "1", date(2023, 12, 1))
    for claim in ("k1", "k2"):
        crm.put("cases", claim, fault="theirs", day=date(2024, 6, 1), contacts=["1"])
    world.sync()
    assert [line.code for line in lines(world) if line.code is Code.RAISED] == [Code.RAISED] * 2
    return crm


def corrected(world: World, claim: str, at: datetime, zone: ZoneInfo) -> list[Code]:
    """A claim was none after all, which the run of that instant learns; what is said of claims that are taken back."""
    world.clock.now = at.astimezone(UTC) - timedelta(minutes=30)
    world.crms["a"].put("cases", claim, fault="ours")
    world.sync(time_zone=zone)
    return [line.code for line in lines(world) if line.code is Code.WITHDRAWN_LATE]


def lines(world: World, day: date | None = None) -> tuple[Line, ...]:
    """What explains the present standing, or one of a past day as it was known then."""
    with world.ledger.begin() as tx:
        (found,) = history.subject(tx, "customers", "a:1")
        if day is None:
            return from_json(recalled(tx, [found.standing], rules_of)[found.standing.id]).lines
        end = zones.of(tx, "customers").end(day)
        return standings_of(tx, [found.subject], rules_of(day), day, known_at=end)[found.subject].lines


def rules_of(day: date) -> Programme:
    return load_programme("customers", at=day)


@pytest.mark.parametrize(
    ("zone", "at", "late"),
    [
        (PARIS, datetime(2026, 12, 1, 23, 59, tzinfo=PARIS), False),
        (PARIS, datetime(2026, 12, 2, 0, 30, tzinfo=PARIS), True),  # in UTC the last day still
        (NEW_YORK, datetime(2026, 12, 1, 20, tzinfo=NEW_YORK), False),  # in UTC the day after
        (NEW_YORK, datetime(2026, 12, 2, 0, 30, tzinfo=NEW_YORK), True),
        (ZoneInfo("Pacific/Kiritimati"), datetime(2026, 12, 1, 9, 59, tzinfo=UTC), False),
        (ZoneInfo("Pacific/Kiritimati"), datetime(2026, 12, 1, 10, tzinfo=UTC), True),
    ],
)
@pytest.mark.parametrize("many", [1, 10**9])
def test_art_8_a_correction_is_late_by_the_days_of_the_programme(
    world: World, zone: ZoneInfo, at: datetime, *, late: bool, many: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sync.score.MANY", many)  # whether the engine decides who is read plainly, or nobody does
    world.options["time_zone"] = zone
    accused(world)
    assert corrected(world, "k1", at, zone) == [Code.WITHDRAWN_LATE] * late
    assert verify(world.ledger, "customers", rules_of).differences == []


def test_what_was_late_where_the_programme_was_at_home_then_stays_late_and_what_was_in_time_stays_in_time(world: World):
    accused(world)
    paris = datetime(2026, 12, 2, 0, 30, tzinfo=PARIS)
    assert corrected(world, "k1", paris, PARIS) == [Code.WITHDRAWN_LATE]
    # An hour and a half later it is 1 December again, and that day ends once more.
    assert corrected(world, "k2", datetime(2026, 12, 1, 20, tzinfo=NEW_YORK), NEW_YORK) == [Code.WITHDRAWN_LATE]
    now = lines(world)
    (late,) = (line for line in now if line.code is Code.WITHDRAWN_LATE)
    assert late.values["recorded"] == date(2026, 12, 2)
    assert [line.code for line in now].count(Code.RAISED) == 1
    assert lines(world, date(2026, 12, 1)) == now
    for zone in (PARIS, ZoneInfo("Pacific/Kiritimati"), NEW_YORK):
        world.clock.advance(minutes=1)
        world.sync(time_zone=zone)
        assert [line for line in lines(world) if line.code is Code.WITHDRAWN_LATE] == [late]
    assert verify(world.ledger, "customers", rules_of).differences == []


def test_another_number_of_years_is_refused_as_the_first_fill_read_only_so_far_back(world: World):
    one_customer(world)
    world.sync()
    words = r"history_years = 6: the first fill read back to 2023-11-22, .*; write history_years = 3 again, or name"
    refused(world, words, history_years=6)
    world.clock.advance(days=500)
    assert world.sync().state == "done"


def test_another_language_is_written_on_every_record_and_asks_where_that_is_more_than_the_brake_lets_pass(
    world: World,
):
    crm = one_customer(world)
    world.sync()
    english = crm.ours("1")["way_back"]
    report = world.sync(language="fr", brake=Brake(share=0.5, least=0))
    assert report.state == "asked"
    assert crm.ours("1")["way_back"] == english
    report = world.sync(language="fr")
    assert report.written == 1
    assert crm.ours("1")["way_back"].startswith("Échéance")
    assert world.sync(language="fr").written == 0
    assert world.sync().written == 0
    assert verify(world.ledger, "customers", lambda day: load_programme("customers", at=day)).differences == []


def test_a_connection_that_left_the_settings_keeps_what_it_brought_and_every_run_says_so(world: World):
    crm = one_customer(world)
    world.crms["b"].put("contacts", "9", email="c1@example.com")
    order(world.crms["b"], "p9", "9", date(2026, 9, 1))
    world.sync()
    shown = crm.ours("1")["points"]
    only_a = {"a": world.job().sources["a"]}
    crm.put("contacts", "1", name="touched")
    report = world.sync(sources=only_a)
    assert report.written == 0
    (note,) = report.notes
    assert note.startswith("b is not in the settings any more: nothing is read or written there; what was read")
    assert world.sync(sources=only_a, connections=("a", "b")).notes == [], "left out of one run, as by --connection"
    assert crm.ours("1")["points"] == shown


def decided(world: World) -> None:
    with world.ledger.begin() as tx:
        (found,) = history.subject(tx, "customers", "a:1")
        programme = database.programme(tx, "customers").id
        decision = Decision(Kind.FREEZE, date(2026, 11, 22), "someone", "legal hold")
        decide.enter(tx, decide.Subject(programme, found.subject), decision, world.clock.now)


def test_a_clock_that_was_set_back_is_refused_by_whatever_enters_something(world: World):
    one_customer(world)
    world.clock.advance(days=1)
    world.sync()
    world.clock.advance(days=-1)
    words = (
        "it was set back; set the clock of this machine right and run again, or put back a backup from before that run"
    )
    refused(world, words)
    with pytest.raises(LedgerError, match=words):
        decided(world)
    assert rows(world, schema.decisions) == []
    world.clock.advance(days=1)
    decided(world)
    assert world.sync().state == "done"
