"""The rules told to customers in plain words, made of the numbers in force: `python -m cli.customer_rules`."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config.locale import Texts
from config.rulefile import load_programme
from scoring.rules import Programme, Rules
from scoring.scale_rules import ScaleRules

DOCS = Path(__file__).parents[1] / "docs"
LANGUAGES = ("en", "fr")


def told(programme: Programme, language: str) -> str:
    """The text in one language, as Markdown."""
    texts = Texts(language)
    templates = Environment(  # Markdown, from our own numbers and words: nothing to escape
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - see above
    )
    on = [name for name in programme.incidents if programme.signals.get(name) and name != "claim_justified"]
    return templates.get_template(f"customer-rules.{language}.md.j2").render(
        label=programme.label,
        programme=programme,
        rules=programme.rules,
        factors=programme.rules.factors if isinstance(programme.rules, Rules) else None,
        levels=_levels(programme.rules) if isinstance(programme.rules, ScaleRules) else (),
        incidents=[texts.signal(name) for name in on],
        awards=[(texts.signal(name), award) for name, award in programme.points.items() if programme.signals.get(name)],
        c=texts.coefficient,
        exact=lambda value: format_decimal(value, "0.00##", locale=language),
        f=lambda thousandths: format_decimal(thousandths / 1000, "0.00#", locale=language),
        tier_name=texts.tier,
    )


def _levels(rules: ScaleRules) -> list[tuple[str, Decimal, list[str]]]:
    """Each level, the best first: its name, what it is worth, and where each number of claims leads."""
    levels = rules.scale.levels
    return [
        (level.name, rules.exact(number), [levels[target].name for target in rules.scale.moves[number]])
        for number, level in enumerate(levels)
    ]


def files() -> dict[Path, str]:
    """Path and text of each language."""
    programme = load_programme("customers", at=datetime.now(UTC).date())
    return {DOCS / f"customer-rules.{language}.md": told(programme, language) for language in LANGUAGES}


def main() -> None:
    """Write them."""
    for path, text in files().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
