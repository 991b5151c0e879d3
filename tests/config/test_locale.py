import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.locale import Texts, languages
from config.locale.texts import placeholders
from config.reading import ConfigError
from config.rulefile import load_programme, load_rules, programme_names, rule_names
from config.scalefile import FOLDER as RULES
from config.scalefile import load_scale_rules
from scoring.decision import Decision, Kind
from scoring.line import Code, Line
from scoring.opening import Opening
from scoring.rules import Award, Programme, Tier
from scoring.signal import Carried, Liability, Signal, Source
from scoring.standing import Standing, Trend, standing
from scoring.status import Status
from scoring.subject import Span, Subject

FOLDER = Path(__file__).parents[2] / "config" / "locale"
DAY = date(2026, 11, 22)
MOTOR = load_programme("motor", at=DAY)
CUSTOMERS = load_programme("customers", at=DAY)


def signal(name: str, on: str, number: int = 1, **more: Any) -> Signal:
    return Signal(name, date.fromisoformat(on), Source("crm", "Thing", str(number)), **more)


def orders(*days: str) -> list[Signal]:
    return [signal("order_paid", day, number, amount=Decimal(100)) for number, day in enumerate(days, 100)]


FULL, PARTIAL = {"liability": Liability.FULL}, {"liability": Liability.PARTIAL}
YEARLY = [f"{year}-03-12" for year in range(2005, 2027)]
LATE = datetime(2026, 1, 1, tzinfo=UTC)


def with_rules(**options: Any) -> Programme:
    return replace(CUSTOMERS, rules=replace(CUSTOMERS.rules, **options))


def printed_example() -> Standing:
    days = [
        *YEARLY[17:19],
        "2024-04-02",
        *(f"2025-{month:02d}-20" for month in range(1, 11)),
        "2026-04-20",
        "2026-09-20",
    ]
    referrals = ["2024-12-20", "2025-02-01", "2025-08-01", "2025-09-01", "2026-05-01"]
    late = signal("invoice_late", "2025-06-03", reference="1042", days=44, **PARTIAL)
    won = [signal("referral_won", on, number) for number, on in enumerate(referrals)]
    return standing([*orders(*days), *won, late], CUSTOMERS, DAY)


def scenarios() -> Iterator[Standing]:
    """Histories that between them use every line there is."""
    yield printed_example()
    yield standing([signal("review_positive", "2025-01-01")], CUSTOMERS, DAY)
    twins = [signal("claim_at_fault", "2025-01-01", n, key="k", **FULL) for n in (1, 2)]
    odd = [
        signal("complaint", "2025-01-01", **FULL),
        signal("own_signal", "2025-01-01", reference="77"),
        signal("order_paid", "2019-01-01", recorded=LATE),
        signal("invoice_unpaid", "2019-06-01", days=91, recorded=LATE, **FULL),
        signal("claim_justified", "2025-01-01", reference="12"),
    ]
    yield standing([*orders(*YEARLY[13:]), *odd, *twins], CUSTOMERS, DAY)
    claim = signal("claim_at_fault", "2019-06-01", **FULL)
    unsaid = signal("claim_at_fault", "2019-06-02", 2, **FULL)
    corrections = [
        replace(claim, on=date(2019, 7, 1), recorded=LATE, before=claim),
        replace(unsaid, withdrawn=True, recorded=LATE, before=unsaid),
    ]
    yield standing([*orders(*YEARLY[13:]), *corrections], CUSTOMERS, DAY)
    yield standing([*orders(*YEARLY), signal("invoice_unpaid", "2025-06-01", **FULL)], CUSTOMERS, DAY)
    yield standing(
        [*orders("2025-03-12"), *(signal("claim_at_fault", "2025-06-01", n, **FULL) for n in range(9))], CUSTOMERS, DAY
    )
    yield standing(
        [*orders("2025-03-12", "2025-03-13"), signal("refund", "2025-06-01", amount=Decimal(30))], CUSTOMERS, DAY
    )
    abuse = [signal("refund", "2025-06-01", n, amount=Decimal(80)) for n in range(3)]
    yield standing([*orders("2025-03-12"), *abuse, signal("refund", "2025-07-01", original="x")], CUSTOMERS, DAY)
    yield standing(orders("2026-03-12"), CUSTOMERS, DAY)
    yield standing(orders("2023-03-12"), with_rules(lapse_after=1), DAY)
    yield standing(orders("2026-11-01"), replace(CUSTOMERS, fixed_review="12-01"), date(2026, 12, 2))
    held = [*orders("2024-03-12", "2025-03-12"), signal("claim_justified", "2024-04-01")]
    yield standing(held, with_rules(excused="held"), DAY)
    worse = [*orders(*YEARLY), *(signal("invoice_unpaid", "2023-06-01", n, **FULL) for n in range(8))]
    yield standing(worse, CUSTOMERS, DAY)
    yield standing([*orders("2026-03-12"), signal("invoice_late", "2026-06-01", **PARTIAL)], CUSTOMERS, DAY)
    yield from decided_upon()
    many = orders(*(f"2024-{month:02d}-{day:02d}" for month in (1, 2, 3) for day in range(1, 15)), "2026-02-01")
    yield standing(many, CUSTOMERS, DAY)
    for second in (Tier("Friend", points=100), Tier("Friend", coefficient=90)):
        yield standing(orders("2026-03-12"), replace(CUSTOMERS, tiers=(Tier("Guest"), second)), DAY)


def decided_upon() -> Iterator[Standing]:
    """Histories that people decided upon, that were carried over, or whose programme says more of points."""

    def decision(kind: Kind, **more: Any) -> Decision:
        return Decision(kind, date(2026, 4, 1), "u7", "goods arrived broken", **more)

    facts = [*orders(*YEARLY[13:]), *(signal("invoice_late", "2025-06-03", n, days=44, **PARTIAL) for n in range(3))]
    old = signal("invoice_late", "2019-06-03", 4, **PARTIAL)
    contests = [
        decision(kind, fact=facts[number - 3].fact)
        for number, kind in enumerate((Kind.CONTEST_OPEN, Kind.CONTEST_ACCEPT, Kind.CONTEST_REJECT))
    ]
    ahead = signal("invoice_unpaid", "2027-01-06", 5, **PARTIAL)
    known = (old.fact, (Source("crm", "Thing", "x"), "refund"), ahead.fact)
    contests += [decision(Kind.CONTEST_OPEN, fact=each) for each in known]
    yield standing([*facts, old, ahead], CUSTOMERS, DAY, Subject(decisions=tuple(contests)))
    adjusts = decision(Kind.ADJUST, coefficient=80, points=500, until=date(2027, 1, 1))
    yield standing(facts, CUSTOMERS, DAY, Subject(decisions=(adjusts,)))
    lasting = decision(Kind.ADJUST, coefficient=80)
    yield standing(facts, CUSTOMERS, DAY, Subject(decisions=(lasting, decision(Kind.FREEZE))))
    contract = (Span(date(2024, 1, 1), date(2024, 7, 1)), Span(date(2025, 1, 1)))
    yield standing([], CUSTOMERS, DAY, Subject(contracts=contract, opening=Opening(64)))
    points = {"order_paid": Award(30, fading="linear"), "review_positive": Award(10, repeat="once")}
    other = replace(CUSTOMERS, points=points, currency="EUR")
    praise = [signal("review_positive", "2026-04-01", number) for number in range(2)]
    foreign = signal("order_paid", "2026-03-12", amount=Decimal(100), currency="XYZ")
    yield standing([*orders("2026-03-12"), *praise, foreign], other, DAY)
    parked = signal("claim_parked", "2024-05-01", reference="9", **FULL)
    yield standing([signal("premium_paid", "2024-01-01"), parked], MOTOR, DAY)
    paid = [signal("premium_paid", on) for on in ("2023-01-01", "2024-01-01")]
    yield standing(paid, MOTOR, date(2026, 10, 31))
    yield standing([signal("premium_paid", "2024-01-01"), signal("claim", "2026-11-10", **FULL)], MOTOR, DAY)


def brought_along() -> Iterator[Standing]:
    """What somebody brings that cannot be, and what a scale says of all this."""
    brought = [signal("carried_over", "2025-01-01", carried=Carried(25))]
    yield standing([*orders("2025-03-12"), *brought], CUSTOMERS, DAY)
    for own, partial in (("my-6", "claim"), ("be-1992", "held"), ("textbook-1-2", "excused")):
        rules = replace(load_scale_rules(RULES / f"{own}.toml"), partial=partial)
        history = [
            *orders(*YEARLY[10:]),
            *(signal("claim_at_fault", "2016-06-01", n, **FULL) for n in range(3)),
            signal("invoice_late", "2024-06-03", 1042, reference="1042", days=44, **PARTIAL),
            signal("claim_at_fault", "2025-06-01", 8, **FULL),
        ]
        yield standing(history, replace(CUSTOMERS, rules=rules), DAY)


SCENARIOS = [*scenarios(), *brought_along()]


def every_line() -> Iterator[Line]:
    for shown in SCENARIOS:
        yield from (*shown.lines, *shown.reasons, *shown.way_back)


@pytest.fixture(params=languages())
def texts(request: pytest.FixtureRequest) -> Texts:
    return Texts(request.param)


def entries(table: Any, above: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        found |= entries(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return found


def catalogue(language: str) -> dict[str, str]:
    return entries(tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8")))


def test_both_languages_have_the_same_keys_and_the_same_placeholders():
    english, french = catalogue("en"), catalogue("fr")
    assert {key for key in english.keys() ^ french.keys() if not key.startswith("references.")} == set()
    different = [key for key in english if placeholders(english[key]) != placeholders(french[key])]
    assert different == []


def test_the_scenarios_of_this_test_use_every_line_there_is():
    assert set(Code) - {line.code for line in every_line()} == set()


def test_the_catalogue_has_words_for_every_line_and_none_that_nobody_says():
    lines = {key.split(".")[1] for key in catalogue("en") if key.startswith("lines.")}
    assert lines == {str(code) for code in Code}


def test_the_catalogue_has_words_for_every_signal_of_the_programmes_that_come_with_the_product():
    signals = {key.split(".")[1] for key in catalogue("en") if key.startswith("signals.")}
    assert signals == set(CUSTOMERS.signals) | set(MOTOR.signals)


def test_every_line_can_be_said(texts: Texts):
    said = [texts.line(line) for line in every_line()]
    assert [text for text in said if not text or re.search(r"[\[\]{}]|None|  ", text)] == []


def test_texts_fit_the_fields_they_are_written_to(texts: Texts):
    for shown in SCENARIOS:
        assert len(texts.way_back(shown)) <= 255
        assert len(texts.history(shown)) <= 255
    assert [key for key, value in catalogue(texts.language).items() if key.endswith(".label") and len(value) > 40] == []
    assert [key for key, value in catalogue(texts.language).items() if key.endswith(".help") and len(value) > 255] == []


def test_a_way_back_with_long_names_of_levels_is_told_as_far_as_it_fits(texts: Texts):
    rules = load_scale_rules(RULES / "be-1992.toml")
    levels = tuple(replace(level, name=f"{level.name:x>20}") for level in rules.scale.levels)
    programme = replace(CUSTOMERS, rules=replace(rules, scale=replace(rules.scale, levels=levels)))
    shown = standing([*orders("2024-03-12"), signal("claim_at_fault", "2024-06-01", **FULL)], programme, DAY)
    assert [line.code for line in shown.way_back] == [Code.REVIEW_IDLE, Code.NEXT_TIER, Code.ORIGIN_AGAIN]
    told = texts.way_back(shown)
    assert len(told) <= 255
    assert told.startswith(f"{texts.line(shown.way_back[0])}{' ' if texts.language == 'fr' else ''}; ")
    assert told.endswith(f"{texts.line(shown.way_back[1])}.")


def test_texts_hold_dates_and_no_spans_of_time_from_today(texts: Texts):
    said = " ".join(texts.reasons(shown) + texts.way_back(shown) for shown in SCENARIOS)
    assert re.search(r"\bin \d+ (days|months)|dans \d+ (jours|mois)|\bago\b|il y a", said) is None


@pytest.fixture
def example() -> Standing:
    return printed_example()


def test_the_example_of_the_field_table_reads_as_printed(example: Standing):
    english = Texts("en")
    assert english.reasons(example) == (
        "Invoice 1042 paid 44 days late, 3 Jun 2025: ×1.125. 5 referrals won: +250 points. 12 orders paid: +120 points."
    )
    assert english.way_back(example) == "Review of 12 Mar 2027 without incident: 0.90; Gold needs 250 points and 0.90."
    assert english.history(example).startswith("2026-03-12 0.95; 2025-03-12 0.85; ")


def test_the_example_reads_in_french_with_french_dates_and_numbers(example: Standing):
    french = Texts("fr")
    assert french.reasons(example).startswith(
        "Facture 1042 payée avec 44\u00a0jours de retard, 3 juin 2025 : ×1,125. 5 parr"
    )
    assert french.way_back(example) == "Échéance du 12 mars 2027 sans incident : 0,90 ; Or demande 250 points et 0,90."
    assert french.history(example).startswith("2026-03-12 0,95; 2025-03-12 0,85; ")


def test_the_first_of_a_month_is_written_as_in_french():
    french, english = Texts("fr"), Texts("en")
    assert [french.date(date(2026, 5, day)) for day in (1, 2, 11, 21, 31)] == [
        f"{day} mai 2026" for day in ("1er", "2", "11", "21", "31")
    ]
    assert english.date(date(2026, 5, 1)) == "1 May 2026"
    assert french.screen("statement", day=date(2026, 5, 1)) == "Relevé d'informations du 1er mai 2026"


def test_what_is_not_known_of_a_signal_is_left_out():
    line = Line(Code.INCIDENT, "", {"signal": "invoice_late", "on": date(2025, 6, 3), "factor": 1125})
    assert Texts("en").line(line) == "Invoice paid late, 3 Jun 2025: ×1.125"
    assert Texts("fr").line(line) == "Facture payée avec retard, 3 juin 2025 : ×1,125"


def test_braces_and_brackets_in_a_reference_stay_what_they_are(texts: Texts):
    values = {"signal": "invoice_late", "on": DAY, "factor": 1125, "reference": "{0}[x]{signal}"}
    assert "{0}[x]{signal}" in texts.line(Line(Code.INCIDENT, "", values))


def test_one_is_singular_and_french_zero_too():
    def said(language: str, count: int) -> str:
        return Texts(language).line(Line(Code.POINTS_SUM, "", {"signal": "order_paid", "count": count, "points": 10}))

    assert said("en", 1) == "1 order paid: +10 points"
    assert said("en", 2) == "2 orders paid: +10 points"
    assert said("fr", 0) == "0 commande payée : +10 points"


def test_a_companys_own_signals_and_tiers_are_called_by_their_names(texts: Texts):
    line = Line(Code.POINTS_SUM, "", {"signal": "visited_fair", "count": 3, "points": 30})
    assert texts.line(line).startswith("visited fair: 3")
    assert texts.tier("Diamond") == "Diamond"


def shipped_references() -> set[str]:
    programmes = [load_programme(name, at=DAY) for name in programme_names()]
    rules = [load_rules(name, at=DAY) for name in rule_names()]
    return {text for each in (*programmes, *rules) for text in each.references.values()}


def test_french_has_words_for_every_reference_of_the_rules_that_come_with_the_product():
    french = Texts("fr")
    translated = {key.removeprefix("references.") for key in catalogue("fr") if key.startswith("references.")}
    said = {text: french.reference(text) for text in shipped_references() - translated}
    as_in_the_law = re.compile(r"art\. [AR]?[\d-]+|« [^»]+ »|Code de la route|programme$")
    assert {text: words for text, words in said.items() if as_in_the_law.sub("", words).strip(", ")} == {}


def test_french_has_no_words_for_references_that_no_rules_have():
    translated = {key.removeprefix("references.") for key in catalogue("fr") if key.startswith("references.")}
    assert translated - shipped_references() == {"house rule"}


def test_a_place_in_the_programme_is_called_the_programme(texts: Texts):
    assert texts.reference("programme: points.order_paid") == "programme"


def test_a_house_rule_of_a_companys_own_is_said_to_be_one_in_french_and_in_full_in_english():
    own = "house rule: the first year is free"
    assert Texts("fr").reference(own) == "règle maison"
    assert Texts("en").reference(own) == own


def test_a_companys_own_articles_are_called_what_its_rules_call_them(texts: Texts):
    assert texts.reference("Bylaws, § 3") == "Bylaws, § 3"
    assert texts.reference("") == ""


def test_the_history_shows_the_last_eight_reviews():
    shown = standing(orders(*YEARLY), CUSTOMERS, DAY)
    assert len(shown.reviews) > 8
    assert Texts("en").history(shown).count(";") == 7


def test_every_picklist_value_has_a_label(texts: Texts):
    assert {value for value, _ in texts.options("trend")} == set(Trend)
    assert {value for value, _ in texts.options("status")} >= set(Status)
    assert texts.options("tier", ["Gold"]) == (("Gold", texts.tier("Gold")),)


def test_every_field_has_a_label_and_a_help_text(texts: Texts):
    fields = {key.split(".")[1] for key in catalogue("en") if key.startswith("fields.")}
    assert len(fields) == 15
    assert all(texts.label(field) and texts.help(field) for field in fields)


def test_a_language_without_catalogue_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match="there is no 'de'; allowed: en, fr"):
        Texts("de")
