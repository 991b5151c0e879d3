"""Salesforce behind the seam."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import get_territory_currencies

from connectors.clock import Time
from connectors.findings import readable, unreadable, unready
from connectors.http import Refused
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
from connectors.salesforce.bulk_write import BulkWriter
from connectors.salesforce.fields import Fields
from connectors.salesforce.ids import id18
from connectors.salesforce.inspect import Inspector
from connectors.salesforce.read import Reader
from connectors.salesforce.selection import OBJECTS, resolve
from connectors.salesforce.session import Session
from connectors.salesforce.settings import Settings
from connectors.salesforce.volume import Volume
from connectors.salesforce.write import Writer

_SETTLE = timedelta(minutes=10)  # SR01: a transaction stamps its rows at its start and may take that long to commit


class Connector:
    """One Salesforce org, as `connectors.protocol.CrmConnector`."""

    def __init__(
        self, settings: Settings, *, time: Time, progress: Progress | None = None, secrets: SecretStore | None = None
    ) -> None:
        del secrets  # no way in of this CRM replaces a secret
        progress = progress or MemoryProgress()
        self._settings = settings
        self._time = time
        self._session = Session(settings, time=time)
        volume = Volume(self._session, progress, time=time, version=settings.api_version)
        self._reader = Reader(self._session, volume, progress, time=time, settings=settings)
        bulk = BulkWriter(self._session, progress, volume, time=time, save_duplicates=settings.save_duplicates)
        self._writer = Writer(self._session, time=time, bulk=bulk, bulk_from=settings.bulk_from)
        self._fields = Fields(self._session)
        self._inspector = Inspector(self._session, settings)

    @property
    def settle(self) -> timedelta:
        """How long a row may still appear with an older stamp."""
        return _SETTLE

    def account(self) -> Account:
        """The org, from its Organization row."""
        org = self._session.query(
            "SELECT Id, Name, TimeZoneSidKey, LanguageLocaleKey, DefaultLocaleSidKey, IsSandbox FROM Organization"
        )["records"][0]
        return Account(
            id=id18(str(org["Id"])),
            name=str(org["Name"]),
            time_zone=str(org["TimeZoneSidKey"]),
            language="fr" if str(org["LanguageLocaleKey"]).startswith("fr") else "en",
            currency=self._currency(str(org["DefaultLocaleSidKey"])),
            is_sandbox=bool(org["IsSandbox"]),
        )

    def check(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Sequence[Finding]:
        """One finding per object that can be read, and one per object, field or link that cannot."""
        return [*(finding for query in queries for finding in self._check_query(query)), *self._check_fields(fields)]

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
        """Through queryAll, by locator or query job; see `read.py`."""
        return self._reader.changes(query, window)

    def ids(self, object_: str) -> Iterator[tuple[str, ...]]:
        """By query, in bulk where there are many."""
        return self._reader.ids(object_)

    def refresh(self, query: ObjectQuery, *, calls: int) -> Iterator[Page]:
        """In the order of ids; see `read.py`."""
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
        """By sObject Collections or ingest jobs; see `write.py`."""
        return self._writer.write(fields, updates)

    def usage(self) -> Usage:
        """Calls made, and the org's rolling 24 hours."""
        return self._session.usage()

    def close(self) -> None:
        """Give connections back."""
        self._session.close()

    def _currency(self, locale: str) -> str:
        """The corporate currency. A single-currency org tells nobody its own: settings, else what its locale uses."""
        if self._settings.currency:
            return self._settings.currency
        try:
            rows = self._session.query("SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true")["records"]
        except Refused:  # the object exists in multi-currency orgs only
            rows = []
        return str(rows[0]["IsoCode"]) if rows else currency_of(locale)

    def _check_query(self, query: ObjectQuery) -> Iterator[Finding]:
        try:
            selection = resolve(query, self._reader.describe_again)
        except Refused:
            cure = f"give the integration user read access to it ({OBJECTS}), or take it out of the mapping"
            yield Finding(Level.FAIL, f"{query.object} cannot be read", cure, query.object)
            return
        if not selection.schema.queryable:
            cure = "take it out of the mapping"
            yield Finding(Level.FAIL, f"{query.object} cannot be queried", cure, query.object)
            return
        yield from unreadable(selection.problems())
        yield readable(query.object, len(selection.paths), "field", "fields")

    def _check_fields(self, fields: FieldSet) -> Iterator[Finding]:
        schema = self._reader.describe(fields.object)
        if not schema.updateable:
            cure = f"give the integration user edit access to it ({OBJECTS})"
            yield Finding(Level.FAIL, f"{fields.object} cannot be edited", cure, fields.object)
        yield from unready(fields.object, self._fields.plan(fields))


def currency_of(locale: str) -> str:
    """The currency of a locale's country today: `fr_FR` EUR. USD where the locale names no country."""
    try:
        territory = Locale.parse(locale.partition("__")[0]).territory
    except (UnknownLocaleError, ValueError):
        territory = None
    currencies = get_territory_currencies(territory) if territory else []
    return str(currencies[0]) if currencies else "USD"
