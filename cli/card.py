"""A record's bonus-malus section as a rep reads it, on a terminal."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from config.locale import Texts

ARROWS = {"improving": "↗", "stable": "→", "worsening": "↘"}
SHORT = ("expected", "tier", "points", "price_adjustment", "trend", "next_review", "changed_on", "status")
LONG = ("way_back", "history", "rules", "computed_at")
LOWEST, ORIGIN, HIGHEST = 50, 100, 350  # of the law, in hundredths
WIDTH = 48


def card(title: str, values: Mapping[str, Any], texts: Texts) -> RenderableType:
    """The fields of one record, by their labels; values as the ledger keeps them."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name in SHORT:
        value = _said(name, values.get(name), texts)
        if name == "tier" and values.get("previous_tier"):
            before = texts.tier(values["previous_tier"])
            value += f"  ({texts.screen('labelled', label=field_label(texts, 'previous_tier'), value=before)})"
        if name == "trend":
            value = f"{ARROWS.get(values.get(name) or '', '')} {value}"
        grid.add_row(field_label(texts, name), Text(value))
    reasons = str(values.get("reasons") or "–").split("\n")
    grid.add_row(field_label(texts, "reasons"), Text("\n".join(reasons)))
    for name in LONG:
        grid.add_row(field_label(texts, name), Text(_moment(name, str(values.get(name) or "–"))))
    return Panel(Group(*_head(values, texts), grid), title=title, title_align="left", width=100)


def _moment(name: str, value: str) -> str:
    """The instant without what no reader needs of it."""
    return f"{value[:16].replace('T', ' ')} UTC" if name == "computed_at" and value.endswith("+00:00") else value


def _said(name: str, value: Any, texts: Texts) -> str:
    """A field's value as people of that language write it."""
    if value is None:
        return "–"
    match name:
        case "expected":
            said = texts.coefficient(_hundredths(value))
        case "tier":
            said = texts.tier(value)
        case "points":
            said = texts.write(Decimal(value), "number")
        case "price_adjustment":
            said = texts.write(Decimal(value), "signed" if Decimal(value) else "number")
        case "trend" | "status":
            said = dict(texts.options(name))[value]
        case _:
            said = texts.date(date.fromisoformat(value))
    return said


def _head(values: Mapping[str, Any], texts: Texts) -> list[RenderableType]:
    coefficient = _hundredths(values.get("coefficient") or 1)
    lowest, highest = min(LOWEST, coefficient), max(HIGHEST, coefficient)  # a scale may lead further than the law
    place = round((coefficient - lowest) / (highest - lowest) * (WIDTH - 1))
    gauge = Text(f"{texts.coefficient(lowest)} ", style="dim")
    gauge.append("─" * place, style="green" if coefficient <= ORIGIN else "yellow")
    gauge.append("●", style="bold")
    gauge.append("─" * (WIDTH - 1 - place), style="dim")
    gauge.append(f" {texts.coefficient(highest)}", style="dim")
    return [Text(texts.coefficient(coefficient), style="bold"), gauge, Text()]


def _hundredths(value: Any) -> int:
    return int(Decimal(value) * 100)


def field_label(texts: Texts, name: str) -> str:
    """The field's label without the words that set it apart from other people's fields."""
    label = texts.label(name).partition(":")[2].strip() or texts.label(name)
    return label[:1].upper() + label[1:]
