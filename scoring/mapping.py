"""A mapping says which records of one CRM are which signals: object, conditions, date, way to the subject.

Conditions are judged locally on what was read and never pushed into a query: a case that stops being a claim must
withdraw its signal, and a server-side filter would simply never show it again.
"""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from scoring.signal import Liability


class Operator(StrEnum):
    """How a condition compares a field with its operand."""

    IS = "is"
    NOT = "not"
    IN = "in"
    NOT_IN = "not_in"
    ABOVE = "above"
    BELOW = "below"
    FILLED = "filled"  # operand true: has a value; false: has none
    DAYS_AFTER = "days_after"  # whole days from another date field, within `between`


@dataclass(frozen=True, slots=True)
class Condition:
    """One test on one field; `since` and `between` belong to `DAYS_AFTER`. An empty field fails unless `or_empty`."""

    field: str
    operator: Operator
    operand: str | bool | Decimal | tuple[str | bool | Decimal, ...] = True
    since: str = ""
    between: tuple[int, int | None] = (0, None)
    or_empty: bool = False


@dataclass(frozen=True, slots=True)
class SubjectPath:
    """How a record leads to the one contact it is about: a field with its id, or a link.

    Of several links the labelled (`label`) one is taken, or the primary one, or else the only one; links that carry a
    label in `without` do not count. What stays ambiguous has no subject: a signal never has several.
    """

    field: str = ""
    link: str = ""
    label: str = ""
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carries:
    """The fields that an opening is made of: a coefficient or the name of a level, and what its past is worth."""

    coefficient: str = ""
    level: str = ""
    clean_periods: str = ""
    years_at_floor: str = ""
    protection_used: str = ""

    @property
    def fields(self) -> frozenset[str]:
        """Every field that is read."""
        names = (self.coefficient, self.level, self.clean_periods, self.years_at_floor, self.protection_used)
        return frozenset(names)


@dataclass(frozen=True, slots=True)
class SignalRule:
    """One way in which a record of `object` becomes a signal. Fields are the CRM's own API names.

    `plus_days` moves the date (an invoice is unpaid from its 91st day). `liability_by` maps values of a field to
    shares of fault. An amount loses its sign, because the signal's name says the direction; where it is
    `never_negative`, one below nothing is a problem. A contract's `until` names the field with its last day, an opening
    `carries` what the past is worth from fields. `original` names the field with the id of the order that a refund
    takes back; `same_record` says that it is this very record. `optional` rules rest on things not every org has:
    without them they are off, with a warning.
    """

    name: str
    object: str
    when: tuple[Condition, ...]
    on: str
    subject: SubjectPath
    plus_days: int = 0
    liability: Liability = Liability.NONE
    liability_by: tuple[str, MappingOf[str, Liability]] | None = None
    amount: str = ""
    never_negative: bool = False
    currency: str = ""
    reference: str = ""
    days: tuple[str, str] | None = None  # count the days from the second field to the first, for the reason's text
    original: str = ""
    same_record: bool = False
    key: str = ""
    until: str = ""
    carries: Carries | None = None
    optional: bool = False

    @property
    def fields(self) -> frozenset[str]:
        """Every field of the object that this rule reads."""
        names = {self.on, self.subject.field, self.amount, self.currency, self.reference, self.original, self.key}
        names.update(condition.field for condition in self.when)
        names.update(condition.since for condition in self.when)
        names.update(self.days or ())
        if self.liability_by:
            names.add(self.liability_by[0])
        if self.carries:
            names.update(self.carries.fields)
        names.add(self.until)
        return frozenset(names - {""})

    def rests_on(self, field: str) -> bool:
        """Whether this rule means something else without that field or link."""
        return field == self.subject.link or field in self.forgetting(field).fields

    def forgetting(self, field: str) -> "SignalRule":
        """This rule, taking neither currency, reference nor key from that field."""
        return replace(
            self,
            currency="" if self.currency == field else self.currency,
            reference="" if self.reference == field else self.reference,
            key="" if self.key == field else self.key,
        )


@dataclass(frozen=True, slots=True)
class SubjectRule:
    """Which object is scored, and by which fields one person is recognised in two CRMs."""

    object: str
    email: str
    cross_id: str = ""  # the field that holds the other CRM's record id
    cross_crm: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Everything one programme reads from one CRM."""

    crm: str
    subject: SubjectRule
    signals: tuple[SignalRule, ...]
    file: str = ""

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects to read, the subjects' own first, each once."""
        return tuple(dict.fromkeys([self.subject.object, *(rule.object for rule in self.signals)]))

    def rules_for(self, object_: str) -> tuple[SignalRule, ...]:
        """The rules that a record of this object may match, in the file's order."""
        return tuple(rule for rule in self.signals if rule.object == object_)

    def fields_of(self, object_: str) -> tuple[str, ...]:
        """The fields to read of one object, sorted."""
        names = {name for rule in self.rules_for(object_) for name in rule.fields}
        if object_ == self.subject.object:
            names.update({self.subject.email, self.subject.cross_id} - {""})
        return tuple(sorted(names))

    def links_of(self, object_: str) -> tuple[str, ...]:
        """The links to read of one object, sorted."""
        return tuple(sorted({rule.subject.link for rule in self.rules_for(object_)} - {""}))

    def only(self, names: frozenset[str]) -> "Mapping":
        """This mapping with the signals that a programme has switched on."""
        return replace(self, signals=tuple(rule for rule in self.signals if rule.name in names))

    def without(self, object_: str, field: str = "") -> "Mapping":
        """This mapping where an object, or one field or link of it, cannot be read.

        Rules that rest on it are gone; those that only took their reference, currency or key from it stay.
        """
        kept: list[SignalRule] = []
        for rule in self.signals:
            if rule.object == object_ and (not field or rule.rests_on(field)):
                continue
            kept.append(rule.forgetting(field) if rule.object == object_ else rule)
        subject = self.subject
        if object_ == subject.object and field and field == subject.cross_id:
            subject = replace(subject, cross_id="", cross_crm="")
        return replace(self, signals=tuple(kept), subject=subject)

    def asks(self, object_: str, field: str = "") -> bool:
        """Whether this object, or this field or link of it, is read at all."""
        asked = {*self.fields_of(object_), *self.links_of(object_), ""}
        return object_ in self.objects and field in asked

    def needs(self, object_: str, field: str = "") -> bool:
        """Whether a rule that is not optional rests on this object, or on this field or link of it."""
        if object_ == self.subject.object and field in ("", self.subject.email):
            return True
        return any(not rule.optional and (not field or rule.rests_on(field)) for rule in self.rules_for(object_))
