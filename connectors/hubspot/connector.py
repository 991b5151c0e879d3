"""HubSpot behind the seam."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from connectors.clock import Time
from connectors.errors import NotPermitted, Unreachable
from connectors.findings import readable, unreadable, unready
from connectors.http import Refused
from connectors.hubspot.fields import Fields
from connectors.hubspot.inspect import Inspector
from connectors.hubspot.read import Reader
from connectors.hubspot.session import Session
from connectors.hubspot.settings import Settings
from connectors.hubspot.write import Writer
from connectors.progress import MemoryProgress
from connectors.protocol import (
    Account,
    Column,
    FieldChange,
    FieldSet,
    Finding,
    Level,
    ObjectQuery,
    Outcome,
    Page,
    Progress,
    SecretStore,
    Update,
    Usage,
    Window,
)

# The index usually lags by a minute; at month's end by far more, which the delayed second pass is for (HR04, HR07).
_SETTLE = timedelta(minutes=10)
_PRODUCTION = "STANDARD"
_KEYS = "Settings > Integrations > Service Keys"
_SCOPES = {"tickets": "tickets"}  # the others are called after their object


class Connector:
    """One HubSpot portal, as `connectors.protocol.CrmConnector`."""

    def __init__(
        self, settings: Settings, *, time: Time, progress: Progress | None = None, secrets: SecretStore | None = None
    ) -> None:
        self._settings = settings
        self._session = Session(settings, secrets, time=time)
        self._reader = Reader(self._session, progress or MemoryProgress(), time=time, settings=settings)
        self._writer = Writer(self._session, at_once=settings.calls_at_once)
        self._fields = Fields(self._session)
        self._inspector = Inspector(self._session, settings)

    @property
    def settle(self) -> timedelta:
        """How long a change may stay out of the search index."""
        return _SETTLE

    def account(self) -> Account:
        """The portal; it has no name of its own."""
        portal = self._session.details()
        if not {"portalId", "timeZone", "companyCurrency"} <= set(portal or ()):
            raise Unreachable("HubSpot, account: the answer does not say which portal this is")
        return Account(
            id=str(portal["portalId"]),
            name=f"HubSpot portal {portal['portalId']}",
            time_zone=str(portal["timeZone"]),
            language=self._settings.language,
            currency=str(portal["companyCurrency"]),
            is_sandbox=portal.get("accountType") != _PRODUCTION,
        )

    def check(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Sequence[Finding]:
        """One finding per object that can be read, and one per object, property or link that cannot."""
        return [
            *(finding for query in queries for finding in self._check_query(query)),
            *unready(fields.object, self._fields.plan(fields)),
        ]

    def inspect(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Sequence[Finding]:
        """See `inspect.py`."""
        return list(self._inspector.findings(queries, fields))

    def columns(self, object_: str) -> Sequence[Column]:
        """See `fields.py`."""
        return self._fields.columns(object_)

    def kinds(self, object_: str) -> Column | None:
        """See `fields.py`."""
        return self._fields.kinds(object_)

    def count(self, object_: str, field: str = "", value: str = "") -> int:
        """See `inspect.py`."""
        return self._inspector.count(object_, field, value)

    def changes(self, query: ObjectQuery, window: Window) -> Iterator[Page]:
        """By list or search, twice; see `read.py`."""
        return self._reader.changes(query, window)

    def ids(self, object_: str) -> Iterator[tuple[str, ...]]:
        """By list."""
        return self._reader.ids(object_)

    def refresh(self, query: ObjectQuery, *, calls: int) -> Iterator[Page]:
        """In the order of the list; see `read.py`."""
        return self._reader.refresh(query, calls)

    def plan_fields(self, fields: FieldSet) -> Sequence[FieldChange]:
        """See `fields.py`."""
        return self._fields.plan(fields)

    def apply_fields(self, fields: FieldSet) -> Sequence[FieldChange]:
        """See `fields.py`."""
        return self._fields.apply(fields)

    def remove_fields(self, fields: FieldSet) -> Sequence[str]:
        """See `fields.py`."""
        return self._fields.remove(fields)

    def write(self, fields: FieldSet, updates: Iterable[Update]) -> Iterator[Outcome]:
        """By batch update; see `write.py`."""
        return self._writer.write(fields, updates)

    def usage(self) -> Usage:
        """Calls made, and the portal's day."""
        return self._session.usage()

    def close(self) -> None:
        """Give connections back."""
        self._session.close()

    def _blocked(self, object_: str) -> Finding | None:
        """Why an object cannot be read, None where it can."""
        try:
            self._session.objects.get_page(object_, limit=1)
        except (Refused, NotPermitted) as error:
            return _closed(object_, error)
        return None

    def _check_query(self, query: ObjectQuery) -> Iterator[Finding]:
        try:
            selection = self._reader.resolve(query, fresh=True)
            if not query.links:  # those who may read links of an object may read the object
                self._session.objects.get_page(query.object, limit=1)
        except (Refused, NotPermitted) as error:
            yield _closed(query.object, error)
            return
        yield from unreadable(selection.problems())
        for to in query.links:
            try:
                self._session.associations.get_page(query.object, to, {"inputs": [{"id": "1"}]})
            except (Refused, NotPermitted) as error:
                if blocked := self._blocked(query.object):
                    yield blocked
                    return
                cure = f"add the read scope of {to} to the Service Key"
                yield Finding(Level.FAIL, f"links of {query.object} cannot be read: {error}", cure, query.object, to)
        yield readable(query.object, len(selection.asked), "property", "properties")


def _closed(object_: str, error: Exception) -> Finding:
    """That an object cannot be read, and which scope would open it."""
    scope = _SCOPES.get(object_, f"crm.objects.{object_}.read")
    if isinstance(error, NotPermitted):
        cure = f"add {scope} to the Service Key ({_KEYS}), or take {object_} out of the mapping"
        return Finding(Level.FAIL, f"{object_} cannot be read: scope {scope} is missing", cure, object_)
    cure = "correct its name in the mapping, or take it out"
    return Finding(Level.FAIL, f"{object_} cannot be read: {error}", cure, object_)
