"""Associations: which types a pair of kinds may have, and which records they tie together."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from sandbox.hubspot.errors import Json

Pair = tuple[str, str]
_NONE: Mapping[int, tuple[int, ...]] = {}


@dataclass(frozen=True, slots=True)
class LinkType:
    """One direction of an association type; `back` is the id of the same type seen from the other end.

    `name` is what associations inside a record call it. Of an `only_one` type a record has one at most.
    """

    id: int
    back: int
    label: str | None
    name: str
    portal_defined: bool = False
    only_one: bool = False

    @property
    def category(self) -> str:
        """Who made it."""
        return "USER_DEFINED" if self.portal_defined else "HUBSPOT_DEFINED"

    def shape(self) -> Json:
        """As answered beside the id of the other record."""
        return {"category": self.category, "typeId": self.id, "label": self.label}


class Links:
    """Every association, kept from both of its ends. The first type of a pair is the one without a label."""

    def __init__(self, singular: Mapping[str, str]) -> None:
        self._types: dict[Pair, dict[int, LinkType]] = {}
        self._ends: dict[Pair, dict[int, dict[int, tuple[int, ...]]]] = {}
        text = resources.files(__package__).joinpath("associations.toml").read_text(encoding="utf-8")
        for row in tomllib.loads(text)["pair"]:
            self._declare(row, singular)

    def types(self, pair: Pair) -> Mapping[int, LinkType]:
        """The types from one kind to another by id; none when the two are never associated."""
        return self._types.get(pair, {})

    def labelled(self, pair: Pair, label: str | None) -> int:
        """The id of the type with this label; ValueError names the ones there are."""
        for each in self.types(pair).values():
            if each.label == label:
                return each.id
        known = ", ".join(each.label for each in self.types(pair).values() if each.label) or "none"
        raise ValueError(f"{pair[0]} have no association to {pair[1]} labelled {label!r}; labels there: {known}")

    def of(self, pair: Pair, from_id: int) -> Mapping[int, tuple[int, ...]]:
        """The other ends by id, each with its type ids."""
        return self._ends.get(pair, {}).get(from_id, _NONE)

    def tie(self, pair: Pair, from_id: int, to_id: int, types: Iterable[int]) -> None:
        """Associate two records by types that the pair has; the one without a label always comes along."""
        known = self.types(pair)
        plain = next(iter(known))
        for each in (plain, *types):
            self._make_room(pair, from_id, known[each])
            self._make_room(pair[::-1], to_id, self.types(pair[::-1])[known[each].back])
            self._put(pair, from_id, to_id, each)
            self._put(pair[::-1], to_id, from_id, known[each].back)

    def untie(self, pair: Pair, from_id: int, to_id: int, types: Iterable[int] | None = None) -> None:
        """Break an association, or take only these types from it; nothing happens where there is none."""
        known = self.types(pair)
        gone = set(known if types is None else types)
        self._take(pair, from_id, to_id, gone)
        self._take(pair[::-1], to_id, from_id, {known[each].back for each in gone if each in known})

    def move(self, kind: str, old: int, new: int | None) -> None:
        """Everything tied to a record is tied to another one instead, or to nothing."""
        for pair in list(self._types):
            if pair[0] != kind:
                continue
            for other, types in list(self.of(pair, old).items()):
                self.untie(pair, old, other)
                if new is not None and (pair[1], other) != (kind, new):
                    first = [each for each in types if not self._taken(pair, new, each)]
                    self.tie(pair, new, other, first)

    def _taken(self, pair: Pair, from_id: int, type_id: int) -> bool:
        only_one = self.types(pair)[type_id].only_one
        return only_one and any(type_id in types for types in self.of(pair, from_id).values())

    def _make_room(self, pair: Pair, from_id: int, type_: LinkType) -> None:
        if type_.only_one:
            for other in [other for other, types in self.of(pair, from_id).items() if type_.id in types]:
                self.untie(pair, from_id, other, [type_.id])

    def _put(self, pair: Pair, from_id: int, to_id: int, type_id: int) -> None:
        others = self._ends.setdefault(pair, {}).setdefault(from_id, {})
        types = others.get(to_id, ())
        if type_id not in types:
            others[to_id] = (*types, type_id)

    def _take(self, pair: Pair, from_id: int, to_id: int, gone: set[int]) -> None:
        others = self._ends.get(pair, {}).get(from_id)
        if others is None or to_id not in others:
            return
        left = tuple(each for each in others[to_id] if each not in gone)
        if left:
            others[to_id] = left
        else:
            del others[to_id]

    def _declare(self, row: Mapping[str, Any], singular: Mapping[str, str]) -> None:
        pair: Pair = (row["from"], row["to"])
        name = f"{singular[pair[0]]}_to_{singular[pair[1]]}"
        name_back = f"{singular[pair[1]]}_to_{singular[pair[0]]}"
        there, back = self._types.setdefault(pair, {}), self._types.setdefault(pair[::-1], {})

        def declare(one: LinkType, other: LinkType) -> None:
            there[one.id], back[other.id] = one, other

        primary = row.get("primary")
        # Where a pair has a primary type, that one has the plain name and the other is "unlabeled".
        plain = "_unlabeled" if primary else ""
        declare(
            LinkType(row["there"], row["back"], None, name + plain),
            LinkType(row["back"], row["there"], None, name_back + plain),
        )
        if primary:
            declare(
                LinkType(primary["there"], primary["back"], primary["label_there"], name, only_one=True),
                LinkType(primary["back"], primary["there"], primary["label_back"], name_back),
            )
        for made in row.get("labels", ()):
            label = made["label"]
            declare(
                LinkType(made["there"], made["back"], label, label.lower(), portal_defined=True),
                LinkType(made["back"], made["there"], label, label.lower(), portal_defined=True),
            )
