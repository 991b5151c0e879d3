"""What the compiled loops do not know they leave to the plain reading: contracts, openings."""

from collections.abc import Callable, Mapping
from datetime import date

import pyarrow as pa

from scoring import engine
from scoring.engine_plain import events_table
from scoring.rules import Programme
from scoring.signal import Carried, Signal
from scoring.standing import Standing, standing

Make = Callable[..., Signal]
DAY = date(2026, 11, 22)


def scored(histories: Mapping[str, list[Signal]], programme: Programme) -> dict[str, dict[str, object]]:
    def plainly(subject: Mapping[str, str], _rows: object) -> Standing:
        return standing(histories[subject["subject"]], programme, DAY)

    subjects = pa.table({"subject": list(histories)})
    found = engine.score(events_table(histories), subjects, programme, DAY, plain=plainly)
    return {row["subject"]: row for row in found.to_pylist()}


def test_only_whoever_has_a_contract_or_an_opening_is_read_plainly(customers: Programme, make: Make):
    histories = {
        "orders": [make("order_paid", "2024-03-12"), make("order_paid", "2025-03-12")],
        "contract": [make("contract", "2022-03-12")],
        "opening": [make("order_paid", "2025-03-12"), make("carried_over", "2025-03-12", carried=Carried(80))],
    }
    found = scored(histories, customers)
    assert {name: row["plain"] for name, row in found.items()} == {"orders": False, "contract": True, "opening": True}
    assert {name: row["coefficient"] for name, row in found.items()} == {"orders": 90, "contract": 80, "opening": 76}
