"""What a customer may be handed: drawn up on the terminal, as a page, as JSON, in both languages."""

import re
from datetime import date, timedelta
from pathlib import Path

from cli.statement import _as_json, _page, _sections
from config.locale import Texts
from config.rulefile import load_programme
from scoring.decision import Decision, Kind
from scoring.releve import releve
from scoring.signal import Liability, Signal, Source
from scoring.standing import standing
from scoring.subject import Subject

DAY = date(2026, 11, 22)
CUSTOMERS = load_programme("customers", at=DAY)


def signal(name: str, on: str, liability: str = "none", reference: str = "") -> Signal:
    source = Source("crm", "Thing", f"{name}{on}")
    return Signal(name, date.fromisoformat(on), source, Liability(liability), reference=reference)


ORDERS = [signal("order_paid", f"{year}-03-12") for year in range(2022, 2027)]
LATE = signal("claim_at_fault", "2024-06-03", "partial", "<b>1042</b>")
NOW = signal("claim_at_fault", "2026-06-03", "full")


def sections(texts: Texts, *signals: Signal, subject: Subject | None = None) -> str:
    shown = standing([*ORDERS, *signals], CUSTOMERS, DAY, subject or Subject())
    return _page("title", "whose", _sections(releve(shown, CUSTOMERS.rules), shown, texts), texts)


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<main>") :]).split())


def test_it_names_the_coefficient_and_each_period_with_its_incidents_and_the_share_of_fault():
    said = words(sections(Texts("en"), LATE, NOW))
    assert "Coefficient 0.95, applied since the review of 12 Mar 2026" in said
    assert "12 Mar 2024 up to 12 Mar 2025 12 Mar 2025 1.01 " in said
    assert said.count("(fault: shared)") == said.count("(fault: yours)") == 1
    assert said.count("none") == 3
    assert said.index("12 Mar 2026 up to 12 Mar 2027") > said.index("Since then")


def test_it_is_written_in_the_language_of_the_customer():
    said = words(sections(Texts("fr"), LATE))
    assert "0,95, appliqué depuis l&#39;échéance du 12 mars 2026" in said
    assert "(faute : partagée)" in said


def test_what_people_decided_stands_in_it_with_the_reason():
    raised = Decision(Kind.ADJUST, date(2026, 6, 1), "u7", "a promise", coefficient=75)
    said = words(sections(Texts("en"), subject=Subject(decisions=(raised,))))
    assert said.startswith("title whose Where you stand Coefficient 0.75 Expected coefficient 0.75 ")
    assert "What people decided Coefficient set to 0.75 on 1 Jun 2026 (a promise; u7)" in said


def test_a_claim_that_the_next_review_does_not_look_at_yet_stands_in_it_with_the_review_that_will():
    motor, day = load_programme("motor", at=DAY), date(2026, 12, 20)
    signals = [signal("premium_paid", f"{year}-01-01") for year in (2024, 2025, 2026)]
    shown = standing([*signals, signal("claim", "2026-11-10", "full")], motor, day)
    drawn = releve(shown, motor.rules)
    said = words(_page("title", "whose", _sections(drawn, shown, Texts("en")), Texts("en")))
    assert "1 Nov 2026 up to 1 Nov 2027 1 Jan 2028 – Claim, 10 Nov 2026: counts at the review of 1 Jan 2028" in said
    assert said.count("(fault: yours)") == 1
    assert _as_json(drawn)["begun"]["incidents"][0]["on"] == "2026-11-10"


def test_texts_from_a_crm_are_shown_as_text_not_as_markup():
    page = sections(Texts("en"), LATE)
    assert "<b>" not in page
    assert "&lt;b&gt;1042&lt;/b&gt;" in page


def test_the_command_shows_it_writes_it_as_a_page_and_gives_it_to_machines(site, command, tmp_path: Path):
    command("fields", "apply")
    command("sync", "--first-fill")
    record = next(iter(site.world.org.rows("Contact")))["Id"]
    shown = command("explain", record, "--json").json
    found = command("statement", record, "--json").json
    assert found["coefficient"] == shown["coefficient"]
    assert [each["coefficient"] for each in found["periods"]] == [value for _, value in shown["reviews"]][-5:]
    assert "contest every incident" in " ".join(command("statement", record).out.split())
    written = command("statement", record, "--language", "fr", "--html", str(tmp_path / "page.html"))
    assert written.code == 0
    assert " : " in written.out
    assert '<html lang="fr">' in (tmp_path / "page.html").read_text("utf-8")
    assert command("statement", "nobody@example.org").err.count("\n") == 1


def test_it_is_as_of_the_last_complete_sync_though_nothing_moved_since(site, command):
    command("fields", "apply")
    command("sync", "--first-fill")
    first = site.remote.now().date()
    site.remote.sleep(3 * 86400)
    command("sync")
    records = (row["Id"] for row in site.world.org.rows("Contact"))
    still = next(each for each in records if command("explain", each, "--json").json["day"] == str(first))
    found = command("statement", still, "--json").json
    assert found["drawn_up"] == str(first + timedelta(3))
    assert found["standing"]["day"] == found["drawn_up"]
    assert command("statement", still, "--as-of", str(first), "--json").json["drawn_up"] == str(first)
