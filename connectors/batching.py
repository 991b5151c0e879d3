"""Batching of updates: validated, cut to the size a call takes, one entry per record, in a steady order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from connectors.protocol import FieldSet, Outcome, OutcomeKind, Update
from connectors.validity import invalid

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Batch:
    """What to send (ids as the CRM knows them, each once), and what is already decided without sending."""

    updates: tuple[Update, ...]
    decided: tuple[Outcome, ...]


def batches(
    fields: FieldSet, updates: Iterable[Update], *, size: int, identify: Callable[[str], str | None]
) -> Iterator[Batch]:
    """Cut `updates` into batches of at most `size`.

    `identify` normalises an id, None for one that cannot be an id at all. Of two updates for one record the later
    values win, and the earlier one is answered `unchanged`: either CRM would refuse or mix the two (HW04).
    """
    for chunk in chunks(updates, size):
        kept: dict[str, Update] = {}
        decided: list[Outcome] = []
        for update in chunk:
            id_ = identify(update.id)
            if id_ is None:
                decided.append(
                    Outcome(
                        update.id, OutcomeKind.INVALID, "INVALID_ID", "This cannot be a record id; nothing was sent."
                    )
                )
            elif refusal := invalid(fields, update):
                decided.append(refusal)
            else:
                if earlier := kept.get(id_):
                    decided.append(
                        Outcome(
                            earlier.id,
                            OutcomeKind.UNCHANGED,
                            "SUPERSEDED",
                            "A later update of this run takes its place.",
                        )
                    )
                kept[id_] = Update(update.id, {**(earlier.values if earlier else {}), **update.values})
        yield Batch(tuple(kept[id_] for id_ in sorted(kept)), tuple(decided))


def halves(updates: Sequence[Update]) -> tuple[Sequence[Update], Sequence[Update]]:
    """Two parts, to find the row that a whole batch was refused for (HW03)."""
    middle = len(updates) // 2
    return updates[:middle], updates[middle:]


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size`, the last one shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
