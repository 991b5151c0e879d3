"""Writing: our properties on existing records, 100 a call, one outcome each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import takewhile
from typing import Any

from connectors.abreast import abreast
from connectors.batching import Batch, batches, halves
from connectors.errors import CrmError, Fatal, Unreachable
from connectors.http import Refused
from connectors.hubspot.answers import judge_row
from connectors.hubspot.definitions import definitions
from connectors.hubspot.names import property_name
from connectors.hubspot.session import Session
from connectors.protocol import Clear, FieldSet, Outcome, OutcomeKind, Update
from connectors.redaction import Redactor
from connectors.values import instant_text, number_text
from scoring.records import Malformed, Value

SIZE = 100
_TRIES = 3
_BAD_REQUEST = 400
_NO_PROPERTY = "PROPERTY_DOESNT_EXIST"
_CURE = "run `bonus-malus fields apply`"


class Writer:
    """Batch updates by id: never an upsert, which would bring deleted people back (HW05, HW06)."""

    def __init__(self, session: Session, *, at_once: int = 1) -> None:
        self._session = session
        self._at_once = at_once
        self._redact = Redactor(())

    def write(self, fields: FieldSet, updates: Iterable[Update]) -> Iterator[Outcome]:
        """Exactly one outcome per update, in no promised order; `Fatal` before any is sent if a property is missing.

        Batches go several at once. When one fails, those under way are waited for, and all that is known is told first.
        """
        known = definitions(self._session, fields.object)
        names = (property_name(fields.prefix, spec.name) for spec in fields.fields)
        if missing := [name for name in names if name not in known]:
            raise Fatal(f"HubSpot: {', '.join(missing)} of {fields.object} do not exist; {_CURE}")
        failures: list[CrmError] = []

        def tell(batch: Batch) -> list[Outcome]:
            told = list(batch.decided)
            try:
                told += self._send(fields, batch.updates) if batch.updates else ()
            except CrmError as error:
                failures.append(error)
            return told

        cut = batches(fields, updates, size=SIZE, identify=identify)
        for told in abreast(tell, takewhile(lambda _batch: not failures, cut), most=self._at_once):
            yield from told
        if failures:
            raise failures[0]

    def _send(self, fields: FieldSet, updates: Sequence[Update]) -> Iterator[Outcome]:
        inputs = [_input(fields, update) for update in updates]
        try:
            answer = self._update(fields.object, inputs)
        except Refused as refused:
            if refused.answer.status != _BAD_REQUEST:
                raise
            if _NO_PROPERTY in refused.answer.details:
                raise Fatal(f"{refused}; {_CURE}") from None
            if len(updates) == 1:  # HW03: this is the one
                yield self._refused(updates[0], refused.answer.code, refused.answer.message)
                return
        else:
            settled, left = self._settle(updates, answer)
            yield from settled
            if not left:
                return
            updates = left
        for half in halves(updates):
            if half:
                yield from self._send(fields, half)

    def _update(self, object_: str, inputs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """HW02: COMPLETE with nothing in it is no answer; values are absolute, so the same batch is sent again."""
        for _ in range(_TRIES):
            answer: Mapping[str, Any] = self._session.batches.update(object_, {"inputs": inputs}) or {}
            if answer.get("results") or answer.get("errors"):
                return answer
        raise Unreachable(f"HubSpot, batch update: neither results nor errors for {len(inputs)} records")

    def _settle(
        self, updates: Sequence[Update], answer: Mapping[str, Any]
    ) -> tuple[Sequence[Outcome], Sequence[Update]]:
        """Outcomes of the rows that the answer accounts for, and the rows to send again in smaller batches.

        HW01: a 207 has errors, which may or may not name ids.
        """
        results = [str(row["id"]) for row in answer.get("results") or ()]
        errors = answer.get("errors") or ()
        rows = {identify(update.id): update for update in updates}
        settled = [Outcome(rows[id_].id, OutcomeKind.WRITTEN) for id_ in results if id_ in rows]
        done = {id_ for id_ in results if id_ in rows}
        for error in errors:
            for id_ in map(str, (error.get("context") or {}).get("ids") or ()):
                if id_ in rows and id_ not in done:
                    done.add(id_)
                    settled.append(
                        self._refused(rows[id_], str(error.get("category") or ""), str(error.get("message") or ""))
                    )
        left = [update for id_, update in rows.items() if id_ not in done]
        if len(left) != 1:
            if len(left) == len(updates) > 1:
                return (), left
            return settled, left
        return [*settled, self._last(left[0], [id_ for id_ in results if id_ not in rows], errors)], ()

    def _last(self, update: Update, strangers: Sequence[str], errors: Sequence[Mapping[str, Any]]) -> Outcome:
        """The one row that the answer does not name: written to another id, or refused by an error without one."""
        if strangers:  # HW19
            reason = f"The record was merged into {strangers[0]} since we read it; the next run follows it there."
            return Outcome(update.id, OutcomeKind.GONE, "MERGED", reason)
        unnamed = [error for error in errors if not (error.get("context") or {}).get("ids")]
        if not unnamed:
            raise Unreachable(f"HubSpot, batch update: the answer says nothing about record {update.id}")
        return self._refused(update, str(unnamed[0].get("category") or ""), str(unnamed[0].get("message") or ""))

    def _refused(self, update: Update, category: str, message: str) -> Outcome:
        kind, sentence = judge_row(category)
        return Outcome(update.id, kind, category or "UNKNOWN", f"{sentence} [{self._redact(message)}]")


def identify(text: str) -> str | None:
    """A record id is a whole number (HR06); None for what cannot be one."""
    return str(int(text)) if text.isascii() and text.isdecimal() else None


def _input(fields: FieldSet, update: Update) -> dict[str, Any]:
    values = {property_name(fields.prefix, name): wire(value) for name, value in update.values.items()}
    return {"id": identify(update.id), "properties": values}


def wire(value: Value | Clear) -> str:
    """A value as HubSpot takes it: always a text; the empty one clears (HW09, HW10)."""
    if isinstance(value, Clear) or value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Malformed):
        raise TypeError("a malformed value is never written")
    return value
