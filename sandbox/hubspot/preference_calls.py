"""Calls about subscriptions, to be read only: nobody is subscribed or unsubscribed by a program here (HR30)."""

from sandbox.hubspot import bodies, moment, shape, writing
from sandbox.hubspot.call import Answer, Call
from sandbox.hubspot.errors import Json, validation

_NOBODY = "NOT_SPECIFIED"


def definitions(call: Call) -> Answer:
    """GET definitions: the subscription types."""
    born = moment.iso(call.store.born)
    results = [
        {
            "id": str(id_),
            "name": name,
            "description": name,
            "communicationMethod": "Email",
            "isActive": True,
            "isDefault": False,
            "isInternal": False,
            "createdAt": born,
            "updatedAt": born,
        }
        for id_, name in call.portal.preferences.types.items()
    ]
    return 200, _done(call, results)


def batch_read(call: Call) -> Answer:
    """POST statuses/batch/read?channel=EMAIL: every subscription of each address."""
    return shape.batch(
        [{"subscriberIdString": address, "statuses": _statuses(call, address)} for address in _addresses(call)],
        [],
        call.now,
    )


def batch_read_wide(call: Call) -> Answer:
    """POST statuses/batch/unsubscribe-all/read?channel=EMAIL: whether an address has opted out of everything."""
    return shape.batch(
        [{"subscriberIdString": address, "wideStatuses": _wide(call, address)} for address in _addresses(call)],
        [],
        call.now,
    )


def _addresses(call: Call) -> tuple[str, ...]:
    if call.query.get("channel") != "EMAIL":
        raise validation("channel must be EMAIL", channel=[call.query.get("channel", "")])
    addresses = call.body(bodies.Addresses).inputs
    writing.few_enough(addresses)
    return addresses


def _statuses(call: Call, address: str) -> list[Json]:
    choices, out = call.portal.preferences.of(address), _opted_out(call, address)
    return [
        {
            "channel": "EMAIL",
            "subscriberIdString": address,
            "subscriptionId": id_,
            "subscriptionName": name,
            "status": "UNSUBSCRIBED" if out else choice.status if choice else _NOBODY,
            "source": choice.source if choice else "DEFAULT",
            "timestamp": moment.iso(choice.stamp if choice else call.store.born),
        }
        for id_, name in call.portal.preferences.types.items()
        for choice in [choices.get(id_)]
    ]


def _wide(call: Call, address: str) -> list[Json]:
    if not _opted_out(call, address):
        return []
    return [
        {
            "channel": "EMAIL",
            "subscriberIdString": address,
            "status": "UNSUBSCRIBED",
            "wideStatusType": "PORTAL_WIDE",
            "timestamp": moment.iso(call.store.born),
        }
    ]


def _opted_out(call: Call, address: str) -> bool:
    table = call.store.tables["contacts"]
    holder = table.holder("email", address)
    found = None if holder is None else table.find(holder)
    return found is not None and found.get("hs_email_optout") == "true"


def _done(call: Call, results: list[Json]) -> Json:
    now = moment.iso(call.now)
    return {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
