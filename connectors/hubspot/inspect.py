"""What an administrator wants to know before the first write: what the token may do, and what is left of the day.

Write scopes are tried with calls that hold nothing: a portal looks at the scopes first and has nothing to write then.
Workflows are not looked at: reading them takes a scope (`automation`) that nothing else here needs.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from connectors.errors import NotPermitted
from connectors.findings import clock, quota
from connectors.http import Refused
from connectors.hubspot.session import Session
from connectors.hubspot.settings import Settings
from connectors.protocol import FieldSet, Finding, Level, ObjectQuery

_READ_PAGE, _LINK_PAGE, _WRITE_PAGE = 100, 1000, 100
_SUPPORTED_MONTHS = 18  # a dated version is kept for so long
_LEGACY_ENDS = datetime(2027, 3, 30).date()  # noqa: DTZ001 - a date of the vendor's calendar
_WARN_DAYS = 180
_CURE = "add it to the Service Key (Settings > Integrations > Service Keys) and save"


class Inspector:
    """One portal, looked at with the token that we have."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session = session
        self._settings = settings

    def findings(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Iterator[Finding]:
        """One finding a thing looked at."""
        yield from self._scopes(fields.object)
        yield self._version(self._session.now())
        yield clock(self._session.date, self._session.now())
        yield self._quota(queries, fields)

    def count(self, object_: str, field: str = "", value: str = "") -> int:
        """How many records there are, or how many of them hold a value."""
        filters = [{"filters": [{"propertyName": field, "operator": "EQ", "value": value}]}] if field else []
        found = self._session.searches.do_search(object_, {"filterGroups": filters, "limit": 1, "properties": []})
        return int(found["total"])

    def _scopes(self, object_: str) -> Iterator[Finding]:
        nothing: dict[str, Any] = {"inputs": []}
        yield self._tried(
            partial(self._session.batches.update, object_, nothing),
            f"scope crm.objects.{object_}.write",
            "every sync",
            Level.FAIL,
        )
        yield self._tried(
            partial(self._session.property_batches.create, object_, nothing),
            f"scope crm.schemas.{object_}.write",
            "fields apply and remove",
            Level.WARN,
        )

    def _tried(self, call: Callable[[], object], what: str, purpose: str, level: Level) -> Finding:
        try:
            call()
        except NotPermitted:
            return Finding(
                level,
                f"{what} is missing; it is for {purpose}",
                _CURE,
            )
        except Refused:  # it was let in, and refused for having nothing in it
            pass
        return Finding(Level.PASS, what)

    def _version(self, now: datetime) -> Finding:
        version = self._settings.api_version
        if version == "legacy":
            ends = _LEGACY_ENDS
        else:
            year, month = (int(part) for part in version.split("-"))
            months = year * 12 + month - 1 + _SUPPORTED_MONTHS
            ends = now.date().replace(year=months // 12, month=months % 12 + 1, day=1)
        if (ends - now.date()).days < _WARN_DAYS:
            cure = "set api_version to a newer one, or take a newer bonus-malus"
            return Finding(Level.WARN, f"API version {version} is supported until about {ends.isoformat()}", cure)
        return Finding(Level.PASS, f"API version {version}, supported until about {ends.isoformat()}")

    def _quota(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Finding:
        need = 0
        for query in queries:
            try:
                count = self.count(query.object)
            except (Refused, NotPermitted):  # an object of its own finding in `check`
                continue
            need += 2 + count // _READ_PAGE + len(query.links) * (1 + count // _LINK_PAGE)
            if query.object == fields.object:
                need += 1 + count // _WRITE_PAGE
        return quota(need, self._session.usage(), self._settings.share_of_day)
