"""What every write through the API has to pass before anything is written."""

from collections.abc import Mapping, Sequence

from sandbox.hubspot.bodies import CreatedLink, Values
from sandbox.hubspot.call import SOURCE, Call
from sandbox.hubspot.errors import Invalid, Refusal, not_valid, validation
from sandbox.hubspot.kind import Kind
from sandbox.hubspot.record import Record
from sandbox.hubspot.store import required

MOST = 100
_ENFORCES_RULES = "2026-09"


def few_enough(inputs: Sequence[object], most: int = MOST) -> None:
    """Refuse a batch that is too large."""
    if len(inputs) > most:
        raise validation(
            f"The maximum number of inputs supported in a batch is {most}. "
            "Please reduce the number of items and try again"
        )


def judged(call: Call, kind: Kind, values: Values) -> dict[str, str]:
    """The values of one record as they will be kept; 400 for those that are refused."""
    kept, refused = call.store.judge(kind, values)
    if refused:
        raise not_valid(refused, call.portal.portal_id)
    return kept


def all_judged(call: Call, kind: Kind, rows: Sequence[Values]) -> list[dict[str, str]]:
    """The same for a batch, which is refused as a whole for a single bad value, without saying whose it is (HW03)."""
    verdicts = [call.store.judge(kind, values) for values in rows]
    refused: list[Invalid] = [each for _, bad in verdicts for each in bad]
    if refused:
        raise not_valid(refused, call.portal.portal_id)
    return [kept for kept, _ in verdicts]


def something(values: Values) -> None:
    """Refuse an update that says nothing."""
    if not values:
        raise validation("No properties found to update, please provide at least one.", properties=["{}"])


def free(call: Call, kind: Kind, values: Mapping[str, str], record: Record | None = None) -> None:
    """Refuse a value that must be unique and is not."""
    conflict = call.store.conflict(kind, values, record)
    if conflict is not None:
        raise conflict


def obedient(call: Call, kind: Kind, after: Mapping[str, str]) -> None:
    """Refuse what would break one of the admin's rules, on the version that enforces them (HW12)."""
    if call.version != _ENFORCES_RULES:
        return
    broken = [rule for rule in call.portal.write_rules if rule.object == kind.name and rule.broken(after)]
    if broken:
        reasons = [
            f'"{rule.requires}" is required' + (f' when "{rule.when}" is "{rule.equals}"' if rule.when else "")
            for rule in broken
        ]
        raise Refusal(
            400,
            f"Record validation failed: {'; '.join(reasons)}",
            category="VALIDATION_ERROR",
            errors=[
                {"message": reason, "code": "REQUIRED_PROPERTY", "context": {"propertyName": [rule.requires]}}
                for rule, reason in zip(broken, reasons, strict=True)
            ],
        )


def create(call: Call, kind: Kind, values: Mapping[str, str], links: Sequence[CreatedLink] = ()) -> Record:
    """A new record of judged values with its associations, or a refusal and nothing at all."""
    lacking = call.store.missing(kind, values)
    if lacking:
        raise required(kind, lacking)
    free(call, kind, values)
    obedient(call, kind, values)
    ties = [(_pair(call, kind, link), link) for link in links]
    record = call.store.create(kind, values, stamp=call.now, source=SOURCE)
    for pair, link in ties:
        types = [spec.association_type_id for spec in link.types]
        call.store.links.tie(pair, record.id, int(link.to.id), types)
    return record


def update(call: Call, record: Record, values: Mapping[str, str]) -> Record:
    """New values; `updated` moves even if they equal the old ones (HW11)."""
    return call.store.change(record, values, stamp=call.now, source=SOURCE)


def _pair(call: Call, kind: Kind, link: CreatedLink) -> tuple[str, str]:
    """Which kinds this association ties: the type ids say it, as they are unique."""
    ids = {spec.association_type_id for spec in link.types}
    for other in call.store.kinds.values():
        pair = (kind.name, other.name)
        if ids and ids <= call.store.links.types(pair).keys():
            if call.store.table(other).living(link.to.id) is None:
                raise validation(f"{other.singular.upper()}={link.to.id} is not valid")
            return pair
    raise validation(f"{kind.singular} has no association of type {', '.join(map(str, sorted(ids))) or 'none'}")
