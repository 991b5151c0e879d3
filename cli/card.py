"""A record's bonus-malus section as a rep reads it, on a terminal."""

from collections.abc import Mapping
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
LOWEST, HIGHEST, WIDTH = 0.5, 3.5, 48


def card(title: str, values: Mapping[str, Any], texts: Texts) -> RenderableType:
    """The fields of one record, by their labels; values as the ledger keeps them."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name in SHORT:
        value = str(values.get(name) or "–")
        if name == "expected" and values.get(name):
            value = f"{Decimal(values[name]):.2f}"
        if name == "tier" and values.get("previous_tier"):
            value += f"  ({_label(texts, 'previous_tier')}: {values['previous_tier']})"
        if name == "trend":
            value = f"{ARROWS.get(value, '')} {value}"
        grid.add_row(_label(texts, name), Text(value))
    reasons = str(values.get("reasons") or "–").split("\n")
    grid.add_row(_label(texts, "reasons"), Text("\n".join(reasons)))
    for name in LONG:
        grid.add_row(_label(texts, name), Text(_moment(name, str(values.get(name) or "–"))))
    return Panel(Group(*_head(values), grid), title=title, title_align="left", width=100)


def _moment(name: str, value: str) -> str:
    """The instant without what no reader needs of it."""
    return f"{value[:16].replace('T', ' ')} UTC" if name == "computed_at" and value.endswith("+00:00") else value


def _head(values: Mapping[str, Any]) -> list[RenderableType]:
    coefficient = float(values.get("coefficient") or 1)
    place = round((min(max(coefficient, LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST) * (WIDTH - 1))
    gauge = Text("0.50 ", style="dim")
    gauge.append("─" * place, style="green" if coefficient <= 1 else "yellow")
    gauge.append("●", style="bold")
    gauge.append("─" * (WIDTH - 1 - place), style="dim")
    gauge.append(" 3.50", style="dim")
    return [Text(f"{coefficient:.2f}", style="bold"), gauge, Text()]


def _label(texts: Texts, name: str) -> str:
    """The field's label without the words that set it apart from other people's fields."""
    label = texts.label(name).partition(":")[2].strip() or texts.label(name)
    return label[:1].upper() + label[1:]
