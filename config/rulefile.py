"""Rules and programmes from TOML: dated numbers, each beside its reference, validated whole before use.

A number is a table of dated values; a file may inherit from another and then names only what differs::

    [floor]
    reference = "art. 4"
    since.1991-11-29 = 0.50

A programme may name a scale instead (`rules = "be-1992"`, see `config.scalefile`).
A name (`customers`) means a file that comes with the product, anything that ends in `.toml` a file of one's own.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from config.inherited import beside, find, folder, names, read_inherited
from config.reading import ConfigError, choice
from config.ruletables import Dated, FactorTable, ProgrammeFile, RuleFile, SurchargeTable
from config.scalefile import is_scale, load_scale_rules
from scoring.rules import AnyRules, Award, Derived, Factors, Programme, Rules, Surcharges, Tier

T = TypeVar("T")

_TABLES = ("points", "derived", "aggravated")  # of dated numbers, by names of one's own


def rule_names() -> tuple[str, ...]:
    """The rules of scheme reduction-majoration that come with the product; `scalefile.scale_names` has the others."""
    return tuple(name for name in names(folder("rules")) if not is_scale(folder("rules") / f"{name}.toml"))


def programme_names() -> tuple[str, ...]:
    """The programmes that come with the product."""
    return names(folder("programmes"))


def load_rules(name_or_path: str | Path, *, at: date) -> Rules:
    """The rules in force on a day.

    Raises:
        ConfigError: no such file, a mistake in it or in what it inherits, or no value for that day.
    """
    path = find(name_or_path, folder("rules"))
    return _rules(read_rules(path), path, at)


def load_scheme(name_or_path: str | Path, *, at: date) -> AnyRules:
    """The rules or the scale of that name, in force on a day: what a programme may name.

    Raises:
        ConfigError: as for `load_rules`; a scale that cannot be computed, or names no level for newcomers.
    """
    path = find(name_or_path, folder("rules"))
    return load_scale_rules(path) if is_scale(path) else load_rules(path, at=at)


def load_programme(name_or_path: str | Path, *, at: date) -> Programme:
    """The programme in force on a day, with its rules.

    Raises:
        ConfigError: as for `load_rules`.
    """
    path = find(name_or_path, folder("programmes"))
    tables = read_programme(path)
    rules = load_scheme(rules_file(path), at=at)
    _check_names(tables, path)
    return _programme(tables, rules, path, at)


def read_rules(name_or_path: str | Path) -> RuleFile:
    """A file of rules as its tables, examples included."""
    path = find(name_or_path, folder("rules"))
    if is_scale(path):
        raise ConfigError(
            f"{path}: scheme: 'scale' is not possible here; allowed: reduction-majoration "
            "(a scale is named where a programme names its rules)"
        )
    return read_inherited(RuleFile, path, folder("rules"))


def read_programme(name_or_path: str | Path) -> ProgrammeFile:
    """A programme's file as its tables, examples included."""
    return read_inherited(ProgrammeFile, find(name_or_path, folder("programmes")), folder("programmes"))


def rules_file(programme: str | Path) -> Path:
    """The file of the rules that a programme names, beside it or among those that come with the product."""
    path = find(programme, folder("programmes"))
    return find(beside(path, read_programme(path).rules), folder("rules"), f"{path}: rules: ")


def _rules(tables: RuleFile, path: Path, at: date) -> Rules:
    def on(key: str, dated: Dated[T]) -> T:
        return _in_force(key, dated, path, at)

    def factors(key: str, table: FactorTable) -> Factors:
        return Factors(
            _thousandths(on(f"{key}.reduction", table.reduction)),
            _thousandths(on(f"{key}.full", table.full)),
            _thousandths(on(f"{key}.partial", table.partial)),
        )

    lapse_after = on("lapse_after", tables.lapse_after)
    try:
        return Rules(
            name=tables.name,
            normal=factors("normal", tables.normal),
            tournees=factors("tournees", tables.tournees),
            use=on("use", tables.use),
            origin=_hundredths(on("origin", tables.origin)),
            floor=_hundredths(on("floor", tables.floor)),
            cap=_hundredths(on("cap", tables.cap)),
            ceiling=_hundredths(on("ceiling", tables.ceiling)),
            ceiling_after=on("ceiling_after", tables.ceiling_after),
            protected_after=on("protected_after", tables.protected_after),
            lag_months=on("lag_months", tables.lag_months),
            first_min_months=on("first_min_months", tables.first_min_months),
            interruption_months=on("interruption_months", tables.interruption_months),
            correction_years=on("correction_years", tables.correction_years),
            statement_periods=on("statement_periods", tables.statement_periods),
            statement_days=on("statement_days", tables.statement_days),
            surcharges=_surcharges(tables.surcharges, path, at),
            truncation=on("truncation", tables.truncation),
            same_day=on("same_day", tables.same_day),
            excused=on("excused", tables.excused),
            protection=on("protection", tables.protection),
            floor_years=on("floor_years", tables.floor_years),
            interruption=on("interruption", tables.interruption),
            lapse_after=None if lapse_after == "never" else lapse_after,
            carry_over=on("carry_over", tables.carry_over),
            extra_vehicle=on("extra_vehicle", tables.extra_vehicle),
            references=dict(_references(tables)),
        )
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error


def _surcharges(tables: SurchargeTable, path: Path, at: date) -> Surcharges:
    def on(key: str, dated: Dated[T]) -> T:
        return _in_force(f"surcharges.{key}", dated, path, at)

    return Surcharges(
        novice=on("novice", tables.novice),
        novice_accompanied=on("novice_accompanied", tables.novice_accompanied),
        novice_reading=on("novice_reading", tables.novice_reading),
        novice_years=on("novice_years", tables.novice_years),
        aggravated={kind: on(f"aggravated.{kind}", dated) for kind, dated in tables.aggravated.items()},
        aggravated_cap=on("aggravated_cap", tables.aggravated_cap),
        aggravated_years=on("aggravated_years", tables.aggravated_years),
    )


def _programme(tables: ProgrammeFile, rules: AnyRules, path: Path, at: date) -> Programme:
    def on(key: str, dated: Dated[T]) -> T:
        return _in_force(key, dated, path, at)

    points = {name: on(f"points.{name}", dated) for name, dated in tables.points.items()}
    derived = {name: on(f"derived.{name}", dated) for name, dated in tables.derived.items()}
    points_floor = on("points_floor", tables.points_floor)
    try:
        return Programme(
            name=tables.name,
            rules=rules,
            signals={name: signal.on for name, signal in tables.signals.items()},
            exposure=tuple(name for name, signal in tables.signals.items() if signal.counts_as == "exposure"),
            incidents=tuple(name for name, signal in tables.signals.items() if signal.counts_as == "incident"),
            tiers=tuple(
                Tier(
                    tier.name,
                    None if tier.coefficient is None else _hundredths(tier.coefficient),
                    tier.points,
                    tier.discount,
                )
                for tier in on("tiers", tables.tiers)
            ),
            points={
                name: Award(award.points, award.cap, award.repeat, award.expiry_months, award.fading)
                for name, award in points.items()
            },
            takes_back={name: signal.takes_back for name, signal in tables.signals.items() if signal.takes_back},
            excluded={name: signal.excluded for name, signal in tables.signals.items() if signal.excluded},
            contracts=tuple(name for name, signal in tables.signals.items() if signal.counts_as == "contract"),
            openings=tuple(name for name, signal in tables.signals.items() if signal.counts_as == "opening"),
            derived=tuple(
                Derived(name, made.counts, made.against, made.at_least, made.share_percent, made.liability)
                for name, made in derived.items()
            ),
            expiry_months=on("expiry_months", tables.expiry_months),
            points_floor=None if points_floor == "none" else points_floor,
            demotion=on("demotion", tables.demotion),
            grace_months=on("grace_months", tables.grace_months),
            price_floor=_hundredths(on("price_floor", tables.price_floor)),
            price_cap=_hundredths(on("price_cap", tables.price_cap)),
            attention=_hundredths(on("attention", tables.attention)),
            fixed_review=None if tables.fixed_review is None else on("fixed_review", tables.fixed_review),
            currency=None if tables.currency is None else on("currency", tables.currency),
            references={**_places(tables), **dict(_references(tables))},
            warnings={name: signal.warning for name, signal in tables.signals.items() if signal.warning},
        )
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error


def _in_force(key: str, dated: Dated[T], path: Path, at: date) -> T:
    value = dated.at(at)
    if value is None:
        raise ConfigError(f"{path}: {key}: has no value on {at}; the first one holds since {min(dated.since)}")
    return value


def _places(tables: ProgrammeFile) -> dict[str, str]:
    """Where the parts of a programme stand that are not numbers and have no reference of their own."""
    places = {"exposure": "programme: signals"}
    for name in tables.signals:
        places[f"signals.{name}"] = places[f"takes_back.{name}"] = f"programme: signals.{name}"
    return places


def _references(table: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """Every reference in a file, by the key it stands at."""
    items = table.items() if isinstance(table, Mapping) else table
    for key, value in items:
        if isinstance(value, Dated):
            yield f"{above}{key}", value.reference
        elif isinstance(value, FactorTable | SurchargeTable) or (isinstance(value, Mapping) and key in _TABLES):
            yield from _references(value, f"{above}{key}.")


def _check_names(tables: ProgrammeFile, path: Path) -> None:
    """Every signal that is spoken of must be in the list of signals."""
    spoken = [(f"points.{name}", name) for name in tables.points]
    spoken += [(f"derived.{name}", name) for name in tables.derived]
    for name, dated in tables.derived.items():
        for made in dated.since.values():
            spoken += [(f"derived.{name}.counts", made.counts), (f"derived.{name}.against", made.against)]
    spoken += [(f"signals.{name}.takes_back", s.takes_back) for name, s in tables.signals.items() if s.takes_back]
    for name, signal in tables.signals.items():
        if signal.takes_back == name:
            raise ConfigError(f"{path}: signals.{name}.takes_back: a signal cannot take its own points back")
    for key, name in spoken:
        if name in tables.signals and (counts := tables.signals[name].counts_as) in ("contract", "opening"):
            raise ConfigError(f"{path}: {key}: {name!r} counts as {counts}: it is neither counted nor worth points")
        if key.startswith("derived.") and name in tables.derived and key != f"derived.{name}":
            raise ConfigError(f"{path}: {key}: {name!r} is derived itself; count what a CRM reports")
        if name not in tables.signals:
            raise ConfigError(f"{path}: {key}: there is no signal {name!r}; {choice(name, tables.signals)}")


def _hundredths(value: Decimal) -> int:
    return int(value * 100)


def _thousandths(value: Decimal) -> int:
    return int(value * 1000)
