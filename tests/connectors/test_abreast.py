"""Calls abreast: as many at once as allowed, never more; results and errors in their order."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connectors.abreast import abreast
from connectors.errors import Unreachable
from connectors.hubspot.write import Writer
from connectors.protocol import FieldKind, FieldSet, FieldSpec, Outcome, OutcomeKind, Update


def test_so_many_are_under_way_together():
    together = threading.Barrier(4, timeout=30)

    def work(item: int) -> int:
        together.wait()
        return item

    assert list(abreast(work, range(8), most=4)) == list(range(8))


@pytest.mark.parametrize("most", [1, 3])
def test_never_more_and_items_are_taken_only_as_places_become_free(most: int):
    taken, flying, seen = [0], [0], [0]
    lock = threading.Lock()

    def items() -> Iterator[int]:
        for item in range(12):
            taken[0] += 1
            yield item

    def work(item: int) -> int:
        with lock:
            flying[0] += 1
            seen[0] = max(seen[0], flying[0])
        with lock:
            flying[0] -= 1
        return item

    for done, found in enumerate(abreast(work, items(), most=most)):
        assert found == done
        assert taken[0] <= done + most
    assert seen[0] <= most


def test_results_come_in_order_though_the_first_is_the_last_to_end():
    others = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert others.wait(30)
        elif item == 2:
            others.set()
        return item

    assert list(abreast(work, range(6), most=3)) == list(range(6))


def test_an_error_comes_in_its_place_and_nothing_new_begins_after_it():
    begun = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 2:
            raise Unreachable("gone")
        return item

    found: list[int] = []
    with pytest.raises(Unreachable):
        found.extend(abreast(work, range(100), most=2))
    assert found == [0, 1]
    assert len(begun) < 6


class Portal:
    """A session whose batches answer as a test says."""

    def __init__(self, answer: Any) -> None:
        self.batches = self
        self.properties = self
        self.update = answer

    def get_all(self, _object: str) -> Any:
        return {"results": [{"name": "bonus_malus_coefficient", "type": "number"}]}


def test_when_a_batch_fails_what_the_others_did_is_told_before_the_error():
    started = threading.Barrier(3, timeout=30)

    def answer(_object: str, body: Any) -> Any:
        ids = [row["id"] for row in body["inputs"]]
        if int(ids[0]) < 400:
            started.wait()
        if ids[0] == "200":
            raise Unreachable("gone")
        return {"results": [{"id": id_} for id_ in ids]}

    session: Any = Portal(answer)
    fields = FieldSet("contacts", "bonus malus", "", (FieldSpec("coefficient", FieldKind.DECIMAL, "", ""),))
    updates = [Update(str(number), {"coefficient": Decimal(1)}) for number in range(100, 1100)]
    told: list[Outcome] = []
    with pytest.raises(Unreachable):
        told.extend(Writer(session, at_once=3).write(fields, updates))
    assert {outcome.kind for outcome in told} == {OutcomeKind.WRITTEN}
    ids = [int(outcome.id) for outcome in told]
    assert set(range(100, 200)) | set(range(300, 400)) <= set(ids)
    assert not set(range(200, 300)) & set(ids)
    assert len(ids) == len(set(ids)) < 1000
