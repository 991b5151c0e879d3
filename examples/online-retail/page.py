"""The result of Online Retail as one page: the distribution of coefficients and tiers, three customers explained."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm_data import Invoice
from jinja2 import Environment, FileSystemLoader, select_autoescape

from config.locale import Texts
from config.rulefile import load_programme
from scoring.explain import from_json
from scoring.standing import Standing
from sync.ledger import Ledger
from sync.standings import on_records

PROGRAMME = "online-retail"
RULES = Path(__file__).parent / "online-retail.toml"
LEGIBLE = 40  # lines of an explanation that fit on a page


@dataclass(frozen=True, slots=True)
class Explained:
    """A customer from the first invoice to the last: what is shown of them, and how it came to be."""

    title: str
    records: tuple[str, ...]
    standing: Standing
    reasons: str
    way_back: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """What the page shows; distributions as (value, how many people)."""

    invoices: int
    credit_notes: int
    people: int
    records: int
    unexposed: int
    coefficients: tuple[tuple[str, int], ...]
    tiers: tuple[tuple[str, int], ...]
    statuses: tuple[tuple[str, int], ...]
    explained: tuple[Explained, ...]


def summary(ledger: Ledger, invoices: Sequence[Invoice]) -> Summary:
    """Count what the ledger holds, each person once, and pick three to explain."""
    with ledger.begin() as tx:
        shown = {
            name: on_records(tx, PROGRAMME, name, lambda day: load_programme(RULES, at=day))
            for name in ("salesforce", "hubspot")
        }
    people: dict[int, Mapping[str, Any]] = {}
    records: dict[int, list[str]] = {}
    for name, rows in shown.items():
        for record, subject, _, breakdown in rows:
            people[subject] = breakdown
            records.setdefault(subject, []).append(f"{name}:{record}")
    coefficients = Counter(f"{each['coefficient'] / 100:.2f}" for each in people.values())
    return Summary(
        invoices=len(invoices),
        credit_notes=sum(each.is_credit_note for each in invoices),
        people=len(people),
        records=sum(len(rows) for rows in shown.values()),
        unexposed=sum(each["exposure"] is None for each in people.values()),
        coefficients=tuple(sorted(coefficients.items())),
        tiers=tuple(Counter(each["tier"] for each in people.values()).most_common()),
        statuses=tuple(Counter(each["status"] for each in people.values()).most_common()),
        explained=tuple(
            _explained(title, people[subject], tuple(records[subject])) for title, subject in _three(people, records)
        ),
    )


def _three(people: Mapping[int, Mapping[str, Any]], records: Mapping[int, list[str]]) -> list[tuple[str, int]]:
    """A loyal one, one in both CRMs whose refunds became an incident, and one with credit notes only."""
    ordered = sorted(people.items())
    silver = next(who for who, each in ordered if each["tier"] == "Silver" and len(each["lines"]) < LEGIBLE)
    raised = next(who for who, each in ordered if each["coefficient"] > 100 and len(records[who]) > 1)  # noqa: PLR2004 - 1.00
    never = next(who for who, each in ordered if each["exposure"] is None)
    return [
        ("A clean first year", silver),
        ("Too many refunds, and known in both CRMs", raised),
        ("Credit notes only: never exposed", never),
    ]


def _explained(title: str, breakdown: Mapping[str, Any], records: tuple[str, ...]) -> Explained:
    texts, standing = Texts("en"), from_json(breakdown)
    lines = tuple((texts.line(line), line.reference) for line in standing.lines)
    return Explained(title, records, standing, texts.reasons(standing), texts.way_back(standing), lines)


def page(found: Summary) -> str:
    """The page, self-contained."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(default=True)
    )
    return environment.get_template("page.html.j2").render(found=found, widest=max(n for _, n in found.coefficients))
