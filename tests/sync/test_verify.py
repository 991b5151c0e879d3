"""What is stored comes out of its history again; what does not is one line."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from config.rulefile import load_programme
from scoring.decision import Decision, Kind
from sync import decide
from sync.erase import erase
from sync.ledger import database, history, past
from sync.verify import verify
from tests.sync.conftest import both, order


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request):
    return both(request)


def checked(world):
    return verify(world.ledger, "customers", lambda day: load_programme("customers", at=day))


@pytest.fixture
def lived(world):
    """Two CRMs over some weeks: edits, withdrawals, a merge, a link and its end, a review, a decision."""
    a, b = world.crms["a"], world.crms["b"]
    for number in "123":
        a.put("contacts", number, email=f"c{number}@example.com")
        order(a, f"o{number}", number, date(2025, 12, 1))
    b.put("contacts", "9", email="c1@example.com")
    order(b, "p9", "9", date(2026, 3, 1))
    a.put("cases", "k1", fault="theirs", day=date(2026, 6, 1), contacts=["2"])
    world.sync()
    a.put("cases", "k1", fault="ours")
    order(a, "o1", "1", date(2025, 12, 1), amount=Decimal(200))
    world.sync()
    a.put("cases", "k1", fault="theirs")
    world.sync()
    world.clock.advance(minutes=1)
    with world.ledger.begin() as tx:
        (found,) = history.subject(tx, "customers", "a:2")
        programme = database.programme(tx, "customers").id
        signals = past.signals_of(tx, [found.subject])[found.subject]
        fact = decide.signal_of(signals, "claim_at_fault").fact
        decision = Decision(Kind.CONTEST_OPEN, date(2026, 11, 22), "someone", "not me", fact=fact)
        decide.enter(tx, decide.Subject(programme, found.subject), decision, world.clock.now)
    a.delete("contacts", "3", into="1")
    b.put("contacts", "9", email="other@example.com")
    world.sync()
    world.clock.advance(days=20)
    world.sync()
    return world


def test_a_ledger_that_lived_is_right(lived):
    found = checked(lived)
    assert found.differences == []
    assert found.unknown_rules == 0
    assert found.standings > 8


class TestHarmDone:
    @pytest.fixture
    def place(self, sqlite_place):
        return sqlite_place

    @pytest.mark.parametrize(
        ("harm", "line"),
        [
            (
                "UPDATE standings SET breakdown = (SELECT breakdown FROM standings WHERE id = 1) WHERE id = 5",
                "standing 5 of",
            ),
            ("UPDATE signals SET amount = '1', on_day = '2024-02-02' WHERE record = 'o2'", "its history does not"),
            (
                "UPDATE contacts SET subject = 2 WHERE record = '1'",
                "a contact belongs to another subject than its last",
            ),
            ("UPDATE signals SET replaces = NULL WHERE withdrawn", "a counter-entry withdraws nothing"),
            ("UPDATE signals SET replaces = NULL WHERE amount = '200'", "a fact is in force twice"),
            (
                "UPDATE signals SET replaces = 1 WHERE withdrawn",
                "an entry replaces one that is not about the same fact",
            ),
            (
                "UPDATE current SET standing = (SELECT min(id) FROM standings)",
                "the present standing of a subject is not",
            ),
            ("UPDATE standings SET run = 999 WHERE id = 1", "a standing was made by no run"),
            ("UPDATE current SET standing = 999", "the present standing of a subject is not"),
            ("UPDATE contacts SET shown = 1", "a record shows the standing of somebody else"),
            (
                "UPDATE contacts SET merged_into = '2' WHERE record = '1'",
                "a merged contact has not followed its survivor",
            ),
        ],
    )
    def test_behind_its_back_is_told(self, lived, harm, line):
        with lived.ledger.begin() as tx:
            assert tx.execute(text(harm)).rowcount > 0
        assert [each for each in checked(lived).differences if line in each]


def test_a_standing_under_rules_that_are_not_at_hand_is_counted_and_not_judged(lived):
    with lived.ledger.begin() as tx:
        tx.execute(text("UPDATE standings SET rules = 'customers@00000000' WHERE id < 3"))
    found = checked(lived)
    assert (found.unknown_rules, found.differences) == (2, [])


@pytest.mark.parametrize("who", ["a:1", "a:2", "b:9"])
def test_after_an_erasure_what_is_left_is_right(lived, who):
    """The person of b:9 was taken for a:1 for a while: what was computed then rested on both."""
    with lived.ledger.begin() as tx:
        subject = history.subject(tx, "customers", who)[0].subject
    erase(lived.ledger, "customers", subject, lived.clock)
    assert checked(lived).differences == []
    crm = who[0]
    for gone in {"a:1": "13", "a:2": "2", "b:9": "9"}[who]:
        lived.crms[crm].vanish("contacts", gone)
    lived.sync()
    found = checked(lived)
    assert found.differences == []
    assert found.standings > 0
