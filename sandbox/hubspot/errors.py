"""An answer that refuses: thrown by whatever finds the reason, written out once at the border."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """The error body of the service. Every field but status and message is optional in real answers too."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        category: str | None = None,
        context: Mapping[str, Sequence[str]] | None = None,
        errors: Sequence[Json] = (),
        links: Mapping[str, str] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self._category = category
        self._context = context
        self._errors = errors
        self._links = links
        self._more = more

    def body(self, correlation: str) -> Json:
        """Keys in the order in which the service sends them."""
        body: Json = {"status": "error", "message": self.message, "correlationId": correlation}
        if self._context is not None:
            body["context"] = self._context
        if self._errors:
            body["errors"] = list(self._errors)
        if self._links is not None:
            body["links"] = self._links
        if self._category is not None:
            body["category"] = self._category
        return {**body, **(self._more or {})}

    def row(self, **context: Sequence[str]) -> Json:
        """The same as one row of a 207: short, without a correlation id."""
        row: Json = {"status": "error", "category": self._category, "message": self.message}
        merged = {**(self._context or {}), **context}
        return {**row, "context": merged} if merged else row


@dataclass(frozen=True, slots=True)
class Invalid:
    """One property value that was refused: in the service's words, with its code."""

    name: str
    code: str
    message: str
    value: str = field(default="", compare=False)


def not_valid(found: Sequence[Invalid], portal_id: int) -> Refusal:
    """400 for a whole request because of single values: a list inside the message, and again as `errors`."""
    inside = [
        {
            "isValid": False,
            "message": each.message,
            "error": each.code,
            "name": each.name,
            "localizedErrorMessage": each.message,
            "propertyValue": each.value,
            "portalId": portal_id,
        }
        for each in found
    ]
    errors = [
        {"message": each.message, "code": each.code, "context": {"propertyName": [each.name]}}
        for each in dict.fromkeys(found)
    ]
    text = json.dumps(inside, separators=(",", ":"), ensure_ascii=False)
    return Refusal(400, f"Property values were not valid: {text}", category="VALIDATION_ERROR", errors=errors)


def validation(message: str, **context: Sequence[str]) -> Refusal:
    """400 for what is wrong with the request itself."""
    return Refusal(400, message, category="VALIDATION_ERROR", context=context or None)


def not_found() -> Refusal:
    """404 for one record, without a category, as the service answers it."""
    return Refusal(404, "resource not found")
