"""Standings as columns: codes become Arrow dictionaries, days become dates."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring import kernel_columns as kernel
from scoring.engine_keys import Each, finish
from scoring.engine_store import fetch_pages
from scoring.kernel_calendar import EPOCH
from scoring.kernel_outlook import WIDTH
from scoring.kernel_plan import Plan
from scoring.kernel_room import empty
from scoring.line import Code, Line
from scoring.rules import Rules
from scoring.status import Status

if TYPE_CHECKING:
    from scoring.standing import Standing

Result: TypeAlias = NDArray[np.int32]  # (subjects, `kernel.LINE` or wider), the columns of `kernel` and an outlook

STATUSES = tuple(str(status) for status in Status)
_TEXTS = pa.dictionary(pa.int8(), pa.string())
_ROWS = 1 << 17  # that become columns at a time

# One row for each subject. Coefficients in hundredths; `reasons` the codes of the three that weigh most, with a blank
# between them; `plain` whether the plain reading made the row.
COLUMNS = (
    ("coefficient", pa.int16()),
    ("expected", pa.int16()),
    ("points", pa.int32()),
    ("tier", _TEXTS),
    ("status", _TEXTS),
    ("next_review", pa.date32()),
    ("next_change", pa.date32()),
    ("reasons", pa.dictionary(pa.int32(), pa.string())),
    ("plain", pa.bool_()),
)


# The next days on which the balance loses points and nothing else happens, as long as nothing is entered, each with how
# many; last, without points, the day to which that reaches. Empty where the next change may be of any kind.
OUTLOOK = ("outlook", pa.list_(pa.struct([("on", pa.date32()), ("lost", pa.int32())])))


def schema(subject: Any, *, outlook: bool = False) -> Any:
    """The schema of a result, given the type of its subjects."""
    return pa.schema([("subject", subject), *COLUMNS, *([OUTLOOK] if outlook else [])])


def blank(rows: int, *, outlook: bool, each: Each = map) -> Result:
    """A result for so many subjects, to be filled in."""
    result = empty((rows, WIDTH if outlook else kernel.LINE), np.int32)
    finish(each(lambda begin: fetch_pages(result[begin : begin + _ROWS]), range(0, rows, _ROWS)))
    return result


def label(line: Line) -> str:
    """A reason as a code: `incident:1250`, `points_sum:order_paid`, `clean_reviews`."""
    if line.code is Code.INCIDENT:
        return f"{line.code}:{line.integer('factor')}"
    if line.code is Code.POINTS_SUM:
        return f"{line.code}:{line.values['signal']}"
    return str(line.code)


@dataclass(slots=True)
class Labels:
    """The texts of reason codes; those that only the plain reading gives are numbered downwards from -1."""

    kinds: tuple[str, ...]
    others: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan) -> "Labels":
        """Those that the rules of a plan can give."""
        rules = plan.programme.rules
        incidents = (str(Code.INCIDENT_LEVEL), str(Code.INCIDENT_LEVEL))
        if isinstance(rules, Rules):
            incidents = (f"{Code.INCIDENT}:{rules.factors.full}", f"{Code.INCIDENT}:{rules.factors.partial}")
        return cls(
            (
                "",
                *incidents,
                str(Code.INCIDENT_PROTECTED),
                str(Code.NO_REDUCTION),
                str(Code.CLEAN_REVIEWS),
                str(Code.SHORT_HISTORY),
                str(Code.NO_EXPOSURE),
                *(f"{Code.POINTS_SUM}:{slot}" for slot in plan.slots),
            )
        )

    def number(self, reasons: Sequence[Line]) -> int:
        """The code of what the plain reading said."""
        return self.others.setdefault(" ".join(map(label, reasons)), -1 - len(self.others))

    @property
    def room(self) -> int:
        """Above all codes, those of the plain reading moved up to begin with 0."""
        return len(self.kinds) ** 3 + len(self.others)

    def dictionary(self, codes: NDArray[np.int32], found: NDArray[np.intp], each: Each) -> Any:
        """The codes, moved up by `others`, as a dictionary of the texts of those found; they are written over."""
        shift = len(self.others)
        places = np.zeros(self.room, np.int32)
        places[found] = np.arange(len(found), dtype=np.int32)
        others = {number: text for text, number in self.others.items()}
        base = len(self.kinds)
        texts = [others[code] if code < 0 else self._text(code, base) for code in (found - shift).tolist()]
        sum(each(lambda begin: kernel.renumber(codes[begin : begin + _ROWS], places), range(0, len(codes), _ROWS)))
        return pa.DictionaryArray.from_arrays(_array(pa.int32(), codes), pa.array(texts, pa.string()))

    def _text(self, code: int, base: int) -> str:
        digits = (code // base // base, code // base % base, code % base)
        return " ".join(self.kinds[digit] for digit in digits if digit)


def put(result: Result, row: int, shown: "Standing", labels: Labels, tiers: Sequence[str]) -> None:
    """Write what the plain reading made into a row."""
    result[row, kernel.LINE :] = kernel.NO_DAY
    result[row, : kernel.LINE] = (
        shown.coefficient,
        shown.expected,
        shown.points,
        tiers.index(shown.tier),
        kernel.PLAIN,
        kernel.NO_DAY if shown.next_review is None else shown.next_review.toordinal() - _BEFORE,
        kernel.NO_DAY if shown.next_change is None else shown.next_change.toordinal() - _BEFORE,
        labels.number(shown.reasons),
    )


def table(
    subjects: Any,
    result: Result,
    statuses: dict[int, str],
    labels: Labels,
    tiers: Sequence[str],
    *,
    each: Each = map,
) -> Any:
    """The rows as a table; `statuses` are those of the rows that the plain reading made."""
    rows = len(result)
    coefficient, expected = np.empty(rows, np.int16), np.empty(rows, np.int16)
    tier, status = np.empty(rows, np.int8), np.empty(rows, np.int8)
    points, review, change, reasons = (np.empty(rows, np.int32) for _ in range(4))
    reviewed, changing = np.empty(rows, np.bool_), np.empty(rows, np.bool_)
    columns = (coefficient, expected, points, tier, status, review, reviewed, change, changing, reasons)
    used = np.zeros((-(-rows // _ROWS), labels.room), np.bool_)

    def fill(begin: int) -> int:
        some = slice(begin, begin + _ROWS)
        parts = [column[some] for column in columns]
        finish(map(fetch_pages, parts))
        return kernel.columns_of(result[some], _SHOWN, *parts, len(labels.others), used[begin // _ROWS])

    missing = sum(each(fill, range(0, rows, _ROWS)))
    plain = np.zeros(rows, np.bool_)
    for row, text in statuses.items():
        plain[row], status[row] = True, STATUSES.index(text)
    return pa.table(
        [
            subjects,
            _array(pa.int16(), coefficient),
            _array(pa.int16(), expected),
            _array(pa.int32(), points),
            pa.DictionaryArray.from_arrays(_array(pa.int8(), tier), pa.array(tiers)),
            pa.DictionaryArray.from_arrays(_array(pa.int8(), status), pa.array(STATUSES)),
            _array(pa.date32(), review, reviewed if missing else None),
            _array(pa.date32(), change, changing if missing else None),
            labels.dictionary(reasons, np.flatnonzero(used.any(axis=0)), each),
            pa.Array.from_buffers(pa.bool_(), rows, [None, _bits(plain)]),
            *([_outlook(result[:, kernel.LINE :])] if result.shape[1] > kernel.LINE else []),
        ],
        schema=schema(subjects.type, outlook=result.shape[1] > kernel.LINE),
    )


def _outlook(pairs: NDArray[np.int32]) -> Any:
    """The pairs of each row up to the first without a day."""
    days, points = pairs[:, ::2], pairs[:, 1::2]
    there = np.logical_and.accumulate(days != kernel.NO_DAY, axis=1)
    ends = np.zeros(len(pairs) + 1, np.int32)
    np.cumsum(there.sum(axis=1), out=ends[1:])
    lost = points[there]
    each = (
        _array(pa.date32(), days[there] - np.int32(EPOCH)),
        _array(pa.int32(), lost, lost != kernel.NO_DAY),
    )
    kind = OUTLOOK[1]
    return pa.ListArray.from_arrays(pa.array(ends), pa.StructArray.from_arrays(each, fields=list(kind.value_type)))


def _array(kind: Any, values: NDArray[Any], there: NDArray[np.bool_] | None = None) -> Any:
    """An array without a copy; null where nothing is `there`."""
    return pa.Array.from_buffers(kind, len(values), [None if there is None else _bits(there), pa.py_buffer(values)])


def _bits(flags: NDArray[np.bool_]) -> Any:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))


_SHOWN = np.array([STATUSES.index(str(Status.ACTIVE)), STATUSES.index(str(Status.SHORT_HISTORY)), 0], np.int8)
_BEFORE = 693_596  # the ordinal of 1900-01-01, where the compiled calendar begins
