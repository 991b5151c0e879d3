"""The seam: what a CRM must be able to do for us, and the values that cross it.

A connector reads and writes records; it knows nothing of signals, rules or points. A further CRM is one folder that
implements `CrmConnector`, one mapping file, and passes the same contract suite (`tests/connectors/test_contract.py`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

from scoring.records import Problem, Record, Value


@dataclass(frozen=True, slots=True)
class Account:
    """Which org or portal answers: recorded at first contact, refused if it changes (AU04)."""

    id: str
    name: str
    time_zone: str  # IANA name
    language: Literal["en", "fr"]
    currency: str  # ISO 4217, the org's corporate or the portal's company currency
    is_sandbox: bool


class FieldKind(StrEnum):
    """The types our own fields have, in every CRM."""

    DECIMAL = "decimal"  # two decimals
    INTEGER = "integer"
    PICKLIST = "picklist"
    TEXT = "text"  # at most 255 characters
    LONG_TEXT = "long_text"
    DATE = "date"
    DATETIME = "datetime"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One of our own fields, in words that no CRM owns; the connector makes its API name of `prefix` and `name`.

    `options` are (internal value, label) pairs of a picklist. `label` and `help` are in the account's language, and in
    `translations` (language -> label, help, option labels in order) where the CRM keeps several.
    """

    name: str  # "previous_tier"
    kind: FieldKind
    label: str
    help: str
    options: tuple[tuple[str, str], ...] = ()
    length: int | None = None


@dataclass(frozen=True, slots=True)
class FieldSet:
    """The fields of one programme on one object, and the words their API names begin with."""

    object: str
    prefix: str  # "bonus malus" -> BonusMalus_Tier__c, bonus_malus_tier
    label: str  # of the permission set or property group: "Bonus-Malus"
    fields: tuple[FieldSpec, ...]


class FieldAction(StrEnum):
    """What `fields apply` would do with one field."""

    CREATE = "create"  # it is not there
    GRANT = "grant"  # it is there but not readable and writable for us
    KEEP = "keep"  # it is as it should be
    EXTEND = "extend"  # options are missing and can be added without touching the others
    CONFLICT = "conflict"  # another type or length: never altered silently


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One line of a plan: the field, what would be done, and why."""

    field: FieldSpec
    api_name: str
    action: FieldAction
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ObjectQuery:
    """What to read of one object: the fields by their API names, the links by the CRM's own names.

    For `links`, Salesforce: names of junction objects (`OpportunityContactRole`); HubSpot: object types (`contacts`).
    `ours`, when given, asks for our own fields too (into `Record.ours`); those that do not exist yet are left out.
    """

    object: str
    fields: tuple[str, ...]
    links: tuple[str, ...] = ()
    ours: FieldSet | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open `[start, end)` of modification instants, aware UTC; `start` None means from the beginning (SR03)."""

    start: datetime | None
    end: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of one window, in no promised order. A record may come twice; the later one is the newer one."""

    records: tuple[Record, ...]
    problems: tuple[Problem, ...] = ()


class Clear:
    """Empty this field. One sentinel, translated per API: null, `""` or `#N/A` (SW06, HW10)."""

    __slots__ = ()


CLEAR = Clear()


@dataclass(frozen=True, slots=True)
class Update:
    """New values for our fields on one existing record, by neutral field name."""

    id: str
    values: Mapping[str, Value | Clear]


class OutcomeKind(StrEnum):
    """What happened to one record. Invalid is ours, rejected is theirs."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    INVALID = "invalid"
    REJECTED = "rejected"
    GONE = "gone"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Exactly one per update. `code` is the vendor's own word, `reason` one sentence with the cure where we know it."""

    id: str
    kind: OutcomeKind
    code: str = ""
    reason: str = ""


class Level(StrEnum):
    """How bad a finding is: `FAIL` stops a run before it begins, `WARN` is printed and lived with."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked. `object` and `field` name what cannot be read, so that a mapping can do without."""

    level: Level
    what: str
    cure: str = ""
    object: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A field of an object as its CRM describes it: API name, label, and (value, label) pairs of a picklist."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls made by this connector since it was built, and the account's day as the CRM last reported it."""

    calls: int
    used_today: int | None
    limit_today: int | None


class Progress(Protocol):
    """Where a connector keeps how far it came in work that outlives a run: remote jobs, cursors, slow passes.

    Keys and values are the connector's own words; nothing in them is a secret or a customer's. What is lost costs calls
    and never correctness; whoever resets his cursors, to read everything again, resets this as well. A value is put
    only when everything before it has been taken by the caller, who commits each page before asking for the next.
    """

    def get(self, key: str) -> str | None:
        """What was put under `key` last, None for nothing."""

    def put(self, key: str, value: str | None) -> None:
        """Keep `value` under `key`; None forgets."""


class SecretStore(Protocol):
    """Where a secret that the vendor replaces is kept: written whole before the new one is used (SR34)."""

    def get(self, name: str) -> str | None:
        """The secret of that name, None where there is none yet."""

    def put(self, name: str, secret: str) -> None:
        """Keep `secret`, so that it survives whatever happens next."""


class CrmConnector(Protocol):
    """A CRM, for the rest of the product. Every method may raise `connectors.errors.CrmError`, nothing else."""

    @property
    def settle(self) -> timedelta:
        """How long a change may stay invisible or keep an older stamp: windows end this long before now (SR01)."""

    def account(self) -> Account:
        """Sign in and say who answers."""

    def check(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Sequence[Finding]:
        """Compare what will be asked with what this user may see: objects, fields, links, our own fields (SR11, HR22).

        Every object and field that cannot be read is a finding of its own, level `FAIL`; the caller decides which of
        them it can live without.
        """

    def inspect(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Sequence[Finding]:
        """What else an administrator wants to know before the first write; a sync never asks.

        Permissions one by one, rules and automations that would refuse or watch us, the clock, the API's version, and
        the calls left today against what a first run needs.
        """

    def columns(self, object_: str) -> Sequence[Column]:
        """The fields of an object that we may see."""

    def kinds(self, object_: str) -> Column | None:
        """What parts an object's records into kinds, as a mapping names it: record types, pipelines; else None."""

    def count(self, object_: str, field: str = "", value: str = "") -> int:
        """How many records an object has, or how many of them hold `value` in `field`."""

    def changes(self, query: ObjectQuery, window: Window) -> Iterator[Page]:
        """Every record changed in the window, deleted and merged ones too, page by page in constant memory.

        What `Progress` holds of the same read, stopped before its end, is gone on with: the pages before it do not come
        again. Who does not keep each page gives no such progress.
        """

    def ids(self, object_: str) -> Iterator[tuple[str, ...]]:
        """The id of every record that lives now, in pieces: who is missing was lost without a trace (SR08, HR12).

        A whole pass, for a schedule of its own. Believe it only when it came to its end.
        """

    def refresh(self, query: ObjectQuery, *, calls: int) -> Iterator[Page]:
        """The next slice of a slow, endless round over all records, whatever their stamps say; about `calls` calls.

        It shows what moves no stamp: formulas and calculated values, links, records restored (SR10, HR13, HR15). Where
        it stopped is kept in `Progress`; after the last record it begins again, at most once in `Settings.round_days`.
        """

    def plan_fields(self, fields: FieldSet) -> Sequence[FieldChange]:
        """What `apply_fields` would do; writes nothing."""

    def apply_fields(self, fields: FieldSet) -> Sequence[FieldChange]:
        """Create and grant what is missing, verify by reading back as ourselves; idempotent (SW12, SW13, HW08)."""

    def remove_fields(self, fields: FieldSet) -> Sequence[str]:
        """Delete our fields with their values, and what showed them (permission sets, group); API names of what went.

        Idempotent. What is not of our type is somebody else's and stays.
        """

    def write(self, fields: FieldSet, updates: Iterable[Update]) -> Iterator[Outcome]:
        """Update existing records, never create; exactly one outcome per update, as soon as it is known."""

    def usage(self) -> Usage:
        """What we have cost so far."""

    def close(self) -> None:
        """Give connections back."""
