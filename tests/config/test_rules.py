import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from config.examples import failing, failing_programme, failing_rules
from config.mappingfile import load_mapping
from config.reading import ConfigError
from config.rulefile import load_programme, load_rules, programme_names, read_programme, read_rules, rule_names
from scoring.rules import Award

DAY = date(2026, 11, 22)
SHIPPED = Path(__file__).parents[2] / "config"


def shipped(folder: str, name: str) -> str:
    return (SHIPPED / folder / f"{name}.toml").read_text(encoding="utf-8")


def error_of(path: Path, *, at: date = DAY) -> str:
    load = load_rules if path.name.startswith("rules") else load_programme
    with pytest.raises(ConfigError) as caught:
        load(path, at=at)
    return str(caught.value)


@pytest.mark.parametrize("name", rule_names())
def test_every_example_inside_a_shipped_rule_file_holds(name: str):
    assert read_rules(name).example
    assert failing_rules(name, at=DAY) == []


@pytest.mark.parametrize("name", programme_names())
def test_every_example_inside_a_shipped_programme_holds(name: str):
    assert read_programme(name).example
    assert failing_programme(name, at=DAY) == []


def test_an_example_that_does_not_hold_is_named(tmp_path: Path):
    wrong = shipped("rules", "fr-motor").replace("expect = [1.56]", "expect = [1.57]")
    (tmp_path / "rules.toml").write_text(wrong, encoding="utf-8")
    assert failing_rules(tmp_path / "rules.toml", at=DAY) == [
        "fr-motor: ABE Infoservice (Banque de France, ACPR, AMF): 1.56, not 1.57"
    ]
    wrong = shipped("programmes", "customers").replace('tier = "Silver", points = 100', 'tier = "Gold", points = 100')
    (tmp_path / "shop.toml").write_text(wrong, encoding="utf-8")
    assert failing_programme(tmp_path / "shop.toml", at=DAY) == [
        "customers: after the first clean review, ten orders make Silver: tier is Silver, not Gold"
    ]


@pytest.mark.parametrize(
    ("name", "folder", "shipped_as", "before", "after"),
    [
        ("shop.toml", "programmes", "customers", "points = 8 }", "points = 9 }"),
        ("own.toml", "rules", "fr-motor", "expect = [1.56]", "expect = [1.57]"),
        ("scale.toml", "rules", "be-1992", "expect = [", 'expect = ["0", '),
    ],
)
def test_a_check_finds_out_what_kind_of_file_it_is(
    tmp_path: Path, name: str, folder: str, shipped_as: str, before: str, after: str
):
    text = shipped(folder, shipped_as)
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert failing(path, at=DAY) == failing(shipped_as, at=DAY) == []
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    assert len(failing(path, at=DAY)) == 1


def test_a_check_of_a_programme_runs_the_examples_of_its_rules_too(tmp_path: Path):
    wrong = shipped("rules", "fr-motor").replace("expect = [1.56]", "expect = [1.57]")
    (tmp_path / "own.toml").write_text(wrong, encoding="utf-8")
    (tmp_path / "shop.toml").write_text('name = "shop"\ninherits = "customers"\nrules = "own.toml"\n', encoding="utf-8")
    assert [line.partition(":")[0] for line in failing(tmp_path / "shop.toml", at=DAY)] == ["fr-motor"]


def test_a_file_that_only_inherits_from_rules_is_one_of_rules(tmp_path: Path):
    (tmp_path / "own.toml").write_text('name = "own"\ninherits = "fr-motor"\n', encoding="utf-8")
    assert failing(tmp_path / "own.toml", at=DAY) == []


def test_customers_inherits_the_law_and_changes_only_the_lag():
    law, customers = load_rules("fr-motor", at=DAY), load_rules("customers", at=DAY)
    assert law.lag_months == 2
    assert customers.lag_months == 0
    assert replace(customers, name=law.name, lag_months=2, references=law.references) == law


def test_every_number_of_the_law_stands_beside_its_article():
    law = load_rules("fr-motor", at=DAY)
    assert law.reference("floor") == law.reference("normal.reduction") == "art. 4"
    assert law.reference("lag_months") == "art. 9"
    assert law.reference("correction_years") == "art. 8"
    assert all(text.startswith("art") for text in law.references.values())


def test_the_open_points_of_the_law_have_the_texts_default():
    law = load_rules("fr-motor", at=DAY)
    assert (law.truncation, law.same_day, law.excused) == ("each", "full first", "clean")
    assert (law.protection, law.floor_years, law.lapse_after) == ("once", "reviews", None)
    assert law.interruption == "in the period"
    assert (law.carry_over, law.extra_vehicle) == ("raises", "last")


def test_the_surcharges_of_the_law_stand_beside_their_articles():
    law = load_rules("fr-motor", at=DAY)
    assert (law.surcharges.novice, law.surcharges.aggravated["licence_annulled"]) == (100, 200)
    assert law.reference("surcharges.aggravated.drunk") == "art. A121-1-2"
    assert law.reference("surcharges.novice_accompanied").startswith("art. A121-1-1")


def test_a_programme_says_how_long_points_last_how_often_and_in_which_money(tmp_path: Path):
    path = tmp_path / "shop.toml"
    path.write_text(
        'name = "shop"\ninherits = "customers"\n[currency]\nreference = "house"\nsince.2000-01-01 = "EUR"\n'
        '[points.review_positive]\nreference = "house"\n'
        'since.2000-01-01 = { points = 5, repeat = "once", expiry_months = 6, fading = "linear" }\n',
        encoding="utf-8",
    )
    shop = load_programme(path, at=DAY)
    assert shop.currency == "EUR"
    assert shop.points["review_positive"] == Award(5, None, "once", 6, "linear")


def test_signals_that_punish_speech_are_off_with_a_warning_beside_the_switch():
    programme = load_programme("customers", at=DAY)
    off = {name for name, on in programme.signals.items() if not on}
    assert off == {"complaint", "review_negative", "unsubscribed"} == set(programme.warnings)


def test_the_hash_follows_every_change_that_can_move_a_number():
    programme = load_programme("customers", at=DAY)
    same = load_programme("customers", at=date(2025, 1, 1))
    assert programme.hash == same.hash
    assert len(programme.hash) == 8
    assert programme.label == f"customers@{programme.hash}"
    changes = [
        replace(programme, expiry_months=12),
        replace(programme, rules=replace(programme.rules, cap=300)),
        replace(programme, fixed_review="12-01"),
        replace(programme, signals={**programme.signals, "complaint": True}),
        replace(programme, tiers=programme.tiers[:-1]),
    ]
    assert len({changed.hash for changed in changes} | {programme.hash}) == len(changes) + 1


def test_a_number_holds_from_its_day_on(tmp_path: Path):
    path = tmp_path / "rules.toml"
    path.write_text(
        'name = "mine"\nscheme = "reduction-majoration"\ninherits = "fr-motor"\n'
        '[cap]\nreference = "house"\nsince.2000-01-01 = 3.00\nsince.2026-01-01 = 2.50\n',
        encoding="utf-8",
    )
    assert load_rules(path, at=date(2025, 12, 31)).cap == 300
    assert load_rules(path, at=date(2026, 1, 1)).cap == 250
    assert load_rules(path, at=DAY).reference("cap") == "house"
    assert "cap: has no value on 1999-12-31; the first one holds since 2000-01-01" in error_of(
        path, at=date(1999, 12, 31)
    )


def test_a_programme_inherits_from_another_and_may_have_one_review_day_for_all(tmp_path: Path):
    path = tmp_path / "shop.toml"
    path.write_text(
        'name = "shop"\ninherits = "customers"\n[fixed_review]\nreference = "house"\nsince.2000-01-01 = "12-01"\n',
        encoding="utf-8",
    )
    shop, customers = load_programme(path, at=DAY), load_programme("customers", at=DAY)
    assert (shop.name, shop.fixed_review) == ("shop", "12-01")
    assert shop.points == customers.points
    assert shop.hash != customers.hash


def test_a_programme_finds_its_rules_beside_it(tmp_path: Path):
    (tmp_path / "own.toml").write_text(
        'name = "own"\nscheme = "reduction-majoration"\ninherits = "customers"\n'
        '[floor]\nreference = "house"\nsince.2000-01-01 = 0.60\n',
        encoding="utf-8",
    )
    (tmp_path / "shop.toml").write_text('name = "shop"\ninherits = "customers"\nrules = "own.toml"\n', encoding="utf-8")
    assert load_programme(tmp_path / "shop.toml", at=DAY).rules.floor == 60


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("[floor]", "[flor]", ["flor: unknown key", "nearest: floor"]),
        ('reference = "art. 8"\n', "", ["correction_years.reference: is missing"]),
        (
            'since.1991-11-29 = "each"',
            'since.1991-11-29 = "eech"',
            ["truncation", "'eech'", "each, once", "nearest: each"],
        ),
        ("since.1991-11-29 = 0.50", "since.1991-11-29 = 0.505", ["floor", "2 decimal places"]),
        ("since.1991-11-29 = 1.125", "since.1991-11-29 = 1.12555", ["normal.partial", "3 decimal places"]),
        ("since.1991-11-29 = 3.50", "since.1991-11-29 = 0.40", ["floor <= origin <= cap must hold"]),
        ("since.1991-11-29 = 0.95", "since.1991-11-29 = 1.95", ["reduction <= 1.000 <= partial <= full must hold"]),
        ("since.1991-11-29 = 0.50", "since.yesterday = 0.50", ["floor.since.yesterday", "date"]),
        ("since.1991-11-29 = 2\n", "since.1991-11-29 = 0\n", ["ceiling_after", "greater than or equal to 1", "0"]),
        ('scheme = "reduction-majoration"', 'scheme = "scale"', ["scheme", "'scale'", "reduction-majoration"]),
        ("[cap]", "[cap", ["rules.toml:", "not TOML"]),
        ("[ceiling]\n", "[cap]\n", ["not TOML"]),
        ('years = ["FF"]', 'years = ["FX"]', ["example[2].years[1]", "pattern"]),
        ("since.1991-11-29 = 2\n", "since.1991-11-29 = true\n", ["ceiling_after", "valid integer"]),
        ("since.1991-11-29 = 2\n", 'since.1991-11-29 = "2"\n', ["ceiling_after", "valid integer"]),
        ("since.1991-11-29 = 0.50", "since.1991-11-29 = nan", ["floor", "finite number"]),
        ("since.1991-11-29 = 0.50", "since.1991-11-29 = true", ["floor", "Decimal"]),
        ("since.1991-11-29 = 15", "since.1991-11-29 = 0", ["statement_days", "greater than or equal to 1"]),
        ("since.1991-11-29 = 150", "since.1991-11-29 = -150", ["surcharges.aggravated.drunk", "-150"]),
        ("[surcharges.novice]", "[surcharges.novise]", ["surcharges.novise: unknown key", "nearest: novice"]),
        ('since.1991-11-29 = "halved"', 'since.1991-11-29 = "half"', ["novice_reading", "halved, half of the initial"]),
        ('since.1991-11-29 = "raises"', 'since.1991-11-29 = "rises"', ["carry_over", "nearest: raises"]),
        ('since.1991-11-29 = "in the period"', 'since.1991-11-29 = "hole"', ["interruption", "nearest: whole"]),
        ('since.1991-11-29 = "last"', 'since.1991-11-29 = "mean"', ["extra_vehicle", "last, average"]),
        ("[lapse_after]", "[lapse_after]\nsince.1991-11-29 = 3", ["not TOML"]),
    ],
)
def test_each_mistake_in_a_rule_file_is_one_line_with_place_and_cure(
    tmp_path: Path, before: str, after: str, words: list[str]
):
    text = shipped("rules", "fr-motor")
    assert before in text
    path = tmp_path / "rules.toml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    message = error_of(path)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert [word for word in words if word not in message] == [], message


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            "[points.order_paid]",
            "[points.order_payd]",
            ["points.order_payd", "no signal 'order_payd'", "nearest: order_paid"],
        ),
        ("[derived.refund_abuse]", "[derived.refund_abus]", ["derived.refund_abus", "nearest: refund_abuse"]),
        ('counts = "refund"', 'counts = "refunds"', ["derived.refund_abuse.counts", "'refunds'", "nearest: refund"]),
        ('takes_back = "order_paid"', 'takes_back = "order"', ["signals.refund.takes_back", "'order'"]),
        ('counts_as = "exposure"', 'counts_as = "incident"', ["at least one signal that counts as exposure"]),
        ('counts_as = "exposure"', 'counts_as = "exposed"', ["signals.order_paid.counts_as", "nearest: exposure"]),
        ('liability = "partial"', 'liability = "half"', ["derived.refund_abuse", "'half'", "full, partial, none"]),
        ("points = 250", "points = 50", ["Gold is easier to reach than Silver"]),
        ("coefficient = 0.90", "coefficient = 1.10", ["Gold is easier to reach than Silver"]),
        ('name = "Basic"', 'name = "Basic"\npoints = 1', ["the lowest, Basic, must have no condition"]),
        ('name = "Gold"', 'name = "Silver"', ["two have the same name"]),
        ("discount = 8", "discount = 800", ["tiers.since", "discount", "less than or equal to 100", "800"]),
        (
            'rules = "customers"',
            'rules = "customer"',
            ["shop.toml: rules: customer: there are no such rules", "nearest: customers"],
        ),
        ('name = "customers"', 'name = "My customers"', ["name", "pattern"]),
        ("since.2000-01-01 = 0.80", "since.2000-01-01 = 2.80", ["price floor <= price cap must hold"]),
        ('rules = "customers"\n', "", ["rules: is missing"]),
        ("[attention]", "[atention]", ["atention: unknown key", "nearest: attention"]),
        ("points = 10, cap = 200", "points = true, cap = 200", ["points.order_paid", "valid integer"]),
        ("points = 10, cap = 200", "points = 10, cap = -1", ["points.order_paid", "cap", "-1"]),
        ("cap = 200 }", 'cap = 200, repeat = "twice" }', ["points.order_paid", "repeat", "each, once"]),
        ("cap = 200 }", 'cap = 200, fading = "slow" }', ["points.order_paid", "fading", "none, linear"]),
        ("cap = 200 }", "cap = 200, expiry_months = 0 }", ["points.order_paid", "expiry_months", "0"]),
        ("cap = 200 }", "cap = 200, limit = 3 }", ["limit: unknown key"]),
        ('since.2000-01-01 = "one step"', 'since.2000-01-01 = "two steps"', ["demotion", "one step, straight, none"]),
        ("[grace_months]", "[grace_month]", ["grace_month: unknown key", "nearest: grace_months"]),
        ('takes_back = "order_paid"', 'takes_back = "refund"', ["signals.refund.takes_back", "its own points"]),
        ('against = "order_paid"', 'against = "refund_abuse"', ["refund_abuse.against", "is derived itself"]),
        (
            'takes_back = "order_paid"',
            'takes_back = "contract"',
            ["refund.takes_back", "'contract' counts as contract"],
        ),
        (
            'against = "order_paid"',
            'against = "contract"',
            ["refund_abuse.against", "neither counted nor worth points"],
        ),
        ("[points.order_paid]", "[points.carried_over]", ["points.carried_over", "'carried_over' counts as opening"]),
        ('counts_as = "contract"', 'counts_as = "contracts"', ["contract.counts_as", "nearest: contract"]),
        (
            '[signals.contract]\ncounts_as = "contract"',
            '[signals.contract]\ncounts_as = "contract"\nexcluded = "art. 6"',
            ["signals.contract", "excluded by art. 6, but it counts as contract"],
        ),
        ('rules = "customers"', 'rules = "be1992"', ["rules: be1992: there are no such rules", "nearest: be-1992"]),
        ('rules = "customers"', 'rules = "tw-10"', ["tw-10 is partial and cannot be computed; missing: "]),
        ('rules = "customers"', 'rules = "ross-4"', ["ross-4.toml: start: is missing", "inherit from ross-4"]),
        ("on = false", 'on = "no"', ["signals.complaint.on", "valid boolean"]),
        (
            'counts_as = "other"\ntakes_back',
            'counts_as = "other"\nexcluded = "art. 6"\ntakes_back',
            ["signals.refund", "excluded by art. 6, but it counts as other"],
        ),
        (
            '[signals.invoice_late]\ncounts_as = "incident"',
            '[signals.invoice_late]\ncounts_as = "incident"\nexcluded = "art. 8"',
            ["signals.invoice_late.excluded", "art. 6, art. 7"],
        ),
        (
            "[attention]",
            '[currency]\nreference = "x"\nsince.2000-01-01 = "euro"\n\n[attention]',
            ["currency.since", "pattern"],
        ),
    ],
)
def test_each_mistake_in_a_programme_is_one_line_with_place_and_cure(
    tmp_path: Path, before: str, after: str, words: list[str]
):
    text = shipped("programmes", "customers")
    assert before in text
    path = tmp_path / "shop.toml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    message = error_of(path)
    assert "\n" not in message
    assert [word for word in words if word not in message] == [], message


@pytest.mark.parametrize("text", ["13-01", "02-30", "1 December", "2011-12-01"])
def test_a_review_day_that_is_none_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "shop.toml"
    path.write_text(
        f'name = "shop"\ninherits = "customers"\n[fixed_review]\nreference = "x"\nsince.2000-01-01 = "{text}"\n',
        encoding="utf-8",
    )
    assert f"fixed_review: {text!r} is no day of the year; write it as MM-DD" in error_of(path)


def test_files_that_inherit_from_each_other_are_refused(tmp_path: Path):
    for name, other in (("rules_a", "rules_b"), ("rules_b", "rules_a")):
        (tmp_path / f"{name}.toml").write_text(f'name = "{name}"\ninherits = "{other}.toml"\n', encoding="utf-8")
    assert "inherits from this file in turn" in error_of(tmp_path / "rules_a.toml")


def test_a_mistake_in_the_file_inherited_from_names_that_file(tmp_path: Path):
    (tmp_path / "rules_a.toml").write_text(shipped("rules", "fr-motor").replace("[floor]", "[flor]"), encoding="utf-8")
    path = tmp_path / "rules_b.toml"
    path.write_text('name = "b"\nscheme = "reduction-majoration"\ninherits = "rules_a.toml"\n', encoding="utf-8")
    assert error_of(path).startswith(str(tmp_path / "rules_a.toml"))


def test_a_name_that_does_not_exist_offers_the_nearest(tmp_path: Path):
    with pytest.raises(
        ConfigError, match=r"fr-moto: there are no such rules; allowed: .*, customers, .*, fr-motor, .*; nearest: fr-m"
    ):
        load_rules("fr-moto", at=DAY)
    with pytest.raises(ConfigError, match="there is no such file"):
        load_programme(tmp_path / "nowhere.toml", at=DAY)


def test_rules_given_for_a_programme_are_told_to_be_rules_and_the_other_way_round(tmp_path: Path):
    with pytest.raises(ConfigError, match="be-1992: there is no such programme, but rules are called that; allowed: "):
        load_programme("be-1992", at=DAY)
    mine = tmp_path / "mine.toml"
    mine.write_text('name = "mine"\nscheme = "reduction-majoration"\ninherits = "fr-motor"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.toml: inherits: fr-motor: there is no such programme, but rules are"):
        load_programme(mine, at=DAY)
    with pytest.raises(ConfigError, match="motor: there are no such rules, but a programme is called that; allowed"):
        load_rules("motor", at=DAY)


OF_SALESFORCE = 'crm = "salesforce"\nsubject = { object = "Contact", email = "Email" }\n'


def test_the_examples_of_the_manual_can_be_used_as_they_stand(tmp_path: Path):
    manual = (SHIPPED.parent / "docs" / "rules.md").read_text(encoding="utf-8")
    *signals, programme = re.findall(r"```toml\n(.*?)```", manual, re.DOTALL)
    (tmp_path / "own.toml").write_text(OF_SALESFORCE + "\n".join(signals), encoding="utf-8")
    mapping = load_mapping(tmp_path / "own.toml", crm="salesforce", programme=load_programme("customers", at=DAY))
    assert [rule.name for rule in mapping.signals] == ["contract", "carried_over"]
    (tmp_path / "shop.toml").write_text(programme, encoding="utf-8")
    shop = load_programme(tmp_path / "shop.toml", at=DAY)
    assert (shop.fixed_review, shop.points["order_paid"].points) == ("12-01", 20)
