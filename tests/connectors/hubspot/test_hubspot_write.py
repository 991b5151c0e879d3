"""Writing to a HubSpot portal: batches that are refused whole, half answered, or not answered at all."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import Fatal, Unreachable
from connectors.http import Action, Answer, Refused, Verdict
from connectors.hubspot.names import group_name, property_name
from connectors.hubspot.write import Writer, identify, wire
from connectors.protocol import CLEAR, FieldKind, FieldSet, FieldSpec, OutcomeKind, Update

FIELDS = FieldSet("contacts", "bonus malus", "Bonus-Malus", (FieldSpec("points", FieldKind.INTEGER, "Points", ""),))


class Portal:
    """A session whose batch update is `answer(ids)`."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.sizes = []
        self.properties = self
        self.batches = self

    def get_all(self, _object: Any):
        return {"results": [{"name": "bonus_malus_points", "type": "number"}]}

    def update(self, object_: Any, body: Any):
        assert object_ == "contacts"
        assert all(set(one) == {"id", "properties"} for one in body["inputs"])  # HW05: no idProperty
        ids = [one["id"] for one in body["inputs"]]
        self.sizes.append(len(ids))
        return self.answer(ids)


def complete(ids: Any, *errors: Any):
    return {"status": "COMPLETE", "results": [{"id": id_} for id_ in ids], "errors": list(errors)}


def refused(message: str = "bad value", *details: Any):
    answer = Answer(400, "VALIDATION_ERROR", message, details)
    return Refused(message, answer, Verdict(Action.REFUSED, "refused"))


def written(portal: Any, number: Any = 100):
    ids = [str(id_) for id_ in range(1, number + 1)]
    outcomes = list(Writer(portal).write(FIELDS, [Update(id_, {"points": Decimal(1)}) for id_ in ids]))
    assert sorted(outcome.id for outcome in outcomes) == sorted(ids)
    return {outcome.id: outcome for outcome in outcomes}


def test_a_call_holds_at_most_100_rows():
    portal = Portal(complete)
    assert {outcome.kind for outcome in written(portal, 230).values()} == {OutcomeKind.WRITTEN}
    assert portal.sizes == [100, 100, 30]


def test_hw01_the_errors_of_a_207_belong_to_the_ids_they_name():
    error = {"category": "OBJECT_NOT_FOUND", "message": "not found", "context": {"ids": ["3", "5"]}}
    outcomes = written(Portal(lambda ids: complete([id_ for id_ in ids if id_ not in ("3", "5")], error)), 6)
    assert {id_ for id_, one in outcomes.items() if one.kind is OutcomeKind.GONE} == {"3", "5"}
    assert sum(one.kind is OutcomeKind.WRITTEN for one in outcomes.values()) == 4


def test_hw01_errors_without_ids_are_found_by_sending_less():
    def answer(ids: Any) -> Any:
        bad = [id_ for id_ in ids if id_ in ("3", "5")]
        error = {"status": "error", "category": "VALIDATION_ERROR", "message": "short"}
        return complete([id_ for id_ in ids if id_ not in bad], *[error] * len(bad))

    outcomes = written(Portal(answer), 6)
    assert {id_ for id_, one in outcomes.items() if one.kind is OutcomeKind.REJECTED} == {"3", "5"}


def test_hw02_a_complete_answer_with_nothing_in_it_is_an_error():
    with pytest.raises(Unreachable, match="neither results nor errors"):
        written(Portal(lambda _ids: {"status": "COMPLETE", "results": []}))


def test_hw02_a_row_that_the_answer_forgets_is_sent_again_and_then_an_error():
    with pytest.raises(Unreachable, match="record 2"):
        written(Portal(lambda ids: complete([id_ for id_ in ids if id_ != "2"])), 3)


def test_hw03_hw20_the_one_row_that_spoils_a_batch_is_found_by_halves():
    def answer(ids: Any) -> Any:
        if "42" in ids:
            raise refused("42 of ann@example.org is bad")
        return complete(ids)

    portal = Portal(answer)
    outcomes = written(portal)
    assert {id_ for id_, one in outcomes.items() if one.kind is not OutcomeKind.WRITTEN} == {"42"}
    assert (outcomes["42"].kind, outcomes["42"].code) == (OutcomeKind.REJECTED, "VALIDATION_ERROR")
    assert "ann@example.org" not in outcomes["42"].reason
    assert len(portal.sizes) <= 16  # about twice the logarithm, not a call per row


def test_hw12_a_validation_rule_of_the_portal_is_permanent_and_shown():
    def answer(_ids: Any) -> Any:
        raise refused("Close reason is required")

    portal = Portal(answer)
    assert "Close reason is required" in written(portal, 1)["1"].reason
    assert portal.sizes == [1]


def test_a_property_that_does_not_exist_is_no_rows_fault():
    def answer(_ids: Any) -> Any:
        raise refused("no such property", "PROPERTY_DOESNT_EXIST")

    portal = Portal(answer)
    with pytest.raises(Fatal, match="fields apply"):
        written(portal)
    assert portal.sizes == [100]


def test_hw19_an_answer_for_another_id_means_the_record_was_merged():
    outcomes = written(Portal(lambda ids: complete([id_ if id_ != "2" else "900" for id_ in ids])), 3)
    assert (outcomes["2"].kind, outcomes["2"].code) == (OutcomeKind.GONE, "MERGED")
    assert "900" in outcomes["2"].reason
    assert outcomes["1"].kind is OutcomeKind.WRITTEN


def test_hw19_two_merged_records_of_one_batch_are_told_apart():
    merged = {"2": "900", "4": "901"}
    outcomes = written(Portal(lambda ids: complete([merged.get(id_, id_) for id_ in ids])), 5)
    assert {id_: one.reason.split()[5] for id_, one in outcomes.items() if one.code == "MERGED"} == merged


@pytest.mark.parametrize(
    ("text", "id_"), [("12", "12"), ("012", "12"), ("1.5", None), ("", None), ("-1", None), ("²", None)]
)
def test_hr06_ids_are_whole_numbers(text: str, id_: Any):
    assert identify(text) == id_


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (CLEAR, ""),
        (None, ""),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.90"), "0.90"),
        (True, "true"),
        (date(2027, 3, 12), "2027-03-12"),
        (datetime(2026, 11, 22, 8, tzinfo=UTC), "2026-11-22T08:00:00.000Z"),
        ("silver", "silver"),
    ],
)
def test_hw09_hw10_values_are_plain_texts_and_the_empty_one_clears(value: Any, sent: Any):
    assert wire(value) == sent


def test_names_are_lower_case_words():
    assert (group_name("Bonus-Malus"), property_name("bonus malus", "previous_tier")) == (
        "bonus_malus",
        "bonus_malus_previous_tier",
    )
