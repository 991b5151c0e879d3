"""What every connector must do, shown on each of them against the sandbox over real HTTP."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors import connect, settings_model
from connectors.errors import Fatal, QuotaSpent, SignInRefused, Unreachable
from connectors.protocol import (
    CLEAR,
    FieldAction,
    FieldKind,
    FieldSet,
    FieldSpec,
    Level,
    ObjectQuery,
    OutcomeKind,
    Update,
)
from scoring.records import Link

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def outcomes(crm: Any, *updates: Any):
    return {outcome.id: outcome for outcome in crm.connector.write(crm.fields, updates)}


def test_the_account_says_who_answers_and_in_which_zone(crm: Any):
    account = crm.connector.account()
    assert account.id
    assert account.time_zone == "Europe/Paris"
    assert account.language in ("en", "fr")
    assert len(account.currency) == 3
    assert crm.connector.account() == account


def test_a_check_has_a_failure_for_every_object_field_and_link_that_cannot_be_read(crm: Any):
    crm.connector.apply_fields(crm.fields)
    queries = [
        ObjectQuery(crm.words.contact, (crm.words.last_name, "nothing_like_it")),
        ObjectQuery("no_such_object", ("name",)),
        crm.query(crm.words.deal, crm.words.amount, links=True),
    ]
    findings = crm.connector.check(queries, crm.fields)
    failures = {(one.object, one.field) for one in findings if one.level is Level.FAIL}
    assert failures == {(crm.words.contact, "nothing_like_it"), ("no_such_object", "")}
    assert all(one.what and one.cure for one in findings if one.level is Level.FAIL)


def test_a_check_names_each_of_our_fields_that_is_not_ready(crm: Any):
    findings = crm.connector.check([], crm.fields)
    assert len([one for one in findings if one.level is Level.FAIL]) == len(crm.fields.fields)
    assert set(crm.words.api_names) <= {one.field for one in findings}
    crm.connector.apply_fields(crm.fields)
    assert [one for one in crm.connector.check([], crm.fields) if one.level is Level.FAIL] == []


def test_a_plan_of_fields_writes_nothing(crm: Any):
    first = crm.connector.plan_fields(crm.fields)
    assert {change.action for change in first} == {FieldAction.CREATE}
    assert crm.connector.plan_fields(crm.fields) == first


def test_sw13_hw08_fields_are_applied_once_and_kept_the_second_time(crm: Any):
    applied = crm.connector.apply_fields(crm.fields)
    assert [change.action for change in applied] == [FieldAction.CREATE] * len(crm.fields.fields)
    assert set(crm.words.api_names) <= {change.api_name for change in applied}
    again = crm.connector.apply_fields(crm.fields)
    assert {change.action for change in again} == {FieldAction.KEEP}


def test_sw11_a_field_of_another_type_is_a_conflict_and_stays_as_it_is(crm: Any):
    crm.connector.apply_fields(crm.fields)
    other = FieldSet(
        crm.fields.object, crm.fields.prefix, crm.fields.label, (FieldSpec("points", FieldKind.DATE, "Points", ""),)
    )
    assert [change.action for change in crm.connector.apply_fields(other)] == [FieldAction.CONFLICT]
    assert {change.action for change in crm.connector.plan_fields(crm.fields)} == {FieldAction.KEEP}


def test_missing_options_are_added_and_the_others_stay(crm: Any):
    options = (("gold", "Gold"),)
    few = FieldSet(crm.words.contact, "bm", "BM", (FieldSpec("tier", FieldKind.PICKLIST, "Tier", "", options),))
    more = FieldSet(
        crm.words.contact,
        "bm",
        "BM",
        (FieldSpec("tier", FieldKind.PICKLIST, "Tier", "", (*options, ("best", "Best"))),),
    )
    crm.connector.apply_fields(few)
    assert [change.action for change in crm.connector.apply_fields(more)] == [FieldAction.EXTEND]
    assert [change.action for change in crm.connector.plan_fields(more)] == [FieldAction.KEEP]
    assert [change.action for change in crm.connector.plan_fields(few)] == [FieldAction.KEEP]


def test_the_first_read_brings_every_record_over_many_pages(crm: Any):
    ids = crm.insert_contacts(205)
    crm.settle()
    records = crm.read()
    assert set(records) == set(ids)
    assert records[ids[7]].values == {crm.words.last_name: "Person 7", crm.words.email: "p7@example.org"}


def test_sr03_hr08_windows_are_half_open_and_together_miss_nothing(crm: Any):
    ids = [crm.contact(str(each), NOON + each * SECOND) for each in range(4)]
    crm.settle()
    assert set(crm.read(start=NOON, end=NOON + 2 * SECOND)) == set(ids[:2])
    assert set(crm.read(start=NOON + 2 * SECOND, end=NOON + 4 * SECOND)) == set(ids[2:])
    assert crm.read(start=NOON + 4 * SECOND, end=NOON + 5 * SECOND) == {}
    assert set(crm.read(start=None, end=NOON + SECOND)) == set(ids[:1])


def test_sr02_what_changes_after_the_end_of_a_window_is_left_to_the_next_one(crm: Any):
    """The end was fixed before the first request: however long the reading takes, nothing falls between two windows."""
    ids = crm.insert_contacts(205)
    end = crm.settle()
    pages = crm.connector.changes(crm.query(), crm.window(None, end))
    early = {record.id for record in next(pages).records}
    crm.remote.sleep(1)
    new = crm.contact("New")
    crm.update(crm.words.contact, ids[0], {crm.words.last_name: "Changed"})
    early |= {record.id for page in pages for record in page.records}
    late = crm.read(start=end, end=crm.settle())
    assert new not in early
    assert {new, ids[0]} <= set(late)
    assert early | set(late) == {*ids, new}


def test_sr33_the_first_read_goes_back_to_the_first_record(crm: Any):
    old = crm.contact("Old", datetime(2011, 3, 1, tzinfo=UTC))
    crm.settle()
    assert set(crm.read()) == {old}


def test_sw09_our_own_fields_are_never_among_what_is_judged(crm: Any):
    crm.connector.apply_fields(crm.fields)
    id_ = crm.contact("Ann")
    crm.settle()
    plain = crm.read(crm.query(ours=True))[id_]
    outcomes(crm, Update(id_, {"points": Decimal(340)}))
    crm.settle()
    echo = crm.read(crm.query(ours=True))[id_]
    assert echo.ours != plain.ours
    assert (echo.values, echo.links) == (plain.values, plain.links)


def test_sr04_hr02_many_records_of_one_instant_all_come(crm: Any):
    ids = crm.insert_contacts(450, NOON)
    crm.settle()
    assert set(crm.read(start=NOON, end=NOON + SECOND)) == set(ids)


def test_an_edit_brings_the_record_again_with_its_new_values(crm: Any):
    id_, other = crm.contact("Before"), crm.contact("Other")
    before = crm.settle()
    crm.update(crm.words.contact, id_, {crm.words.last_name: "After"})
    crm.settle()
    records = crm.read(start=before)
    assert other not in records
    assert records[id_].values[crm.words.last_name] == "After"
    assert records[id_].modified >= before


def test_sr06_hr10_a_deleted_record_comes_as_deleted(crm: Any):
    id_ = crm.contact("Gone")
    before = crm.settle()
    crm.delete(crm.words.contact, id_)
    crm.settle()
    assert crm.read(start=before)[id_].deleted
    assert crm.read()[id_].deleted


def test_a_restored_record_comes_as_live_again_with_a_full_read(crm: Any):
    id_ = crm.contact("Back")
    crm.settle()
    crm.delete(crm.words.contact, id_)
    crm.settle()
    crm.restore(crm.words.contact, id_)
    crm.settle()
    record = crm.read()[id_]
    assert not record.deleted
    assert record.values[crm.words.last_name] == "Back"


def test_sr07_hr11_a_merge_says_which_record_lives_on(crm: Any):
    one, two = crm.contact("One"), crm.contact("Two")
    before = crm.settle()
    survivor = crm.merge(crm.words.contact, one, two)
    crm.settle()
    records = crm.read(start=before)
    assert not records[survivor].deleted
    lost = {id_ for id_ in (one, two) if id_ != survivor}
    for id_ in lost:
        assert records[id_].deleted
        assert records[id_].merged_into == survivor


def test_links_name_the_other_record_and_its_role(crm: Any):
    ann, bob = crm.contact("Ann"), crm.contact("Bob")
    deal, bare = (crm.insert(crm.words.deal, crm.words.deal_values) for _ in range(2))
    crm.link(deal, ann)
    crm.link(deal, bob)
    crm.settle()
    records = crm.read(crm.query(crm.words.deal, crm.words.amount, links=True))
    assert set(records[deal].links[crm.words.link]) == {Link(crm.words.link_end, ann), Link(crm.words.link_end, bob)}
    assert records[bare].links == {crm.words.link: ()}


def test_values_are_typed_by_the_schema_and_unset_is_none(crm: Any):
    full = crm.insert(crm.words.deal, dict(crm.words.deal_values) | {crm.words.amount: "1234.50"})
    empty = crm.insert(crm.words.deal, crm.words.deal_values)
    crm.settle()
    records = crm.read(crm.query(crm.words.deal, crm.words.amount, crm.words.close_date))
    assert records[full].values[crm.words.amount] == Decimal("1234.50")
    assert records[empty].values[crm.words.amount] is None
    closed = records[full].values[crm.words.close_date]
    assert closed in (date(2026, 3, 12), datetime(2026, 3, 12, tzinfo=UTC))


def test_sr11_a_field_that_cannot_be_read_is_a_problem_and_the_rest_goes_on(crm: Any):
    id_ = crm.contact("Ann")
    crm.settle()
    query = crm.query(None, crm.words.last_name, "nothing_like_it")
    assert [problem.field for problem in crm.problems(query)] == ["nothing_like_it"]
    [values] = [record.values for page in crm.pages(query, None) for record in page.records]
    assert values == {crm.words.last_name: "Ann"}
    assert id_


def test_our_own_fields_are_written_and_read_back_in_the_types_we_wrote(crm: Any):
    crm.connector.apply_fields(crm.fields)
    id_ = crm.contact("Ann")
    values = {
        "coefficient": Decimal("0.95"),
        "points": Decimal(340),
        "previous_tier": "silver",
        "way_back": "Review of 12 Mar 2027: 0.90.",
        "reasons": "Invoice paid late: ×1.125.\n12 orders paid.",
        "next_review": date(2027, 3, 12),
        "computed_at": datetime(2026, 11, 22, 8, 0, 30, tzinfo=UTC),
    }
    assert outcomes(crm, Update(id_, values))[id_].kind is OutcomeKind.WRITTEN
    crm.settle()
    record = crm.read(crm.query(ours=True))[id_]
    assert record.ours == values
    assert record.values[crm.words.last_name] == "Ann"


def test_fields_that_do_not_exist_yet_are_left_out_of_ours(crm: Any):
    id_ = crm.contact("Ann")
    crm.settle()
    assert crm.read(crm.query(ours=True))[id_].ours == {}


def test_sw06_hw10_clear_empties_a_field_and_leaves_the_others(crm: Any):
    crm.connector.apply_fields(crm.fields)
    id_ = crm.contact("Ann")
    outcomes(crm, Update(id_, {"points": Decimal(5), "way_back": "soon"}))
    outcomes(crm, Update(id_, {"way_back": CLEAR}))
    crm.settle()
    ours = crm.read(crm.query(ours=True))[id_].ours
    assert (ours["points"], ours["way_back"]) == (Decimal(5), None)


def test_every_update_has_exactly_one_outcome_whatever_becomes_of_it(crm: Any):
    crm.connector.apply_fields(crm.fields)
    good = crm.insert_contacts(230)
    deleted, late = crm.contact("Deleted"), crm.contact("Late")
    crm.delete(crm.words.contact, deleted)
    updates = [Update(id_, {"points": Decimal(place)}) for place, id_ in enumerate(good)]
    updates[3:3] = [
        Update(deleted, {"points": Decimal(1)}),
        Update(crm.words.unknown_id, {"points": Decimal(1)}),
        Update(late, {"way_back": "x" * 300}),
        Update("not an id", {"points": Decimal(1)}),
    ]
    written = list(crm.connector.write(crm.fields, updates))
    assert sorted(outcome.id for outcome in written) == sorted(update.id for update in updates)
    kinds = {outcome.id: outcome.kind for outcome in written}
    assert {kinds[id_] for id_ in good} == {OutcomeKind.WRITTEN}
    assert kinds[deleted] is OutcomeKind.GONE
    assert kinds[crm.words.unknown_id] is OutcomeKind.GONE
    assert kinds[late] is OutcomeKind.INVALID
    assert kinds["not an id"] in (OutcomeKind.INVALID, OutcomeKind.GONE)
    crm.settle()
    records = crm.read(crm.query(ours=True))
    assert [records[id_].ours["points"] for id_ in good] == [Decimal(place) for place in range(230)]
    assert records[late].ours["way_back"] is None


def test_writing_never_creates_a_record(crm: Any):
    crm.connector.apply_fields(crm.fields)
    id_ = crm.contact("Gone")
    crm.contact("Here")
    crm.delete(crm.words.contact, id_)
    before = crm.live()
    outcomes(crm, Update(id_, {"points": Decimal(1)}), Update(crm.words.unknown_id, {"points": Decimal(1)}))
    crm.settle()
    assert crm.live() == before == 1


def test_hw04_of_two_updates_of_one_record_the_later_values_win(crm: Any):
    crm.connector.apply_fields(crm.fields)
    id_ = crm.contact("Ann")
    updates = [Update(id_, {"points": Decimal(1), "way_back": "kept"}), Update(id_, {"points": Decimal(2)})]
    kinds = sorted(outcome.kind for outcome in crm.connector.write(crm.fields, updates))
    assert kinds == [OutcomeKind.UNCHANGED, OutcomeKind.WRITTEN]
    crm.settle()
    ours = crm.read(crm.query(ours=True))[id_].ours
    assert (ours["points"], ours["way_back"]) == (Decimal(2), "kept")


def test_a_value_that_cannot_stand_in_its_field_is_invalid_and_not_sent(crm: Any):
    crm.connector.apply_fields(crm.fields)
    id_ = crm.contact("Ann")
    wrong = {
        "coefficient": Decimal("0.955"),
        "points": Decimal("1.5"),
        "previous_tier": "diamond",
        "next_review": datetime(2026, 1, 1, tzinfo=UTC),
        "computed_at": datetime(2026, 1, 1),  # noqa: DTZ001 - one without a zone is what is refused
        "no_field_of_ours": "x",
    }
    for name, value in wrong.items():
        outcome = outcomes(crm, Update(id_, {name: value}))[id_]
        assert (outcome.kind, outcome.code) == (OutcomeKind.INVALID, "INVALID_VALUE")
        assert name in outcome.reason


def test_sw12_nothing_is_sent_before_our_fields_exist(crm: Any):
    id_ = crm.contact("Ann")
    with pytest.raises(Fatal, match="fields apply"):
        outcomes(crm, Update(id_, {"points": Decimal(1)}))


def test_sw04_hw19_a_record_merged_away_since_is_gone(crm: Any):
    crm.connector.apply_fields(crm.fields)
    one, two = crm.contact("One"), crm.contact("Two")
    survivor = crm.merge(crm.words.contact, one, two)
    [lost] = {one, two} - {survivor} if survivor in (one, two) else {two}
    outcome = outcomes(crm, Update(lost, {"points": Decimal(1)}))[lost]
    assert outcome.kind is OutcomeKind.GONE


def test_every_call_is_counted(online: Any):
    online.contact("Ann")
    online.read()
    counted = sum(online.remote.requests()[online.name].values())
    sign_ins = 1 if online.name == "salesforce" else 0
    assert online.connector.usage().calls + sign_ins == counted
    assert online.connector.usage().limit_today


def test_sr26_a_run_stops_at_its_share_of_the_day(online: Any):
    online.insert_contacts(3)
    small = online.connect(share_of_day=0.00005)
    with pytest.raises(QuotaSpent, match="share_of_day"):
        [small.account() for _ in range(100)]
    small.close()


def test_a_wrong_secret_is_a_matter_for_a_person(online: Any):
    wrong = {"client_secret": "wrong"} if online.name == "salesforce" else {"token": "wrong"}
    stranger = online.connect(**wrong)
    with pytest.raises(SignInRefused):
        stranger.account()
    stranger.close()


@pytest.mark.parametrize("name", ["hubspot", "salesforce"])
def test_a_crm_that_does_not_answer_is_unreachable_after_patience_and_no_real_time(name: str, time: Any):
    settings = {
        "hubspot": {"token": "sandbox-token"},
        "salesforce": {"client_id": "sandbox-client", "client_secret": "sandbox-secret"},
    }
    model = settings_model(name)
    connector = connect(name, model(url="http://127.0.0.1:9", **settings[name]), time=time)
    with pytest.raises(Unreachable):
        connector.account()
    connector.close()
    assert 0 < sum(time.waited) <= 600
