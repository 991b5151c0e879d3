"""Answers that look right and are not: short and empty pages, wrong totals, pages without end, batches half done."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sandbox.faults.option import Count, Share
from sandbox.faults.turn import Heard, Turn
from sandbox.hubspot import moment

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ShortPage:
    """At most `size` records on a page, and the way to the next one; 200 in a Salesforce query, its least (HR05)."""

    size: Count = 3

    async def play(self, turn: Turn) -> None:
        """The CRM is asked for less than the client asked for."""
        scope = turn.scope
        params = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if turn.crm == "salesforce":
            scope["headers"] = [*scope["headers"], (b"sforce-query-options", b"batchSize=200")]
            if "/jobs/query/" in scope["path"]:
                scope["query_string"] = _lower(params, "maxRecords", self.size)
            await turn.pass_on()
        elif scope["method"] == "GET":
            scope["query_string"] = _lower(params, "limit", self.size)
            await turn.pass_on()
        else:
            sent = await turn.body()
            told = _object(sent)
            if told is not None and isinstance(told.get("limit", self.size), int):
                told["limit"] = min(told.get("limit", self.size), self.size)
                sent = json.dumps(told).encode()
            await turn.pass_on(sent)


@dataclass(frozen=True, slots=True)
class EmptyPage:
    """A HubSpot page without a record, and the way to the same place once more (HR05)."""

    async def play(self, turn: Turn) -> None:
        """The way is written with a zero in front: it is no repetition (HR28)."""
        sent = await turn.body()
        after = _asked_after(turn, sent)

        def emptied(told: Json) -> Json:
            if not told.get("results"):
                return told
            return told | {"results": [], "paging": {"next": {"after": f"0{after or 0}"}}}

        await _retold(turn, sent, emptied)


@dataclass(frozen=True, slots=True)
class RepeatedAfter:
    """HubSpot sends the client back to the page it is on (HR28)."""

    async def play(self, turn: Turn) -> None:
        """Only where a page was asked for by its place."""
        sent = await turn.body()
        after = _asked_after(turn, sent)

        def repeated(told: Json) -> Json:
            return told if after is None else told | {"paging": {"next": {"after": after}}}

        await _retold(turn, sent, repeated)


@dataclass(frozen=True, slots=True)
class Total:
    """HubSpot's `total` is only so much `of` the truth (HR29)."""

    of: Share = 0.5

    async def play(self, turn: Turn) -> None:
        """The pages stay what they are."""

        def smaller(told: Json) -> Json:
            total = told.get("total")
            return told | {"total": int(total * self.of)} if isinstance(total, int) else told

        await _retold(turn, await turn.body(), smaller)


@dataclass(frozen=True, slots=True)
class Nothing:
    """200 COMPLETE, and nothing was done (HW02)."""

    async def play(self, turn: Turn) -> None:
        """The call is not looked at."""
        now = moment.iso(turn.world.portal.now)
        told = {"status": "COMPLETE", "results": [], "startedAt": now, "completedAt": now}
        await turn.answer(200, json.dumps(told).encode(), "application/json;charset=utf-8")


@dataclass(frozen=True, slots=True)
class Partial:
    """207: so many `of` the rows of a batch are not done, and the answer says so (HW01)."""

    of: Share = 0.3

    async def play(self, turn: Turn) -> None:
        """The other rows are done."""
        sent = await turn.body()
        told = _object(sent)
        inputs = told.get("inputs") if told is not None else None
        if told is None or not isinstance(inputs, list):
            await turn.pass_on(sent)
            return
        lost = [each for each in inputs if turn.dice.random() < self.of]
        told["inputs"] = [each for each in inputs if each not in lost]
        heard = await turn.hear(json.dumps(told).encode())
        answer = _object(heard.body)
        if not lost or answer is None or "results" not in answer:
            await turn.say(heard)
            return
        errors = [
            {
                "status": "error",
                "category": "INTERNAL_ERROR",
                "message": "internal error",
                "context": {"ids": [str(each.get("id")) for each in lost if isinstance(each, dict)]},
            }
        ]
        answer["errors"] = [*answer.get("errors", ()), *errors]
        answer["numErrors"] = len(answer["errors"])
        whole = heard.with_body(json.dumps(answer).encode())
        await turn.say(Heard(207, whole.headers, whole.body))


async def _retold(turn: Turn, sent: bytes, change: Callable[[Json], Json]) -> None:
    heard = await turn.hear(sent)
    told = _object(heard.body)
    await turn.say(heard if told is None else heard.with_body(json.dumps(change(told)).encode()))


def _asked_after(turn: Turn, sent: bytes) -> str | None:
    params = dict(parse_qsl(turn.scope["query_string"].decode("latin-1")))
    found = params.get("after") or (_object(sent) or {}).get("after")
    return None if found in (None, "") else str(found)


def _lower(params: list[tuple[str, str]], name: str, most: int) -> bytes:
    """The query of an address with one number in it made smaller; every other parameter as often as it came."""
    given = next((value for key, value in params if key == name), "")
    least = min(most, int(given)) if given.isascii() and given.isdigit() else most
    return urlencode([*((key, value) for key, value in params if key != name), (name, str(least))]).encode()


def _object(body: bytes) -> Json | None:
    try:
        told = json.loads(body)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
