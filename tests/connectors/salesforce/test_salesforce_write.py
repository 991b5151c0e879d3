"""Writing to a Salesforce org: batches that shrink, outcomes that fit."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.protocol import CLEAR, FieldKind, FieldSet, FieldSpec, OutcomeKind, Update
from connectors.salesforce.ids import id18
from connectors.salesforce.write import Writer, wire

FIELDS = FieldSet("Contact", "bonus malus", "Bonus-Malus", (FieldSpec("points", FieldKind.INTEGER, "Points", ""),))
IDS = [id18(f"003Sb0000000{number:03d}") for number in range(250)]


class Org:
    """Writes rows unless `trouble` (row id, size of the call) -> error code says otherwise."""

    def __init__(self, trouble: Any) -> None:
        self.trouble = trouble
        self.sizes = []

    def describe(self, _sobject: Any):
        field = {"name": "BonusMalus_Points__c", "type": "double", "updateable": True}
        return {"name": "Contact", "fields": [field]}

    def patch(self, path: Any, body: Any):
        assert path == "composite/sobjects"
        assert body["allOrNone"] is False
        self.sizes.append(len(body["records"]))
        return [self.answer(record["id"], len(body["records"])) for record in body["records"]]

    def answer(self, id_: Any, size: int):
        code = self.trouble(id_, size)
        if code is None:
            return {"id": id_, "success": True, "errors": []}
        return {"success": False, "errors": [{"statusCode": code, "message": "of ann@example.org", "fields": []}]}


def written(org: Any, time: Any, ids: Any = IDS):
    updates = [Update(id_, {"points": Decimal(1)}) for id_ in ids]
    outcomes = list(Writer(org, time=time).write(FIELDS, updates))
    assert sorted(outcome.id for outcome in outcomes) == sorted(ids)
    return {outcome.id: outcome for outcome in outcomes}


def test_sw02_a_call_holds_at_most_200_rows_in_a_steady_order(time: Any):
    org = Org(lambda _id, _size: None)
    outcomes = written(org, time, list(reversed(IDS)))
    assert org.sizes == [200, 50]
    assert {outcome.kind for outcome in outcomes.values()} == {OutcomeKind.WRITTEN}


def test_sw03_only_locked_rows_go_again_in_smaller_batches_after_a_pause(time: Any):
    org = Org(lambda id_, size: "UNABLE_TO_LOCK_ROW" if id_ in IDS[:20] and size > 10 else None)
    outcomes = written(org, time)
    assert org.sizes == [200, 20, 10, 10, 50]
    assert {outcome.kind for outcome in outcomes.values()} == {OutcomeKind.WRITTEN}
    assert len(time.waited) == 2


def test_sw03_a_row_that_stays_locked_is_left_to_the_next_run(time: Any):
    org = Org(lambda id_, _size: "UNABLE_TO_LOCK_ROW" if id_ == IDS[0] else None)
    outcome = written(org, time)[IDS[0]]
    assert (outcome.kind, outcome.code) == (OutcomeKind.RETRY, "UNABLE_TO_LOCK_ROW")
    assert org.sizes == [200, 1, 1, 1, 50]


def test_sw08_rows_that_break_the_customers_code_are_tried_alone_and_then_reported(time: Any):
    org = Org(lambda id_, size: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" if size > 1 or id_ == IDS[7] else None)
    outcomes = written(org, time, IDS[:20])
    assert org.sizes == [20, 20, 10, 10, *[1] * 20]
    assert outcomes[IDS[7]].kind is OutcomeKind.REJECTED
    assert sum(outcome.kind is OutcomeKind.WRITTEN for outcome in outcomes.values()) == 19


def test_sw04_a_deleted_row_is_gone_and_never_sent_again(time: Any):
    org = Org(lambda _id, _size: "ENTITY_IS_DELETED")
    assert written(org, time, IDS[:1])[IDS[0]].kind is OutcomeKind.GONE
    assert org.sizes == [1]


def test_sw19_a_reason_holds_no_customers_address(time: Any):
    org = Org(lambda _id, _size: "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    reason = written(org, time, IDS[:1])[IDS[0]].reason
    assert "ann@example.org" not in reason
    assert "validation rule" in reason


def test_sr35_an_outcome_has_the_id_it_was_asked_with(time: Any):
    assert set(written(Org(lambda _id, _size: None), time, [IDS[0][:15]])) == {IDS[0][:15]}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (CLEAR, None),
        (None, None),
        (Decimal("0.95"), 0.95),
        (Decimal("340.00"), 340),
        (date(2027, 3, 12), "2027-03-12"),
        (datetime(2026, 11, 22, 8, tzinfo=UTC), "2026-11-22T08:00:00.000Z"),
        ("Silver", "Silver"),
    ],
)
def test_sw06_values_have_one_form_on_the_wire_and_null_clears(value: Any, sent: Any):
    assert wire(value) == sent
    assert type(wire(value)) is type(sent)
