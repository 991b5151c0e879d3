"""Reduction-majoration as a Markov chain, built from `coefficient.step`.

State: coefficient, periods at the floor, consecutive clean periods, whether the protection has been used. Claims are
Poisson, each partial with a fixed chance. What cannot matter any more is forgotten, which keeps the chain finite: clean
periods below the ceiling, years at the floor past those that protect.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from math import comb

from scoring.analysis.chain import Chain, assemble, explore
from scoring.analysis.claims import enough, poisson
from scoring.coefficient import State, step
from scoring.rules import Rules
from scoring.signal import Liability

UNPROTECTED = 10**6  # more years at the floor than anybody lives

Year = dict[State, float]
Shares = Mapping[Liability, float]


def coefficient_chain(rules: Rules, frequency: float, starts: Sequence[int], *, partial_share: float = 0.0) -> Chain:
    """The chain at a claim frequency (claims a year), newcomers spread evenly over coefficients in hundredths.

    Every period is a full year with exposure; `partial_share` of the claims are of partial liability.
    """
    most = enough(frequency)
    both = {Liability.FULL: 1 - partial_share, Liability.PARTIAL: partial_share}
    shares = {liability: share for liability, share in both.items() if share}
    newcomers = [State(coefficient) for coefficient in starts]
    reading = _at_once if rules.truncation == "once" else _one_by_one
    found = explore(newcomers, reading(rules, most, shares))
    coefficients = sorted({state.coefficient for state in found})
    index = {coefficient: number for number, coefficient in enumerate(coefficients)}
    chances, slopes = poisson(frequency, most)
    return assemble(
        found,
        newcomers,
        chances,
        slopes,
        level_of=lambda state: index[state.coefficient],
        values=[coefficient / 100 for coefficient in coefficients],
        names=[f"{coefficient // 100}.{coefficient % 100:02d}" for coefficient in coefficients],
    )


def essence(state: State, rules: Rules) -> State:
    """The state without what cannot matter any more."""
    above = state.coefficient > rules.ceiling
    return State(
        coefficient=state.coefficient,
        clean_periods=min(state.clean_periods, rules.ceiling_after) if above else 0,
        periods_at_floor=min(state.periods_at_floor, rules.protected_after),
        protection_used=state.protection_used and rules.protection == "once",
    )


def _one_by_one(rules: Rules, most: int, shares: Shares) -> Callable[[State], list[Year]]:
    """Each incident is cut by itself: the first may be absorbed, after it only the coefficient moves on."""
    alone = replace(rules, protected_after=UNPROTECTED)

    @cache
    def raised(coefficient: int, liability: Liability) -> int:
        return step(State(coefficient), [liability], alone)[0].coefficient

    @cache
    def led_to(before: State) -> list[tuple[State, float]]:
        found = []
        for liability, chance in shares.items():
            coefficient = raised(before.coefficient, liability)
            years = before.periods_at_floor if coefficient == before.coefficient else 0
            found.append((replace(before, coefficient=coefficient, periods_at_floor=years), chance))
        return found

    def one_more(befores: Year) -> Year:
        afters: Year = {}
        for before, share in befores.items():
            for after, chance in led_to(before):
                _add(afters, after, share * chance)
        return afters

    def years(state: State) -> list[Year]:
        found = [{essence(step(state, [], rules)[0], rules): 1.0}]
        year: Year = {}
        for liability, share in shares.items():
            _add(year, essence(step(state, [liability], rules)[0], rules), share)
        for _ in range(most):
            found.append(year)
            year = one_more(year)
        return found

    return years


def _at_once(rules: Rules, most: int, shares: Shares) -> Callable[[State], list[Year]]:
    """The incidents of a year are multiplied and cut once: which comes first matters only where it is absorbed."""

    @cache
    def with_claims(state: State) -> list[Year]:
        found: list[Year] = []
        for claims in range(1, most + 1):
            year: Year = {}
            for incidents, share in _mixes(claims, shares):
                _add(year, essence(step(state, incidents, rules)[0], rules), share)
            found.append(year)
        return found

    def years(state: State) -> list[Year]:
        clean = {essence(step(state, [], rules)[0], rules): 1.0}
        return [clean, *with_claims(replace(state, clean_periods=0))]  # an incident ends them anyway

    return years


def _mixes(claims: int, shares: Shares) -> Iterator[tuple[list[Liability], float]]:
    """Every first incident with every mix of the others, and its chance."""
    for first, chance in shares.items():
        for partial in range(claims):
            full = claims - 1 - partial
            mix = comb(claims - 1, partial) * shares.get(Liability.FULL, 0.0) ** full
            mix *= shares.get(Liability.PARTIAL, 0.0) ** partial
            if mix:
                yield [first, *[Liability.FULL] * full, *[Liability.PARTIAL] * partial], chance * mix


def _add(year: Year, state: State, share: float) -> None:
    year[state] = year.get(state, 0.0) + share
