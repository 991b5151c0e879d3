"""Paths: from the legacy form that the SDK knows to the date-based one. The one place that knows versions (HW21)."""

import re

from connectors.hubspot.settings import Version

_CRM = re.compile(r"/crm/v\d+/(?P<area>objects|properties|associations|owners|lists|pipelines|schemas)(?P<rest>/.*)?")
_OTHER = re.compile(r"/(?P<area>account-info)/v\d+(?P<rest>/.*)?")


def versioned(path: str, version: Version) -> str:
    """`/crm/v3/objects/deals` as `/crm/objects/2026-09/deals`; `legacy` leaves the path alone.

    Raises `ValueError` for a path whose date-based form nobody has looked up: better no call than a wrong one.
    """
    if version == "legacy":
        return path
    if match := _CRM.fullmatch(path):
        return f"/crm/{match['area']}/{version}{match['rest'] or ''}"
    if match := _OTHER.fullmatch(path):
        return f"/{match['area']}/{version}{match['rest'] or ''}"
    raise ValueError(f"no date-based form is known for {path}")
