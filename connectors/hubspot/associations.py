"""Associations of many records at once, each record's to its end (HR14)."""

from collections.abc import Mapping, Sequence

from connectors.errors import Unreachable
from connectors.hubspot.ends import End, Ends
from connectors.hubspot.search import next_after
from connectors.hubspot.session import Session
from scoring.records import Link

IDS = 1_000  # of one call
_AGAIN = 2
_NONE = ("NO_ASSOCIATIONS_FOUND", "OBJECT_NOT_FOUND")


def links(session: Session, object_: str, to: str, ids: Sequence[str]) -> Mapping[str, tuple[Link, ...]]:
    """The links of each id that has any, to objects of type `to`; at most `IDS` ids.

    A long list of one id has a cursor of its own, sent back with that id until it ends.
    """
    found: dict[str, tuple[Link, ...]] = {}
    inputs: list[dict[str, str]] = [{"id": id_} for id_ in ids]
    asked: set[tuple[str, str]] = set()
    while inputs:
        answer: Ends = session.associations.get_page(object_, to, {"inputs": inputs})
        for _ in range(_AGAIN):
            if answer.results or answer.errors:
                break
            # A record without associations is answered as an error, so nothing at all is no answer (HW02).
            answer = session.associations.get_page(object_, to, {"inputs": inputs})
        _refuse_errors(object_, to, answer)
        inputs = []
        for result in answer.results or ():
            id_ = str(result.start.id)
            ends = tuple([_link(to, end) for end in result.to or ()])
            found[id_] = found[id_] + ends if id_ in found else ends
            if result.paging and (after := next_after({"paging": result.paging})):
                if (id_, after) in asked:  # HR28
                    raise Unreachable(f"HubSpot, associations: the cursor of {object_} {id_} came twice")
                asked.add((id_, after))
                inputs.append({"id": id_, "after": after})
    return {id_: ends if len(ends) == 1 else tuple(dict.fromkeys(ends)) for id_, ends in found.items()}


def _link(to: str, end: End) -> Link:
    labels = tuple([str(kind.label) for kind in end.kinds or () if kind.label])
    return Link(to, str(end.id), labels, "Primary" in labels)


def _refuse_errors(object_: str, to: str, answer: Ends) -> None:
    """A record without associations is answered as an error; any other error is one."""
    for error in answer.errors or ():
        word = str(error.get("subCategory") or error.get("category") or "")
        if not word.endswith(_NONE):
            raise Unreachable(f"HubSpot, associations of {object_} to {to}: {word} {error.get('message') or ''}")
