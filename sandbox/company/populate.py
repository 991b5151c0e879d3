"""Puts a company's history into both CRMs, in the order of time."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sandbox.company.rows import Cell, Changed, Linked, Made, Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.app import World
    from sandbox.company.company import Company


def populate(world: World, company: Company) -> dict[str, str]:
    """Everything that happened until today; the id of every row that has a key.

    Numbers that a CRM gives out itself, of orders, cases and invoices, so rise with time, as they do in life.
    """
    if company.end > world.clock.now():
        raise ValueError(f"the company is of {company.today}, but there it is only {world.clock.now():%Y-%m-%d}")
    ids: dict[str, str] = {}
    for row in sorted(company, key=attrgetter("at")):
        match row:
            case Made(at=at, crm="salesforce", object=name, key=key, values=values):
                ids[key] = world.org.insert(name, _resolved(values, ids), at=at)
            case Made(at=at, object=name, key=key, values=values):
                ids[key] = world.portal.create(name, _resolved(values, ids), at=at)
            case Changed(at=at, crm="salesforce", object=name, key=key, values=values):
                world.org.update(name, ids[key], _resolved(values, ids), at=at)
            case Changed(at=at, object=name, key=key, values=values):
                world.portal.update(name, ids[key], _resolved(values, ids), at=at)
            case Linked():
                world.portal.associate(
                    row.from_object, ids[row.from_key], row.to_object, ids[row.to_key], label=row.label
                )
    del ids[""]
    return ids


def _resolved(values: Mapping[str, Cell], ids: Mapping[str, str]) -> dict[str, Any]:
    return {name: ids[cell.key] if isinstance(cell, Ref) else cell for name, cell in values.items()}
