"""Calls about the account itself: who it is, what the day has cost, who works there."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from sandbox.hubspot import moment, shape
from sandbox.hubspot.call import Answer, Call
from sandbox.hubspot.errors import Json, Refusal
from sandbox.hubspot.portal import Owner

_MOST_OWNERS = 500
_MINUTE = timedelta(minutes=1)


def details(call: Call) -> Answer:
    """GET details. No language: the service does not tell one."""
    portal = call.portal
    offset = portal.clock.now().astimezone(ZoneInfo(portal.time_zone)).utcoffset() or timedelta()
    sign, minutes = ("-" if offset < timedelta() else "+"), abs(offset) // _MINUTE
    return 200, {
        "portalId": portal.portal_id,
        "accountType": portal.account_type,
        "timeZone": portal.time_zone,
        "companyCurrency": portal.currency,
        "additionalCurrencies": [],
        "utcOffset": f"{sign}{minutes // 60:02}:{minutes % 60:02}",
        "utcOffsetMilliseconds": offset // timedelta(milliseconds=1),
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    }


def daily_usage(call: Call) -> Answer:
    """GET the day's calls, this one among them."""
    portal = call.portal
    resets = portal.daily.turn(portal.clock.now(), portal.time_zone)
    usage = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": portal.daily.limit,
        "currentUsage": portal.daily.used,
        "collectedAt": moment.iso(call.now),
        "fetchStatus": "SUCCESS",
        "resetsAt": moment.iso(moment.milliseconds(resets)),
    }
    return 200, {"results": [usage]}


def owners(call: Call) -> Answer:
    """GET owners; `after` is a position."""
    found = [each for each in call.portal.owners if call.query.get("email", each.email) == each.email]
    if call.flag("archived"):
        found = []
    limit, start = call.number("limit", 100, most=_MOST_OWNERS), call.number("after", 0)
    after = str(start + limit) if limit and start + limit < len(found) else None
    return 200, shape.page([_owner(call, each) for each in found[start : start + limit]], after)


def owner(call: Call) -> Answer:
    """GET one owner."""
    for each in call.portal.owners:
        if each.id == call.word("id"):
            return 200, _owner(call, each)
    raise Refusal(404, "resource not found")


def _owner(call: Call, owner: Owner) -> Json:
    born = moment.iso(call.store.born)
    return {
        "id": owner.id,
        "email": owner.email,
        "type": "PERSON",
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "userId": int(owner.id),
        "userIdIncludingInactive": int(owner.id),
        "createdAt": born,
        "updatedAt": born,
        "archived": False,
    }
