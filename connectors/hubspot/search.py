"""Search: every record modified in a window, whatever order and totals the index answers with.

Search caps a query at 10,000 rows, does not reliably sort, may count too few and moves while it is paged (HR01 to HR04,
HR29). So a window is cut by time until each piece is certainly under the cap; a piece is read completely, in any order;
nothing is ever concluded from the last row seen. What is returned are ids: values come from the primary store later.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.errors import Unreachable
from connectors.values import as_instant, milliseconds
from scoring.records import Malformed

CAP = 10_000
PAGE = 200
_PEEK = 9_800  # the offset whose row says about how much of the window fits under the cap


class Search(Protocol):
    """One call of the search endpoint; `body` and answer as HubSpot writes them."""

    def __call__(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Search once."""


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds ids of one object by its property of modification."""

    search: Search
    stamp: str

    def within(self, *windows: tuple[int, int]) -> Iterator[Sequence[str]]:
        """Ids modified in any of these windows `[start, end)`, in order of time; one call where all of it is little."""
        windows = tuple(one for one in windows if one[0] < one[1])
        first, last = windows[0][0], windows[-1][1] - 1
        if len(windows) > 1:
            answer = self._ask(first, last, None)
            if next_after(answer) is None and int(answer.get("total") or 0) <= PAGE:
                rows = [(self._stamp(row, first), str(row["id"])) for row in answer["results"]]
                yield [id_ for stamp, id_ in rows if any(start <= stamp < end for start, end in windows)]
                return
            if windows[0][1] == windows[1][0]:
                windows = ((windows[0][0], windows[1][1]),)
        for start, end in windows:
            yield from self.ids(start, end)

    def ids(self, start: int, end: int) -> Iterator[Sequence[str]]:
        """Ids modified in `[start, end)`, whole milliseconds; each piece of the window once, an id perhaps twice."""
        pieces = [(start, end - 1)]  # BETWEEN includes both ends
        while pieces:
            first, last = pieces.pop()
            if first > last:
                continue
            found, total = self._piece(first, last)
            if found is not None:
                yield found
            elif first == last:
                yield from self._drain(first)
            else:
                middle = self._cut(first, last, total)
                pieces += [(middle + 1, last), (first, middle)]

    def _piece(self, first: int, last: int) -> tuple[Sequence[str] | None, int]:
        """All ids of a piece, or None where it does not fit under the cap."""
        found: dict[str, None] = {}
        after: str | None = None
        seen: set[str] = set()
        while True:
            answer = self._ask(first, last, after)
            total = int(answer.get("total") or 0)
            if total > CAP:
                return None, total
            for row in answer["results"]:
                if first <= self._stamp(row, first) <= last:  # HR08: rows a little outside come along
                    found[str(row["id"])] = None
            after = next_after(answer)
            if after is None:
                return list(found), total
            if after in seen:  # HR28
                raise Unreachable(
                    f"HubSpot, search: the cursor {after} came twice; the next run reads this window again"
                )
            seen.add(after)
            if int(after) + PAGE > CAP:  # HR29: the total was too small
                return None, total

    def _cut(self, first: int, last: int, total: int) -> int:
        """Where to divide a piece: before the row that stands near the cap, if that helps, else in the middle."""
        middle = (first + last) // 2
        if total <= _PEEK:
            return middle
        rows = self._ask(first, last, str(_PEEK))["results"]
        stamps = [stamp for row in rows if first <= (stamp := self._stamp(row, first)) <= last]
        peeked = min(stamps, default=first) - 1
        return peeked if first <= peeked < last else middle

    def _drain(self, moment: int) -> Iterator[Sequence[str]]:
        """HR02: more than the cap in one millisecond (a bulk update by HubSpot itself): by id, without offsets."""
        last = 0
        while True:
            answer = self.search(
                {
                    "filterGroups": [
                        {
                            "filters": [
                                {"propertyName": self.stamp, "operator": "EQ", "value": str(moment)},
                                {"propertyName": "hs_object_id", "operator": "GT", "value": str(last)},
                            ]
                        }
                    ],
                    "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                    "properties": [self.stamp],
                    "limit": PAGE,
                }
            )
            ids = [int(row["id"]) for row in answer["results"]]  # HR06: as numbers
            if not ids:
                return
            if any(after <= before for before, after in zip([last, *ids], ids, strict=False)):
                raise Unreachable("HubSpot, search: ids do not increase; the next run reads this window again")
            yield [str(id_) for id_ in ids]
            last = ids[-1]

    def _ask(self, first: int, last: int, after: str | None) -> Mapping[str, Any]:
        bounds = {"propertyName": self.stamp, "operator": "BETWEEN", "value": str(first), "highValue": str(last)}
        body: dict[str, Any] = {
            "filterGroups": [{"filters": [bounds]}],
            "sorts": [{"propertyName": self.stamp, "direction": "ASCENDING"}],
            "properties": [self.stamp],
            "limit": PAGE,
        }
        return self.search(body | ({"after": after} if after else {}))

    def _stamp(self, row: Mapping[str, Any], default: int) -> int:
        """A row's own stamp; one without (the index lags behind) counts as inside, its values are read afterwards."""
        text = (row.get("properties") or {}).get(self.stamp)
        if not text:
            return default
        if str(text).isdecimal():
            return int(text)
        instant = as_instant(str(text))
        return default if isinstance(instant, Malformed) else milliseconds(instant)


def next_after(answer: Mapping[str, Any]) -> str | None:
    """The cursor of the next page, None at the end: not a short page says so (HR05), nor the link (HR19)."""
    paging = answer.get("paging")
    following = (paging.get("next") if paging else None) or {}
    return str(following["after"]) if following.get("after") else None
