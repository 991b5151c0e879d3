"""A plan of faults as it is told, in TOML or JSON: which calls are struck, how often, and what happens to them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from sandbox.count import KINDS, kind_of
from sandbox.faults import answers, refusals, transport
from sandbox.faults.rule import RULES, Standing
from sandbox.faults.script import Script
from sandbox.faults.turn import Action
from sandbox.told import ToldError

ACTIONS: Mapping[str, type[Any]] = {
    "latency": transport.Latency,
    "hang": transport.Hang,
    "reset": transport.Reset,
    "truncate": transport.Truncate,
    "page": transport.Page,
    "empty": transport.Empty,
    "garbage": transport.Garbage,
    "headers": transport.Headers,
    "status": refusals.Status,
    "rate": refusals.Rate,
    "refuse": refusals.Refuse,
    "unauthorized": refusals.Unauthorized,
    "reject": refusals.Reject,
    "short_page": answers.ShortPage,
    "empty_page": answers.EmptyPage,
    "repeated_after": answers.RepeatedAfter,
    "total": answers.Total,
    "nothing": answers.Nothing,
    "partial": answers.Partial,
    "script": Script,
}


class Aim(BaseModel):
    """Which calls a fault strikes. With neither `share` nor `nth` nor `every` it strikes all that fit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    crm: str | None = Field(default=None, pattern="^(salesforce|hubspot)$")
    kind: tuple[str, ...] = ()  # the kinds of call that GET /sandbox/requests counts
    method: str | None = None
    path: str | None = None  # a regular expression, looked for in path and query
    share: float | None = Field(default=None, ge=0, le=1)  # of the calls that fit, drawn by the seed
    nth: tuple[int, ...] = ()  # the first call that fits is 1
    every: int | None = Field(default=None, ge=1)
    after: int = Field(default=0, ge=0)  # so many calls that fit are spared first
    times: int | None = Field(default=None, ge=1)  # at most so often

    @field_validator("kind", "nth", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str | int) else value

    @field_validator("kind")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(value) - KINDS)
        if unknown:
            raise ValueError(f"no kind of call is {unknown[0]!r}; there are {', '.join(sorted(KINDS))}")
        return value

    @field_validator("path")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from error
        return value

    def fits(self, method: str, path: str, query: str) -> bool:
        """Whether a call is one of those meant."""
        crm, kind = kind_of(method, path)
        return (
            (self.crm is None or self.crm == crm)
            and (not self.kind or kind in self.kind)
            and (self.method is None or self.method.upper() == method)
            and (self.path is None or re.search(self.path, f"{path}?{query}" if query else path) is not None)
        )


@dataclass(slots=True)
class Fault:
    """An aim, what is done, and how often it came to it."""

    aim: Aim
    does: str
    action: Action
    told: Mapping[str, Any]
    fitting: int = 0
    struck: int = 0

    @property
    def drawn(self) -> bool:
        """Whether chance decides."""
        return self.aim.share is not None

    def ready(self) -> bool:
        """Whether it may still strike; to be asked after the call was counted as fitting."""
        aim = self.aim
        if self.fitting <= aim.after or (aim.times is not None and self.struck >= aim.times):
            return False
        turn = self.fitting - aim.after
        if aim.nth or aim.every:
            return turn in aim.nth or (aim.every is not None and turn % aim.every == 0)
        return True


@dataclass(slots=True)
class Plan:
    """All faults, and the standing rules."""

    seed: int
    faults: list[Fault]
    rules: list[Standing]


def read(told: object) -> Plan:
    """A plan: `seed`, a list `fault`, a list `rule`. Raises ToldError with one line."""
    if not isinstance(told, Mapping):
        raise ToldError('faults are an object such as {"seed": 1, "fault": [{"does": "latency", "seconds": 5}]}')
    unknown = sorted(told.keys() - {"seed", "fault", "rule"})
    if unknown:
        raise ToldError(f"{unknown[0]!r} means nothing here; known are seed, fault, rule")
    seed, faults, rules = told.get("seed", 1), told.get("fault", []), told.get("rule", [])
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ToldError('"seed" must be a whole number')
    if not isinstance(faults, list) or not isinstance(rules, list):
        raise ToldError('"fault" and "rule" must be lists')
    return Plan(
        seed,
        [_fault(each, f"fault {number}") for number, each in enumerate(faults)],
        [_made(each, RULES, f"rule {number}")[1] for number, each in enumerate(rules)],
    )


def _fault(told: object, where: str) -> Fault:
    if not isinstance(told, Mapping):
        raise ToldError(f"{where} must be an object")
    aimed = {name: value for name, value in told.items() if name in Aim.model_fields}
    rest = {name: value for name, value in told.items() if name not in aimed}
    does, action = _made(rest, ACTIONS, where)
    try:
        aim = Aim.model_validate(aimed)
    except ValidationError as error:
        raise ToldError(f"{where}: {_first(error)}") from None
    return Fault(aim, does, action, dict(told))


def _made(told: object, known: Mapping[str, type[Any]], where: str) -> tuple[str, Any]:
    if not isinstance(told, Mapping):
        raise ToldError(f"{where} must be an object")
    does = told.get("does")
    if not isinstance(does, str) or does not in known:
        raise ToldError(f'{where}: "does" is one of {", ".join(known)}, not {does!r}')
    options = {name: value for name, value in told.items() if name != "does"}
    unknown = sorted(options.keys() - known[does].__dataclass_fields__.keys())
    if unknown:
        fields = ", ".join(known[does].__dataclass_fields__) or "none"
        raise ToldError(f"{where}: {unknown[0]!r} means nothing to {does}; its options are {fields}")
    try:
        return does, TypeAdapter(known[does]).validate_python(options)
    except ValidationError as error:
        raise ToldError(f"{where}: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}".lstrip(": ")
