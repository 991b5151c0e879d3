"""What HubSpot itself sets when something is written: closed flags, the date of closing, default pipelines."""

from collections.abc import Callable, Mapping

from sandbox.hubspot import moment
from sandbox.hubspot.record import Record

_CLOSED_DEAL = {"closedwon": ("true", "true"), "closedlost": ("true", "false")}
_CLOSED_TICKET = "4"


def derive(kind: str, before: Record | None, values: Mapping[str, str], *, id_: int, stamp: int) -> dict[str, str]:
    """What comes along with these values; what they say themselves stands. `before` is None for a new record."""
    rule = _RULES.get(kind)
    return {} if rule is None else {k: v for k, v in rule(before, values, id_, stamp).items() if k not in values}


def _deal(before: Record | None, values: Mapping[str, str], _id: int, _stamp: int) -> dict[str, str]:
    derived = {} if before else {"pipeline": "default"}
    if values.get("dealstage"):
        closed, won = _CLOSED_DEAL.get(_first(values["dealstage"]), ("false", "false"))
        derived |= {"hs_is_closed": closed, "hs_is_closed_won": won}
    return derived


def _ticket(before: Record | None, values: Mapping[str, str], id_: int, stamp: int) -> dict[str, str]:
    derived = {} if before else {"hs_pipeline": "0", "hs_ticket_id": str(id_)}
    stage = values.get("hs_pipeline_stage")
    was_closed = before is not None and _first(before.get("hs_pipeline_stage")) == _CLOSED_TICKET
    if _first(stage) == _CLOSED_TICKET and not was_closed:
        derived["closed_date"] = moment.iso(stamp)
    elif stage and _first(stage) != _CLOSED_TICKET and before is not None and before.get("closed_date"):
        derived["closed_date"] = ""
    return derived


def _first(stage: str | None) -> str:
    """The stage of the first pipeline that this one stands for: `renewals_closedwon` is won as `closedwon` is."""
    return (stage or "").rpartition("_")[2]


_RULES: Mapping[str, Callable[[Record | None, Mapping[str, str], int, int], dict[str, str]]] = {
    "deals": _deal,
    "tickets": _ticket,
}
