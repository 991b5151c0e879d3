"""Instants of recording: each is on a day, which is that of the zone it is given in."""

from datetime import datetime, timezone


def at_its_offset(recorded: datetime, what: str) -> datetime:
    """The instant at which `what` was recorded, on its day: with the offset that its zone had then, without the zone.

    Python compares two times of one zone by the hands of its clock alone: of the hour that comes twice in autumn the
    later time could be the smaller one.

    Raises:
        ValueError: an instant without a time zone (SR31).
    """
    offset = recorded.utcoffset()
    if offset is None:
        raise ValueError(f"{what}: {recorded} has no time zone")
    return recorded.replace(tzinfo=timezone(offset), fold=0)
