"""Writing: our fields on existing records, one outcome each; 200 a call (sObject Collections), or in bulk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from connectors.batching import batches
from connectors.clock import Time
from connectors.errors import NotPermitted, Unreachable
from connectors.protocol import Clear, FieldSet, Outcome, OutcomeKind, Update
from connectors.redaction import Redactor
from connectors.salesforce.answers import judge_row, row_error
from connectors.salesforce.bulk_write import BulkWriter
from connectors.salesforce.ids import identify
from connectors.salesforce.names import field_name
from connectors.salesforce.schema import Schema, read_schema
from connectors.salesforce.session import Session
from connectors.values import instant_text
from scoring.records import Malformed, Value

SIZES = (200, 50, 10, 1)  # SW02, SW08: how much a call takes, and how it shrinks for rows that may fare better alone
_PAUSE = 5.0  # seconds before rows that were locked are tried again


class Writer:
    """Updates by id, never an upsert: a deleted person must not come back (SW18)."""

    def __init__(
        self, session: Session, *, time: Time, bulk: BulkWriter | None = None, bulk_from: int = 10_000
    ) -> None:
        self._session = session
        self._time = time
        self._bulk = bulk
        self._bulk_from = bulk_from
        self._redact = Redactor(())

    def write(self, fields: FieldSet, updates: Iterable[Update]) -> Iterator[Outcome]:
        """Exactly one outcome per update, in no promised order.

        Raises `NotPermitted` before the first call when one of our fields cannot be written (SW12). Values are
        absolute, so a call that timed out is simply sent again (SW16).
        """
        schema = read_schema(self._session.describe(fields.object))
        _refuse_unwritable(fields, schema)
        rows = iter(updates)
        first = list(islice(rows, self._bulk_from))
        if self._bulk is None or len(first) < self._bulk_from:
            for batch in batches(fields, chain(first, rows), size=SIZES[0], identify=identify):
                yield from batch.decided
                yield from self._send(fields, batch.updates, SIZES)
            return

        def resend(updates: Sequence[Update]) -> Iterator[Outcome]:
            return self._send(fields, updates, SIZES[1:])

        parent = "AccountId" if "AccountId" in schema.columns else None
        yield from self._bulk.write(fields, chain(first, rows), resend, parent=parent)

    def _send(self, fields: FieldSet, updates: Sequence[Update], sizes: Sequence[int]) -> Iterator[Outcome]:
        """Send in batches of the first size; rows that may fare better in a smaller one go again (SW03, SW08)."""
        again: list[Update] = []
        for start in range(0, len(updates), sizes[0]):
            rows = updates[start : start + sizes[0]]
            for update, result in zip(rows, self._patch(fields, rows), strict=True):
                outcome, shrink = self._outcome(update, result)
                if shrink and len(sizes) > 1:
                    again.append(update)
                else:
                    yield outcome
        if again:
            self._time.sleep(_PAUSE)
            yield from self._send(fields, again, sizes[1:])

    def _patch(self, fields: FieldSet, rows: Sequence[Update]) -> Sequence[Mapping[str, Any]]:
        body = {"allOrNone": False, "records": [_record(fields, update) for update in rows]}
        answer = self._session.patch("composite/sobjects", body)
        if not isinstance(answer, list) or len(answer) != len(rows):  # SW01
            got = len(answer) if isinstance(answer, list) else "no"
            raise Unreachable(f"Salesforce, PATCH composite/sobjects: {got} results for {len(rows)} records")
        return answer

    def _outcome(self, update: Update, result: Mapping[str, Any]) -> tuple[Outcome, bool]:
        if result.get("success") is True:
            return Outcome(update.id, OutcomeKind.WRITTEN), False
        code, message = row_error(result)
        kind, sentence, shrink = judge_row(code)
        return Outcome(update.id, kind, code, f"{sentence} [{self._redact(message)}]"), shrink


def _refuse_unwritable(fields: FieldSet, schema: Schema) -> None:
    names = (field_name(fields.prefix, spec.name) for spec in fields.fields)
    closed = [name for name in names if name not in schema.columns or not schema.columns[name].updateable]
    if closed:
        raise NotPermitted(
            f"Salesforce: {', '.join(closed)} of {fields.object} cannot be written by this user; "
            "run `bonus-malus fields apply`"
        )


def _record(fields: FieldSet, update: Update) -> dict[str, Any]:
    values = {field_name(fields.prefix, name): wire(value) for name, value in update.values.items()}
    return {"attributes": {"type": fields.object}, "id": identify(update.id), **values}


def wire(value: Value | Clear) -> str | int | float | bool | None:
    """A value as REST takes it; null clears (SW06)."""
    if isinstance(value, Clear) or value is None:
        return None
    if isinstance(value, Decimal):
        # JSON knows one kind of number; with our two decimals a float's shortest text is the decimal itself.
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Malformed):
        raise TypeError("a malformed value is never written")
    return value
