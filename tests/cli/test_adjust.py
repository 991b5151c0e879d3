"""What a person may decide."""

from sync.ledger import Ledger, schema
from tests.docs.test_operations import accused


def test_what_no_review_or_balance_can_be_is_not_entered_by_hand_either(site, command):
    command("fields", "apply")
    command("sync", "--first-fill")
    record = next(iter(site.world.org.rows("Contact")))["Id"]
    for words, says in (
        (("--coefficient", "90"), "--coefficient 90.00: customers goes from 0.50 to 3.50"),
        (("--coefficient", "0.49"), "--coefficient 0.49: customers goes from 0.50 to 3.50"),
        (("--points", "-500"), "--points -500: customers never goes below 0"),
        (("--points", "99999999999999999999"), "is not in the range -1000000<=x<=1000000"),
        ((), "say --coefficient, --points or both"),
        (("--lift", "--points", "5"), "or --lift alone"),
        (
            ("--points", "5", "--until", "2026-11-22"),
            "--until 2026-11-22: it begins on 2026-11-22, and ends after that",
        ),
        (("--points", "5", "--why", " "), "--why"),
        (("--lift",), "not adjusted on 2026-11-22; nothing was entered"),
    ):
        said = command("adjust", record, "--why", "a typo", *words)
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert says in said.err
    assert command("adjust", record, "--coefficient", "0.50", "--why", "goodwill").code == 0


def test_only_what_is_held_against_somebody_can_be_contested_and_only_from_a_day_that_somebody_can_mean(site, command):
    command("fields", "apply")
    command("sync", "--first-fill")
    record, signal = accused(site.settings)
    why = ("--why", "because")
    for words, says in (
        (("contest", "open", record, ordered(site, record)), "is no incident of theirs: it raises no coefficient"),
        (("freeze", record, "--on", "1900-01-01"), "--on 1900-01-01: nothing before 2023-11-22 counts here"),
        (("unfreeze", record, "--on", "2999-01-01"), "--on 2999-01-01: that is more than 366 days ahead"),
        (("contest", "reject", record, signal), "not contested: `bonus-malus contest open` comes first"),
        (("contest", "open", record, signal, "--on", "2999-01-01"), "more than 366 days ahead"),
        (("contest", "open", record, signal, "--on", "2023-11-22"), "--on 2023-11-22: a contest of this"),
    ):
        said = command(*words, *why)
        assert (said.code, said.err.count("\n")) == (2, 1), said.err
        assert says in said.err
    assert command("contest", "open", record, signal, *why).code == 0
    (listed,) = command("contest", "list", record, "--json").json
    assert (listed["state"], listed["about"]) == ("open", "not yet, from 2027-01-06")
    said = command("contest", "accept", record, signal, "--on", "2026-11-21", *why)
    assert (said.code, "contested from 2026-11-22 on" in said.err) == (2, True), said.err
    for words in (("contest", "accept", record, signal), ("freeze", record)):
        assert command(*words, *why).code == 0


def test_a_day_after_the_last_run_is_told_as_what_it_is_and_a_statement_bears_the_name_it_is_given(site, command):
    command("fields", "apply")
    command("sync", "--first-fill")
    record, _ = accused(site.settings)
    said = command("explain", record, "--as-of", "2027-01-31", "--language", "en")
    assert (said.code, said.err) == (
        0,
        "31 Jan 2027 is after the last run, of 22 Nov 2026: told as if nothing happened in between\n",
    )
    assert command("explain", record, "--as-of", "2026-11-22").err == ""
    for words in (
        ("explain", record, "--as-of"),
        ("statement", record, "--as-of"),
        ("simulate", "--rules", "be-1992", "--at"),
    ):
        for year in ("0001", "9999"):
            said = command(*words, f"{year}-12-31")
            assert (said.code, said.err.count("\n")) == (2, 1)
            assert "years go from 1900 to 2999 here" in said.err
    said = command("statement", record, "--as-of", "2027-01-31", "--language", "fr", "--name", "Ada Lovelace")
    assert "Le 31 janv. 2027 vient après le dernier passage, du 22 nov. 2026" in said.err
    assert "Ada Lovelace · salesforce:" in said.out


def test_a_day_before_a_purge_says_that_it_is_told_from_what_is_left(site, command):
    site.settings.write_text(site.settings.read_text("utf-8") + "\n[retention.signals]\nclaim_justified = 1\n", "utf-8")
    command("fields", "apply")
    command("sync", "--first-fill")
    record, _ = accused(site.settings)
    site.remote.sleep(86400)
    assert command("explain", record, "--as-of", "2026-11-22").err == ""
    assert command("purge", "--json").json["deleted"]["claim_justified"] > 0
    said = command("explain", record, "--as-of", "2026-11-22", "--language", "en")
    assert (said.code, said.err.count("\n")) == (0, 1)
    assert "22 Nov 2026 is told from what is left: signals" in said.err
    assert "were purged since, last on 23 Nov 2026" in said.err
    assert command("explain", record, "--as-of", "2026-11-23").err == ""


def ordered(site, record):
    """An order of somebody who has one: it is held against nobody."""
    ledger = Ledger.open("ledger.db", beside=site.settings.parent)
    with ledger.begin() as tx:
        table = schema.signals
        query = table.select().where(table.c.contact == record, table.c.name == "order_paid")
        found = tx.execute(query).first()
    ledger.close()
    return found.record


def test_a_day_before_the_first_run_says_that_nothing_was_known_then(site, command):
    command("fields", "apply")
    command("sync", "--first-fill")
    record, _ = accused(site.settings)
    says = "21 Nov 2026 is before the first run, of 22 Nov 2026: nothing was known then"
    for words in ("explain", "statement"):
        assert says in command(words, record, "--as-of", "2026-11-21", "--language", "en").err
    assert command("explain", record, "--as-of", "2026-11-21", "--restated").err == ""
    assert "précède le premier passage" in command("explain", record, "--as-of", "2026-11-21", "--language", "fr").err


def test_what_a_record_does_not_show_yet_is_told_as_that(site, command):
    command("fields", "apply")
    command("sync", "--first-fill")
    record, _ = accused(site.settings)
    says = (
        "not what every record shows: what was computed on 22 Nov 2026 is not written there; bonus-malus runs says why"
    )
    assert command("explain", record).err == ""
    command("undo", "1")
    assert command("explain", record, "--language", "en").err == f"{says}\n"
    assert command("statement", record, "--language", "en").err == f"{says}\n"
    assert "toutes les fiches" in command("explain", record, "--language", "fr").err
    command("resume")
    command("sync", "--first-fill")
    assert command("explain", record).err == ""


def test_many_refunds_are_contested_by_the_name_that_explain_shows(site, command):
    org = site.world.org
    record = org.insert("Contact", {"LastName": "Norvaar"})
    for amount, day in ((100, "2025-02-01"), (-100, "2025-03-01"), (-100, "2025-03-02"), (-100, "2025-03-03")):
        values = {"Name": "Stove", "StageName": "Closed Won", "CloseDate": day, "Amount": amount}
        org.insert("OpportunityContactRole", {"OpportunityId": org.insert("Opportunity", values), "ContactId": record})
    site.remote.sleep(900)
    command("fields", "apply")
    command("sync", "--first-fill")
    said = command("contest", "open", record, "refund_abuse", "--why", "the carrier broke them", "--json")
    assert said.code == 0, said.err
    assert said.json["fact"]["signal"] == "refund_abuse"
    command("sync")
    assert "held until decided" in " ".join(command("explain", record).out.split())
    assert "refund_abuse" in command("contest", "list").out
    (listed,) = command("contest", "list", record, "--json").json
    assert (listed["signal"], listed["state"], listed["why"], listed["about"]) == (
        "refund_abuse",
        "open",
        "the carrier broke them",
        "",
    )
    values = {"Name": "Pan", "StageName": "Closed Won", "CloseDate": "2024-10-01", "Amount": 5}
    org.insert("OpportunityContactRole", {"OpportunityId": org.insert("Opportunity", values), "ContactId": record})
    site.remote.sleep(900)
    command("sync")
    assert command("contest", "accept", record, "refund_abuse", "--why", "they were right").code == 0
    (listed,) = command("contest", "list", record, "--json").json
    assert (listed["source"], listed["state"], listed["about"]) == ("refund_abuse 2025-02-01", "accepted", "")
