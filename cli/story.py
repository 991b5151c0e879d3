"""What happens in the demo between its two syncs: a story told in records, always with the same cast."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sandbox.remote import Remote

Known = Mapping[str, Sequence[tuple[str, int, Mapping[str, Any], Mapping[str, Any]]]]
Event = Mapping[str, Any]

LENGTH = timedelta(days=21)
MADE = "the record made just before"
OVERDUE = timedelta(days=80)  # so that its 91st day falls into the story


@dataclass(frozen=True, slots=True)
class Chapter:
    """Something that happens to one record (`connection:id`); `shown` chapters' records end the demo."""

    record: str
    text: str
    events: tuple[Event, ...] = ()
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """What happens, and until when."""

    until: date
    chapters: tuple[Chapter, ...]


class Cast:
    """Picks people for the parts: each once, the first who fits, so that a company always plays the same story."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._taken: set[int] = set()
        self._places: dict[int, set[str]] = {}
        for name, rows in known.items():
            for _, subject, _, _ in rows:
                self._places.setdefault(subject, set()).add(name)

    def pick(self, crm: str, fits: Callable[[Mapping[str, Any]], bool], *, in_both: bool = False) -> str:
        """The record of somebody who fits.

        Raises:
            LookupError: the company is too small.
        """
        for record, subject, _, breakdown in self._known[crm]:
            if subject not in self._taken and (len(self._places[subject]) > 1) == in_both and fits(breakdown):
                self._taken.add(subject)
                return record
        raise LookupError("the company is too small for a story of three weeks: --customers 500 or more has one")


def plan(known: Known, today: date) -> Story:
    """Cast the story.

    Raises:
        LookupError: the company is too small.
    """
    until = today + LENGTH

    def steady(breakdown: Mapping[str, Any]) -> bool:
        later = (breakdown["next_review"] or "") > until.isoformat()
        return breakdown["status"] == "active" and breakdown["points"] > 0 and later

    def reviewed(breakdown: Mapping[str, Any]) -> bool:
        soon = today.isoformat() < (breakdown["next_review"] or "") <= until.isoformat()
        return breakdown["status"] == "active" and breakdown["expected"] < breakdown["coefficient"] and soon

    cast = Cast(known)
    buyer, debtor, accused, survivor, loser = (cast.pick("salesforce", steady) for _ in range(5))
    right = cast.pick("hubspot", steady)
    regular = cast.pick("salesforce", reviewed, in_both=True)
    due = today - OVERDUE
    week = [datetime.combine(today + timedelta(days=7 * n), time(10), UTC).isoformat() for n in (1, 2)]
    return Story(
        until,
        (
            Chapter(f"salesforce:{buyer}", "a customer orders again", _order(buyer, today, week[0])),
            Chapter(
                f"salesforce:{debtor}",
                f"an invoice due on {due.isoformat()} passes its 90th day unpaid",
                (_invoice(debtor, due, week[0]),),
                shown=True,
            ),
            Chapter(
                f"salesforce:{accused}",
                "a claim is decided against the customer",
                (_case(accused, "Customer at fault", week[0]),),
                shown=True,
            ),
            Chapter(
                f"hubspot:{right}",
                "another is decided in the customer's favour: shown, never counted",
                _ticket(right, week[1]),
            ),
            Chapter(f"salesforce:{survivor}", "two records of one person are merged", (_merge(survivor, loser),)),
            Chapter(f"salesforce:{regular}", "reviews come, as they do every day", shown=True),
        ),
    )


def happen(remote: Remote, story: Story) -> None:
    """Let everything happen, and the clock go on to the end of the story."""
    end = datetime.combine(story.until, time(8), UTC)
    remote.set(end - timedelta(hours=6))
    for chapter in story.chapters:
        made = ""
        for event in chapter.events:
            (made,) = remote.events([_with(event, made)])
    remote.set(end)


def _with(event: Event, made: str) -> Event:
    """The event, about the record made just before it where it speaks of that."""
    return {
        name: _with(value, made) if isinstance(value, Mapping) else made if value == MADE else value
        for name, value in event.items()
    }


def _order(contact: str, today: date, at: str) -> tuple[Event, Event]:
    day = today + timedelta(days=5)
    won = {"Name": "Winter order", "StageName": "Closed Won", "CloseDate": day.isoformat(), "Amount": 320}
    role = {"OpportunityId": MADE, "ContactId": contact, "Role": "Business User", "IsPrimary": True}
    return _insert("Opportunity", won, at), _insert("OpportunityContactRole", role, at)


def _invoice(contact: str, due: date, at: str) -> Event:
    values = {
        "Contact__c": contact,
        "Amount__c": 480,
        "Issued_On__c": (due - timedelta(days=30)).isoformat(),
        "Due_Date__c": due.isoformat(),
        "Status__c": "Open",
    }
    return _insert("Invoice__c", values, at)


def _case(contact: str, resolution: str, at: str) -> Event:
    values = {"ContactId": contact, "Subject": "Goods returned used", "Status": "Closed", "Resolution__c": resolution}
    return _insert("Case", values, at)


def _ticket(contact: str, at: str) -> tuple[Event, Event]:
    values = {
        "subject": "Wrong colour delivered",
        "hs_pipeline": "0",
        "hs_pipeline_stage": "4",
        "closed_date": at,
        "resolution": "in_customers_favour",
    }
    return (
        {"crm": "hubspot", "do": "create", "object": "tickets", "values": values, "at": at},
        {
            "crm": "hubspot",
            "do": "associate",
            "object": "tickets",
            "id": MADE,
            "to_object": "contacts",
            "to_id": contact,
        },
    )


def _merge(survivor: str, loser: str) -> Event:
    return {"crm": "salesforce", "do": "merge", "object": "Contact", "id": survivor, "losers": [loser]}


def _insert(object_: str, values: Mapping[str, Any], at: str) -> Event:
    return {"crm": "salesforce", "do": "insert", "object": object_, "values": values, "at": at}
