"""The local judgement: what a record is, by a mapping."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.mappingfile import load_mapping, mapping_path
from config.rulefile import load_programme
from scoring.mapping import Condition, Mapping, Operator, SignalRule, SubjectPath, SubjectRule
from scoring.records import Link, Malformed, Record
from scoring.signal import Liability
from scoring.signals import judge

PARIS = ZoneInfo("Europe/Paris")
SEEN = datetime(2026, 11, 22, tzinfo=UTC)
ORDER = SignalRule(
    name="order_paid",
    object="Order",
    when=(Condition("Status", Operator.IS, "Activated"),),
    on="Day",
    subject=SubjectPath(field="ContactId"),
    amount="Amount",
    reference="Number",
)


def mapping(*rules):
    return Mapping("salesforce", SubjectRule("Contact", "Email"), rules or (ORDER,))


def record(**values):
    plain = {
        "Status": "Activated",
        "Day": date(2026, 3, 1),
        "ContactId": "003A",
        "Amount": Decimal(120),
        "Number": "42",
    }
    links = values.pop("links", {})
    deleted = values.pop("deleted", False)
    return Record("Order", "801A", SEEN, plain | values, links, deleted=deleted)


def judged(what, *rules):
    return judge(what, mapping(*rules), connection="salesforce", zone=PARIS)


def holds(condition, **values):
    rule = SignalRule("x", "Order", (condition,), "Day", SubjectPath(field="ContactId"))
    return bool(judged(record(**values), rule).signals)


def test_a_record_that_matches_gives_its_signal():
    (found,) = judged(record()).signals
    assert found.contact == "003A"
    assert (found.signal.name, found.signal.on, found.signal.amount) == ("order_paid", date(2026, 3, 1), Decimal(120))
    assert (found.signal.reference, found.signal.source.id) == ("42", "801A")


def test_a_record_that_does_not_match_gives_nothing():
    assert judged(record(Status="Draft")).signals == ()


def test_a_deleted_record_gives_nothing():
    assert judged(record(deleted=True)).signals == ()


def test_a_signal_without_a_subject_is_reported_and_not_given_to_anybody():
    found = judged(record(ContactId=None))
    assert found.signals == ()
    assert found.no_subject == ("order_paid",)


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        (Condition("Status", Operator.IS, "Activated"), {}, True),
        (Condition("Status", Operator.IS, "Draft"), {}, False),
        (Condition("Status", Operator.NOT, "Draft"), {}, True),
        (Condition("Status", Operator.NOT, "Draft"), {"Status": None}, True),
        (Condition("Status", Operator.IS, "Draft"), {"Status": None}, False),
        (Condition("Status", Operator.IN, ("Draft", "Activated")), {}, True),
        (Condition("Status", Operator.NOT_IN, ("Draft", "Activated")), {}, False),
        (Condition("Amount", Operator.ABOVE, Decimal(120)), {}, False),
        (Condition("Amount", Operator.ABOVE, Decimal("119.99")), {}, True),
        (Condition("Amount", Operator.BELOW, Decimal(0)), {"Amount": Decimal("-0.01")}, True),
        (Condition("Amount", Operator.ABOVE, Decimal(0)), {"Amount": None}, False),
        (Condition("Number", Operator.FILLED, operand=True), {}, True),
        (Condition("Number", Operator.FILLED, operand=False), {"Number": ""}, True),
        (Condition("Number", Operator.FILLED, operand=False), {}, False),
    ],
)
def test_a_condition_says_what_its_operator_says(condition, values, expected):
    assert holds(condition, **values) is expected


@pytest.mark.parametrize(("days", "late"), [(30, False), (31, True), (90, True), (91, False)])
def test_days_are_counted_between_two_dates_with_both_bounds_included(days, late):
    paid = Condition("Paid", Operator.DAYS_AFTER, since="Due", between=(31, 90))
    due = date(2026, 1, 1)
    assert holds(paid, Due=due, Paid=date.fromordinal(due.toordinal() + days)) is late


def test_an_unpaid_invoice_is_an_incident_from_its_91st_day_known_before_it_comes():
    unpaid = Condition("Paid", Operator.DAYS_AFTER, since="Due", between=(91, None), or_empty=True)
    rule = SignalRule(
        "invoice_unpaid",
        "Order",
        (unpaid,),
        "Due",
        SubjectPath(field="ContactId"),
        plus_days=91,
        liability=Liability.FULL,
    )
    (found,) = judged(record(Due=date(2026, 9, 1), Paid=None), rule).signals
    assert found.signal.on == date(2026, 12, 1)
    assert judged(record(Due=date(2026, 9, 1), Paid=date(2026, 11, 30)), rule).signals == ()


def test_an_instant_becomes_the_civil_day_of_the_programme_and_a_date_is_never_shifted():
    (found,) = judged(record(Day=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))).signals
    assert found.signal.on == date(2026, 3, 2)
    for zone in ("America/New_York", "Asia/Kolkata"):
        (found,) = judge(record(), mapping(), connection="s", zone=ZoneInfo(zone)).signals
        assert found.signal.on == date(2026, 3, 1)


def test_of_several_rules_of_one_name_the_first_that_matches_holds():
    first = SignalRule("claim", "Order", (), "Day", SubjectPath(field="ContactId"), liability=Liability.FULL)
    second = SignalRule("claim", "Order", (), "Day", SubjectPath(field="ContactId"), liability=Liability.PARTIAL)
    (found,) = judged(record(), first, second).signals
    assert found.signal.liability is Liability.FULL


def test_liability_comes_from_a_fields_value_and_an_unmapped_value_is_a_problem():
    by = ("Fault", {"ours": Liability.NONE, "theirs": Liability.FULL})
    rule = SignalRule("claim", "Order", (), "Day", SubjectPath(field="ContactId"), liability_by=by)
    (found,) = judged(record(Fault="theirs"), rule).signals
    assert found.signal.liability is Liability.FULL
    (problem,) = judged(record(Fault="nobody's"), rule).problems
    assert problem.field == "Fault"
    assert "nobody's" in problem.what


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"Day": None}, "no date"),
        ({"Day": Malformed("31/02/2026", "a date")}, "'31/02/2026', not a date"),
        ({"Day": date(1066, 10, 14)}, "cannot be"),
        ({"Day": date(9999, 1, 1)}, "cannot be"),
        ({"Amount": Malformed("a lot", "a number")}, "not a number"),
        ({"Amount": Decimal("NaN")}, "NaN, not a number"),
        ({"Amount": Decimal("sNaN")}, "sNaN, not a number"),
        ({"Amount": Decimal("1e30")}, "no order can be worth"),
        ({"Amount": Decimal("0.1234567890123")}, "finer than any money"),
        ({"Amount": Decimal("1e-999999")}, "finer than any money"),
        ({"Amount": "12"}, "not a number"),
        ({"ContactId": "0" * 41}, "ContactId has 41 characters, more than 40"),
    ],
)
def test_a_value_that_cannot_be_used_is_a_problem_with_its_field_and_cure_and_gives_no_signal(values, words):
    found = judged(record(**values))
    assert found.signals == ()
    (problem,) = found.problems
    assert words in problem.what
    assert problem.cure
    assert problem.field in values


def test_half_a_letter_and_a_nul_in_a_text_become_the_sign_for_unreadable():
    (found,) = judged(record(Number="cut \ud83d, nul \0")).signals
    assert found.signal.reference == "cut \N{REPLACEMENT CHARACTER}, nul \N{REPLACEMENT CHARACTER}"


def test_an_id_of_the_other_crm_that_cannot_be_one_is_a_problem():
    rule = SubjectRule("Contact", "Email", "Other__c", "hubspot")
    contact = Record("Contact", "003A", SEEN, {"Other__c": "7" * 41})
    (problem,) = judge(contact, Mapping("salesforce", rule, ()), connection="salesforce", zone=PARIS).problems
    assert (problem.field, problem.what) == ("Other__c", "Other__c has 41 characters: that is no record's id")


def test_a_contract_that_ends_before_its_moved_day_is_a_problem():
    rule = SignalRule("contract", "Order", (), "Day", SubjectPath(field="ContactId"), plus_days=30, until="Last")
    found = judged(record(Last=date(2026, 3, 9)), rule)
    assert found.signals == ()
    assert [problem.what for problem in found.problems] == ["Last is 2026-03-09, before Day (2026-03-31)"]


@pytest.mark.parametrize("operator", [Operator.IS, Operator.NOT, Operator.IN, Operator.NOT_IN])
@pytest.mark.parametrize(
    ("value", "operand", "what", "cure"),
    [
        (True, "maybe", "Won is yes or no, and the mapping compares it with 'maybe'", "write true or false"),
        (Decimal(3), "3", "Won is a number, and the mapping compares it with '3'", "write a number"),
        ("true", True, "Won is text, and the mapping compares it with true", "write text in quotes"),
        (
            date(2026, 3, 1),
            "2026-03-01",
            "Won is a date, and the mapping compares it with '2026-03-01'",
            "another field",
        ),
    ],
)
def test_a_comparison_that_can_never_hold_or_never_fail_is_a_problem_with_its_cure(
    operator, value, operand, what, cure
):
    operand = (operand,) if operator in (Operator.IN, Operator.NOT_IN) else operand
    rule = replace(ORDER, when=(Condition("Won", operator, operand),))
    (problem,) = judged(record(Won=value), rule).problems
    assert problem.what == what
    assert cure in problem.cure
    assert judged(record(Won=None), rule).problems == ()


def test_a_choice_of_several_kinds_holds_for_each_of_them():
    condition = Condition("Won", Operator.IN, ("1", Decimal(1)))
    assert holds(condition, Won="1")
    assert holds(condition, Won=Decimal(1))
    assert not holds(condition, Won="2")


def test_an_amount_is_kept_without_its_sign_the_signals_name_says_the_direction():
    (found,) = judged(record(Amount=Decimal("-12.50"))).signals
    assert found.signal.amount == Decimal("12.50")


def test_an_amount_below_nothing_where_there_can_be_none_is_a_problem_and_leaves_the_signal_as_it_was():
    rule = replace(ORDER, never_negative=True)
    found = judged(record(Amount=Decimal("-12.50")), rule)
    assert (found.signals, found.unreadable) == ((), {"order_paid"})
    (problem,) = found.problems
    assert (problem.id, problem.field) == ("801A", "Amount")
    assert problem.what == "Amount is -12.50, less than nothing: that is no order_paid"
    for amount in (Decimal(0), Decimal("12.50"), None):
        assert len(judged(record(Amount=amount), rule).signals) == 1


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_every_order_of_the_ready_made_mappings_is_one_that_was_paid_and_not_one_that_took_back(crm):
    programme = load_programme("customers", at=SEEN.date())
    orders = [
        rule
        for rule in load_mapping(mapping_path(crm), crm=crm, programme=programme).signals
        if rule.name == "order_paid"
    ]
    assert len(orders) == 2
    for rule in orders:
        above = any(each.field == rule.amount and each.operator is Operator.ABOVE for each in rule.when)
        assert rule.never_negative or above


@pytest.mark.parametrize("address", ["nobody", "@example.com", "a@", "a b@example.com", "a@b@example.com", Decimal(7)])
def test_an_address_that_is_none_is_a_problem_that_does_not_repeat_it(address):
    found = judged(Record("Contact", "003A", SEEN, {"Email": address}))
    (problem,) = found.problems
    assert problem.field == "Email"
    assert str(address) not in problem.what + problem.cure


@pytest.mark.parametrize("address", [None, "", "  ", "someone@example.com", " Someone@Example.COM "])
def test_an_address_that_is_one_or_none_at_all_is_no_problem(address):
    assert judged(Record("Contact", "003A", SEEN, {"Email": address})).problems == ()


class TestTheWayToTheSubject:
    RULE = SignalRule("order_paid", "Order", (), "Day", SubjectPath(link="roles", without=("Referrer",)))

    def subject(self, *links, rule=None):
        found = judged(record(links={"roles": links}), rule or self.RULE)
        return found.signals[0].contact if found.signals else None

    def test_the_only_link_is_it(self):
        assert self.subject(Link("Contact", "a")) == "a"

    def test_the_primary_one_is_it(self):
        assert self.subject(Link("Contact", "a"), Link("Contact", "b", primary=True)) == "b"

    def test_several_without_a_primary_one_are_nobody(self):
        assert self.subject(Link("Contact", "a"), Link("Contact", "b")) is None

    def test_the_same_contact_in_two_roles_is_one_contact(self):
        assert self.subject(Link("Contact", "a", ("Buyer",)), Link("Contact", "a", ("User",))) == "a"

    def test_a_link_with_an_excluded_label_does_not_count(self):
        assert self.subject(Link("Contact", "a", ("Referrer",)), Link("Contact", "b")) == "b"

    def test_a_wanted_label_is_needed(self):
        rule = SignalRule("referral_won", "Order", (), "Day", SubjectPath(link="roles", label="Referrer"))
        assert self.subject(Link("Contact", "a", ("Referrer",)), Link("Contact", "b", primary=True), rule=rule) == "a"
        nobody = judged(record(links={"roles": (Link("Contact", "b", primary=True),)}), rule)
        assert nobody.signals == nobody.no_subject == ()

    def test_two_with_the_wanted_label_are_nobody_and_that_is_reported(self):
        rule = SignalRule("referral_won", "Order", (), "Day", SubjectPath(link="roles", label="Referrer"))
        links = (Link("Contact", "a", ("Referrer",)), Link("Contact", "b", ("Referrer",)))
        assert judged(record(links={"roles": links}), rule).no_subject == ("referral_won",)


VALUES = st.one_of(
    st.none(), st.booleans(), st.text(max_size=5), st.decimals(), st.dates(),
    st.builds(Malformed, st.text(max_size=3), st.just("a date")),
    st.datetimes(timezones=st.just(UTC)),
)  # fmt: skip
CONDITIONS = st.builds(
    Condition,
    st.sampled_from(["Status", "Amount", "Day"]),
    st.sampled_from(list(Operator)),
    st.one_of(st.booleans(), st.text(max_size=3), st.decimals(allow_nan=False)),
    since=st.sampled_from(["Day", "Status"]),
)


@given(VALUES, VALUES, VALUES, st.lists(CONDITIONS, max_size=2))
def test_any_value_in_any_field_gives_signals_or_problems_and_never_an_exception(status, amount, day, conditions):
    rule = SignalRule("x", "Order", tuple(conditions), "Day", SubjectPath(field="ContactId"), amount="Amount")
    found = judged(record(Status=status, Amount=amount, Day=day), rule)
    assert len(found.signals) + len(found.problems) <= 1
