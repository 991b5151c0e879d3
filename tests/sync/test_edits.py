"""What a person edited of our fields is seen, whatever they put there; what a run of ours put there is no edit."""

from datetime import date
from decimal import Decimal

import pytest

from sync import decide
from sync.ledger import Ledger, history
from sync.ledger.backup import backup
from tests.sync.conftest import both, order
from tests.sync.test_run import THIS_YEAR, one_customer
from tests.sync.test_undo import put_back


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request):
    return both(request)


def raised(world):
    """A customer whose coefficient was 0.95, and is 1.25 since a claim; the record shows it, and the ledger knows."""
    crm = one_customer(world)
    world.sync()
    crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
    world.sync()
    assert crm.ours("1")["coefficient"] == Decimal("1.25")
    return crm


def ordered_again(world):
    """A customer whose record shows 20 points; an order for 10 more has come since."""
    crm = one_customer(world)
    world.sync()
    order(crm, "o3", "1", THIS_YEAR)
    return crm


def decisions(world):
    with world.ledger.begin() as tx:
        return decide.decisions_of(tx, [1])[1]


class KilledError(BaseException):
    """A run dies with what it has in memory."""


def killed(world, method="sync", *given):
    """A run that dies when it has written everything and noted nothing."""
    crm = world.crms["a"]
    real = crm.write

    def dies(fields, updates):
        for _ in real(fields, updates):
            pass
        raise KilledError
        yield

    crm.write = dies
    with pytest.raises(KilledError):
        world.sync() if method == "sync" else put_back(world, *given)
    crm.write = real


class TestAValueThatStoodThereBefore:
    def test_is_an_edit_when_a_person_puts_it_back(self, world):
        crm = raised(world)
        crm.edit_ours("1", coefficient=Decimal("0.95"))
        report = world.sync()
        assert report.connections["a"].edited == ["a:1 coefficient"]
        assert crm.ours("1")["coefficient"] == Decimal("1.25")

    def test_is_an_adjustment_where_the_settings_say_so(self, world):
        crm = raised(world)
        crm.edit_ours("1", coefficient=Decimal("0.95"))
        world.sync(edited_by_hand="adjust")
        assert (crm.ours("1")["coefficient"], crm.ours("1")["status"]) == (Decimal("0.95"), "adjusted")
        assert [each.coefficient for each in decisions(world)] == [95]

    @pytest.mark.parametrize(
        ("edit", "why"),
        [
            ({"coefficient": Decimal(0)}, "coefficient 0.00: customers goes from 0.50 to 3.50"),
            ({"coefficient": Decimal(99999)}, "coefficient 99999.00: customers goes from 0.50 to 3.50"),
            ({"points": Decimal(-5)}, "points -5: customers never goes below 0"),
            ({"points": Decimal(10**12)}, "points 1000000000000: 1000000 are the most that can be set"),
            ({"points": Decimal("1e30")}, f"points {10**30}: 1000000 are the most that can be set"),
            ({"coefficient": "nan"}, ""),
            ({"points": "1e999999999"}, ""),
        ],
        ids=str,
    )
    def test_is_no_adjustment_where_no_review_and_no_balance_can_be_that(self, world, edit, why):
        """It would be in the ledger for good, and stop every run to come."""
        crm = raised(world)
        before = crm.ours("1")
        crm.edit_ours("1", **edit)
        report = world.sync(edited_by_hand="adjust")
        said = f"; not taken, {why}" if why else ""
        assert (report.state, report.connections["a"].edited) == ("done", [f"a:1 {', '.join(edit)}{said}"])
        assert decisions(world) == ()
        assert {**crm.ours("1"), "computed_at": None} == {**before, "computed_at": None}

    def test_is_an_edit_on_a_record_that_an_undo_put_back_as_well(self, world):
        crm = ordered_again(world)
        put_back(world, world.sync().run)
        assert crm.ours("1")["points"] == Decimal(20)
        crm.edit_ours("1", points=Decimal(30))
        assert world.sync().connections["a"].edited == ["a:1 points"]


class TestWhatARunWroteAndDiedOver:
    def test_is_noted_as_that_runs_write_would_have_been(self, world):
        ordered_again(world)
        killed(world)
        report = world.sync(edited_by_hand="adjust")
        assert (report.connections["a"].edited, report.written) == ([], 0)
        with world.ledger.begin() as tx:
            (noted,) = history.outcomes(tx, report.run)
        assert (noted["before"]["points"], noted["after"]["points"]) == ("20", "30")
        assert "coefficient" not in noted["after"]

    def test_goes_when_what_it_was_written_for_is_gone(self, world):
        crm = one_customer(world)
        world.sync()
        crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
        killed(world)
        assert crm.ours("1")["coefficient"] == Decimal("1.25")
        crm.put("cases", "c1", fault="ours")
        report = world.sync(edited_by_hand="adjust")
        assert report.connections["a"].edited == []
        assert crm.ours("1")["coefficient"] == Decimal("0.95")

    @pytest.mark.parametrize("tier", ["Platinum", None])
    def test_is_told_from_what_a_person_edited_after_it(self, world, tier):
        crm = ordered_again(world)
        killed(world)
        crm.edit_ours("1", tier=tier)
        report = world.sync(edited_by_hand="adjust")
        assert report.connections["a"].edited == ["a:1 tier"]
        assert (crm.ours("1")["tier"], crm.ours("1")["points"]) == ("Basic", Decimal(30))
        assert decisions(world) == ()

    def test_is_no_edit_where_it_restored_one(self, world):
        crm = raised(world)
        crm.edit_ours("1", coefficient=Decimal("0.95"))
        killed(world)
        assert crm.ours("1")["coefficient"] == Decimal("1.25")
        assert world.sync(edited_by_hand="adjust").connections["a"].edited == []
        assert decisions(world) == ()

    def test_is_no_edit_where_it_was_an_undo(self, world):
        one_customer(world)
        run = world.sync().run
        killed(world, "undo", run)
        assert world.sync(edited_by_hand="adjust").connections["a"].edited == []
        assert decisions(world) == ()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("edited_by_hand", ["restore", "adjust", "report"])
class TestWhatWasWrittenAfterABackupThatWasPutBack:
    """Whatever the settings do with a person's edit: it is none, and the records are brought in line."""

    def go_back(self, world, file, then):
        backup(world.ledger, file)
        then()
        world.sync()
        world.ledger.close()
        world.ledger = Ledger.open(str(file))

    def test_is_written_as_the_backup_has_it_where_nothing_else_is_known(self, world, tmp_path, edited_by_hand):
        crm = one_customer(world)
        world.sync()

        def then():
            crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])

        self.go_back(world, tmp_path / "backup.db", then)
        assert crm.ours("1")["coefficient"] == Decimal("1.25")
        crm.put("cases", "c1", fault="ours")
        report = world.sync(edited_by_hand=edited_by_hand)
        (told,) = report.connections["a"].edited
        assert told.startswith("a:1 coefficient, computed_at")
        assert told.endswith("brought in line")
        assert crm.ours("1")["coefficient"] == Decimal("0.95")
        assert decisions(world) == ()

    def test_stays_where_the_facts_that_it_was_written_for_are_read_again(self, world, tmp_path, edited_by_hand):
        crm = one_customer(world)
        world.sync()
        self.go_back(world, tmp_path / "backup.db", lambda: order(crm, "o3", "1", THIS_YEAR))
        before = len(crm.written)
        world.sync(edited_by_hand=edited_by_hand)
        assert (crm.ours("1")["points"], crm.ours("1")["status"]) == (Decimal(30), "active")
        assert (len(crm.written), decisions(world)) == (before, ())
        crm.edit_ours("1", points=Decimal(60))
        assert world.sync(edited_by_hand=edited_by_hand).connections["a"].edited == ["a:1 points"]
