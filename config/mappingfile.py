"""The loader of mappings: one TOML file per CRM, validated whole before the first request."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.reading import ConfigError, choice, read_toml, validate
from scoring.mapping import Carries, Condition, Mapping, Operator, SignalRule, SubjectPath, SubjectRule
from scoring.rules import Programme
from scoring.signal import Liability

FOLDER = Path(__file__).parent / "mappings"

Name = Annotated[str, Field(min_length=1, max_length=255)]
Scalar = bool | Decimal | str


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class _Condition(_Table):
    """One test: a field, and exactly one operator."""

    field: Name
    is_: Scalar | None = Field(default=None, alias="is")
    not_: Scalar | None = Field(default=None, alias="not")
    in_: list[Scalar] | None = Field(default=None, alias="in", min_length=1)
    not_in: list[Scalar] | None = Field(default=None, min_length=1)
    above: Decimal | None = None
    below: Decimal | None = None
    filled: bool | None = None
    days_after: Name | None = None
    between: list[int] | None = Field(default=None, min_length=1, max_length=2)
    or_empty: bool = False

    @model_validator(mode="after")
    def _one_operator(self) -> "_Condition":
        given = self.operators()
        if len(given) != 1:
            names = ", ".join(operator.value for operator in Operator)
            raise ValueError(f"a condition needs exactly one of {names}; this one has {len(given)}")
        if self.between and len(self.between) > 1 and self.between[0] > self.between[1]:
            raise ValueError(f"between = {self.between} holds no day: least days first, then most days")
        if (self.days_after is None) != (self.between is None):
            raise ValueError("`days_after` and `between` belong together: between = [least days, most days]")
        return self

    def operators(self) -> dict[Operator, object]:
        """The operators given, with their operands."""
        operands = {
            Operator.IS: self.is_,
            Operator.NOT: self.not_,
            Operator.IN: self.in_,
            Operator.NOT_IN: self.not_in,
            Operator.ABOVE: self.above,
            Operator.BELOW: self.below,
            Operator.FILLED: self.filled,
            Operator.DAYS_AFTER: self.days_after,
        }
        return {operator: operand for operator, operand in operands.items() if operand is not None}

    def value(self) -> Condition:
        """As scoring wants it."""
        ((operator, operand),) = self.operators().items()
        if operator is Operator.DAYS_AFTER:
            least, *most = self.between or [0]
            between = (least, most[0] if most else None)
            return Condition(self.field, operator, since=str(operand), between=between, or_empty=self.or_empty)
        if isinstance(operand, list):
            operand = tuple(operand)
        assert isinstance(operand, str | bool | Decimal | tuple)  # noqa: S101 - what the model allows, for the type checker
        return Condition(self.field, operator, operand, or_empty=self.or_empty)


class _SubjectPath(_Table):
    field: str = ""
    link: str = ""
    label: str = ""
    without: list[str] = []

    @model_validator(mode="after")
    def _one_way(self) -> "_SubjectPath":
        if bool(self.field) == bool(self.link):
            raise ValueError("the way to the subject is either a field or a link: { field = … } or { link = … }")
        if self.field and (self.label or self.without):
            raise ValueError("`label` and `without` belong to a link")
        return self


class _LiabilityBy(_Table):
    field: Name
    values: dict[str, Liability] = Field(min_length=1)


class _Carries(_Table):
    coefficient: str = ""
    level: str = ""
    clean_periods: str = ""
    years_at_floor: str = ""
    protection_used: str = ""

    @model_validator(mode="after")
    def _something(self) -> "_Carries":
        if not (self.coefficient or self.level):
            raise ValueError("what is carried over needs the field of a coefficient, of a level, or both")
        return self


class _Signal(_Table):
    name: Name
    object: Name
    when: list[_Condition]
    date: Name
    subject: _SubjectPath
    plus_days: int = Field(default=0, ge=0, le=3660)
    liability: Liability | _LiabilityBy = Liability.NONE
    amount: str = ""
    never_negative: bool = False
    currency: str = ""
    reference: str = ""
    days: list[Name] | None = Field(default=None, min_length=2, max_length=2)
    original: str = ""
    key: str = ""
    until: str = ""
    carries: _Carries | None = None
    optional: bool = False

    @model_validator(mode="after")
    def _an_amount_to_judge(self) -> "_Signal":
        if self.never_negative and not self.amount:
            raise ValueError("`never_negative` says something of an amount: amount = FIELD is missing")
        return self

    def value(self) -> SignalRule:
        """As scoring wants it."""
        by = self.liability if isinstance(self.liability, _LiabilityBy) else None
        same = self.original == "same record"
        return SignalRule(
            name=self.name,
            object=self.object,
            when=tuple(condition.value() for condition in self.when),
            on=self.date,
            subject=SubjectPath(self.subject.field, self.subject.link, self.subject.label, tuple(self.subject.without)),
            plus_days=self.plus_days,
            liability=self.liability if isinstance(self.liability, Liability) else Liability.NONE,
            liability_by=(by.field, by.values) if by else None,
            amount=self.amount,
            never_negative=self.never_negative,
            currency=self.currency,
            reference=self.reference,
            days=(self.days[0], self.days[1]) if self.days else None,
            original="" if same else self.original,
            same_record=same,
            key=self.key,
            until=self.until,
            carries=Carries(**self.carries.model_dump()) if self.carries else None,
            optional=self.optional,
        )


class _CrossId(_Table):
    field: Name
    crm: Name


class _Subject(_Table):
    object: Name
    email: Name
    cross_id: _CrossId | None = None


class _Mapping(_Table):
    crm: Name
    subject: _Subject
    signal: list[_Signal] = Field(min_length=1)


def mapping_path(name: str, *, beside: Path | None = None) -> Path:
    """Where a mapping is: a path beside the settings, or the name of one that is shipped.

    Raises:
        ConfigError: neither.
    """
    if name.endswith(".toml"):
        return (beside or Path()) / name
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        shipped = sorted(file.stem for file in FOLDER.glob("*.toml"))
        raise ConfigError(f"there is no mapping {name!r}; {choice(name, shipped, 'shipped')}, or name a .toml file")
    return path


def load_mapping(path: Path, *, crm: str, programme: Programme) -> Mapping:
    """One mapping, whole.

    Raises:
        ConfigError: a mistake in it, a signal that the programme does not have or that counts as something else there,
            or the mapping of another CRM.
    """
    model = validate(_Mapping, read_toml(path), file=path)
    if model.crm != crm:
        raise ConfigError(f"{path}: crm: this mapping is for {model.crm}, and the connection is to {crm}")
    for number, signal in enumerate(model.signal, 1):
        if signal.name not in programme.signals:
            allowed = choice(signal.name, sorted(programme.signals))
            raise ConfigError(f"{path}: signal[{number}].name: the programme has no signal {signal.name!r}; {allowed}")
        if wrong := _other_than(signal, programme):
            raise ConfigError(f"{path}: signal[{number}].{wrong}")
    cross = model.subject.cross_id
    subject = SubjectRule(
        model.subject.object, model.subject.email, cross.field if cross else "", cross.crm if cross else ""
    )
    return Mapping(crm, subject, tuple(signal.value() for signal in model.signal), str(path))


def _other_than(signal: _Signal, programme: Programme) -> str:
    """What a rule says that does not go with what its signal counts as; empty where all does."""
    opens, lasts = signal.name in programme.openings, signal.name in programme.contracts
    if signal.carries and not opens:
        return f"carries: only a signal that counts as opening carries something; {signal.name} does not"
    if opens and not signal.carries:
        return f"carries: is missing; {signal.name} counts as opening: carries = {{ coefficient = FIELD }}"
    if signal.until and not lasts:
        return f"until: only a signal that counts as contract has an end; {signal.name} does not"
    return ""
