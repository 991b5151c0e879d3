"""A HubSpot portal in memory: the settings that shape its answers, and what its owner may do with it from Python."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.hubspot import moment, pipeline
from sandbox.hubspot.kind import Kind
from sandbox.hubspot.preferences import Preferences
from sandbox.hubspot.rate import Daily, Rolling
from sandbox.hubspot.record import Record
from sandbox.hubspot.store import Store, required
from sandbox.hubspot.token import Tokens

# What the product asks of an admin, and nothing more: read what is scored, write contacts and their properties.
LEAST_SCOPES = frozenset(
    {
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.objects.companies.read",
        "crm.objects.deals.read",
        "crm.objects.orders.read",
        "crm.objects.invoices.read",
        "crm.objects.owners.read",
        "crm.schemas.contacts.read",
        "crm.schemas.contacts.write",
        "tickets",
    }
)
_BY_HAND = "CRM_UI"
# What a record of a crowd has.
_LEAST: Mapping[str, Mapping[str, str]] = {
    "contacts": {"lastname": "Crowd"},
    "deals": {"dealname": "Crowd", "dealstage": "closedwon", "amount": "10"},
    "tickets": {"subject": "Crowd", "hs_pipeline_stage": "1"},
}


@dataclass(frozen=True, slots=True)
class WriteRule:
    """An admin's rule: `requires` must be set on `object`; with `when`, only where that property is `equals`.

    The API enforces such rules from version 2026-09 on (HW12).
    """

    object: str
    requires: str
    when: str | None = None
    equals: str | None = None

    def broken(self, values: Mapping[str, str]) -> bool:
        """Whether a record of these values breaks it."""
        return not values.get(self.requires) and (self.when is None or values.get(self.when) == self.equals)


@dataclass(frozen=True, slots=True)
class Owner:
    """A user of the portal, to whom records can belong."""

    id: str
    email: str
    first_name: str
    last_name: str


class Portal:
    """One portal. Plain attributes are settings and may be changed at any time.

    Ids are texts of digits, values are texts (`""` clears). The methods raise ValueError with one line for what HubSpot
    would refuse; what only HubSpot or an integration sets (`hs_email_optout`, `hs_salesforceopportunityid`) may be set.
    """

    def __init__(self, clock: Clock, *, portal_id: int = 20_260_922) -> None:
        self.clock = clock
        self.portal_id = portal_id
        self.tokens = Tokens()
        self.preferences = Preferences()
        self.scopes = set(LEAST_SCOPES)
        self.account_type = "STANDARD"  # or SANDBOX, DEVELOPER_TEST
        self.time_zone = "Europe/Paris"
        self.currency = "EUR"
        self.index_lag = timedelta(seconds=30)
        self.disorder: int | None = None  # a seed: search answers in an order of its own (HR03)
        self.longest_url = 16_000
        self.tells_retry_after = False  # the documentation promises no such header
        self.write_rules: list[WriteRule] = []
        self.owners = [Owner("50001", "owner@example.com", "Olive", "Owner")]
        self.burst = Rolling(190, 10_000)
        self.searches = Rolling(5, 1_000)
        self.daily = Daily(650_000)
        self.store = Store(self.now)

    @property
    def now(self) -> int:
        """The clock in whole milliseconds."""
        return moment.milliseconds(self.clock.now())

    def create(
        self,
        object: str,  # noqa: A002 - the word that both CRMs' loaders share
        properties: Mapping[str, str],
        *,
        id: str | None = None,  # noqa: A002 - same
        at: datetime | None = None,
    ) -> str:
        """A new record, as if it had been made at `at` (now); its id."""
        kind = self._kind(object)
        values = self._judged(kind, properties)
        lacking = self.store.missing(kind, values)
        if lacking:
            raise ValueError(f"{required(kind, lacking)} ({', '.join(lacking)})")
        conflict = self.store.conflict(kind, values)
        if conflict is not None:
            raise ValueError(str(conflict))
        return str(
            self.store.create(kind, values, stamp=self._stamp(at), source=_BY_HAND, id_=self._new_id(kind, id)).id
        )

    def update(
        self,
        object: str,  # noqa: A002 - the word that both CRMs' loaders share
        id: str,  # noqa: A002 - same
        properties: Mapping[str, str],
        *,
        at: datetime | None = None,
    ) -> None:
        """New values, as if they had been written at `at` (now), which is not before the last ones."""
        record = self._living(object, id)
        values = self._judged(record.kind, properties)
        conflict = self.store.conflict(record.kind, values, record)
        if conflict is not None:
            raise ValueError(str(conflict))
        self.store.change(record, values, stamp=self._stamp(at, since=record), source=_BY_HAND)

    def archive(self, object: str, id: str) -> None:  # noqa: A002 - the words that both CRMs' loaders share
        """Delete a record, as the user interface calls it: it can be restored for ninety days."""
        self.store.archive(self._living(object, id), self.now)

    def restore(self, object: str, id: str) -> None:  # noqa: A002 - same
        """Bring an archived record back."""
        record = self._record(object, id)
        if record.archived is None:
            raise ValueError(f"{record.kind.singular} {id} is not archived")
        conflict = self.store.conflict(record.kind, record.properties)
        if conflict is not None:
            raise ValueError(str(conflict))
        self.store.restore(record)

    def merge(self, object: str, primary: str, other: str) -> str:  # noqa: A002 - same
        """Merge `other` into `primary`, which keeps its id; that id."""
        survivor, loser = self._living(object, primary), self._living(object, other)
        if survivor.id == loser.id:
            raise ValueError(f"{survivor.kind.singular} {primary} and {other} are the same record")
        return str(self.store.merge(survivor, loser, stamp=self.now, source="MERGE").id)

    def gdpr_delete(self, id: str) -> None:  # noqa: A002 - same
        """Purge a contact for good."""
        self.store.purge(self._record("contacts", id))

    def associate(
        self, from_object: str, from_id: str, to_object: str, to_id: str, *, label: str | None = None
    ) -> None:
        """Tie two records, by a label of the pair where one is given; the modified stamps stay (HR13)."""
        one, other = self._living(from_object, from_id), self._living(to_object, to_id)
        pair = (one.kind.name, other.kind.name)
        self.store.links.tie(pair, one.id, other.id, [self.store.links.labelled(pair, label)])

    def alter(self, object: str, id: str, properties: Mapping[str, str]) -> None:  # noqa: A002 - same
        """New values that move no stamp, as a calculation of HubSpot's own does (HR15)."""
        record = self._living(object, id)
        self.store.alter(record, self._judged(record.kind, properties), stamp=self.now)

    def hide(self, object: str, name: str) -> None:  # noqa: A002 - same
        """Archive a property: it is gone from definitions and answers."""
        kind = self._kind(object)
        if kind.living(name) is None:
            raise ValueError(f"{kind.name} have no property {name}")
        self.store.undefine(kind, name, self.now)

    def add_pipeline(self, object: str, id: str, label: str) -> None:  # noqa: A002 - same
        """A further pipeline of deals or tickets, with stages of its own."""
        pipeline.add(self.store, self._kind(object), id, label)

    def spend(self, calls: int) -> None:
        """Calls of other programs of the same portal, today."""
        self.daily.turn(self.clock.now(), self.time_zone)
        self.daily.used += calls

    def crowd(self, object: str, count: int, *, at: datetime | None = None) -> None:  # noqa: A002 - same
        """Let so many records be written in one and the same millisecond, as a month's end does (HR02)."""
        kind, stamp = self._kind(object), self._stamp(at)
        values = self._judged(kind, _LEAST.get(kind.name, {}))
        lacking = self.store.missing(kind, values)
        if lacking:
            raise ValueError(f"{kind.name} need {', '.join(lacking)}: a crowd is of contacts, deals or tickets")
        for _ in range(count):
            self.store.create(kind, values, stamp=stamp, source=_BY_HAND)

    def get(self, object: str, id: str) -> dict[str, str | None]:  # noqa: A002 - same
        """Every property of a record that is set, and `id`, `archived` ("true" or "false")."""
        return _row(self._record(object, id))

    def rows(self, object: str) -> Iterator[dict[str, str | None]]:  # noqa: A002 - same
        """Every record, archived ones too, as `get` gives them, in the order of ids."""
        table = self.store.table(self._kind(object))
        for id_ in sorted(table.records):
            yield _row(table.records[id_])

    def _kind(self, word: str) -> Kind:
        kind = self.store.kind(word)
        if kind is None:
            raise ValueError(f"no such object: {word}; there are {', '.join(self.store.kinds)}")
        return kind

    def _record(self, word: str, id_: str) -> Record:
        kind = self._kind(word)
        record = self.store.table(kind).find(id_)
        if record is None:
            raise ValueError(f"no {kind.singular} {id_}")
        return record

    def _living(self, word: str, id_: str) -> Record:
        record = self._record(word, id_)
        if record.archived is not None:
            raise ValueError(f"{record.kind.singular} {id_} is archived")
        return record

    def _judged(self, kind: Kind, properties: Mapping[str, str]) -> dict[str, str]:
        values, refused = self.store.judge(kind, properties, trusted=True)
        if refused:
            raise ValueError(f"{kind.singular}: {'; '.join(each.message for each in refused)}")
        return values

    def _new_id(self, kind: Kind, id_: str | None) -> int | None:
        if id_ is None:
            return None
        if not id_.isascii() or not id_.isdigit() or int(id_) == 0:
            raise ValueError(f"a record id is a text of digits, not {id_!r}")
        table = self.store.table(kind)
        if int(id_) in table.records or int(id_) in table.survivors:
            raise ValueError(f"{kind.singular} {id_} exists already")
        return int(id_)

    def _stamp(self, at: datetime | None, *, since: Record | None = None) -> int:
        stamp = self.now if at is None else moment.milliseconds(at)
        if stamp > self.now:
            raise ValueError(f"{moment.iso(stamp)} is still to come: it is {moment.iso(self.now)}")
        if since is not None and stamp < since.updated:
            raise ValueError(f"{since.kind.singular} {since.id} was written after {moment.iso(stamp)} already")
        return stamp


def _row(record: Record) -> dict[str, str | None]:
    row: dict[str, str | None] = dict(record.properties)
    row |= {name: record.get(name) for name in record.kind.always}
    return {"id": str(record.id), **row, "archived": "true" if record.archived is not None else "false"}
