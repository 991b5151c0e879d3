"""Our fields' values: from a standing to the record, and to what the ledger keeps of them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from config.locale import Texts
from connectors.protocol import CLEAR, Clear, FieldKind, FieldSet
from scoring.records import Malformed, Value
from scoring.standing import Standing

ALONG = frozenset({"computed_at", "rules"})  # these two go along with another change, and never make one


def as_json(value: Value) -> Any:
    """A value as the ledger keeps it, in one canonical form, so that equal values are equal texts."""
    match value:
        case Malformed():
            kept: Any = value.text
        case Decimal():
            kept = format(value.normalize(), "f") if value else "0"
        case datetime():
            kept = value.astimezone(UTC).isoformat(timespec="seconds")
        case date():
            kept = value.isoformat()
        case str():
            # CRMs give line ends and outer blanks back as they like.
            kept = value.replace("\r\n", "\n").strip() or None
        case bool() | None:
            kept = value
    return kept


def from_json(value: Any, kind: FieldKind) -> Value | Clear:
    """A kept value as a connector takes it; what was no value of that kind, as the text that stood there."""
    if value is None:
        return CLEAR
    try:
        match kind:
            case FieldKind.DECIMAL | FieldKind.INTEGER:
                return Decimal(value)
            case FieldKind.DATE:
                return date.fromisoformat(value)
            case FieldKind.DATETIME:
                return datetime.fromisoformat(value)
    except (ArithmeticError, ValueError):
        pass
    return str(value)


def values_of(standing: Standing, texts: Texts, *, rules: str, computed_at: datetime) -> dict[str, Any]:
    """What the record shall show, by neutral field name, as the ledger keeps it."""
    values: dict[str, Value] = {
        "coefficient": Decimal(standing.coefficient) / 100,
        "expected": Decimal(standing.expected) / 100,
        "tier": standing.tier,
        "previous_tier": standing.previous_tier,
        "points": Decimal(standing.points),
        "price_adjustment": Decimal(standing.price_adjustment),
        "trend": standing.trend,
        "reasons": texts.reasons(standing),
        "way_back": texts.way_back(standing),
        "next_review": standing.next_review,
        "changed_on": standing.changed_on,
        "status": standing.status,
        "history": texts.history(standing),
        "rules": rules,
        "computed_at": computed_at,
    }
    return {name: as_json(value) for name, value in values.items()}


def difference(wanted: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """What must be sent: nothing, or every changed field and the two that go along."""
    changed = {name for name, value in wanted.items() if name not in ALONG and value != written.get(name)}
    return {name: wanted[name] for name in wanted if name in changed | ALONG} if changed else {}


def for_connector(values: Mapping[str, Any], fields: FieldSet) -> dict[str, Value | Clear]:
    """Kept values as a connector takes them."""
    kinds = {field.name: field.kind for field in fields.fields}
    return {name: from_json(value, kinds[name]) for name, value in values.items()}
