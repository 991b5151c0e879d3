"""The generated part of the Salesforce package, from the programme and the catalogues: `python -m cli.package`.

What is written by hand (the component, list views, report, custom labels) stands beside it; a test holds both to the
vendor's WSDL and to what `fields apply` makes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from config.locale import Texts
from config.rulefile import load_programme
from connectors.salesforce.source import source, translation
from sync.fields import field_set

FOLDER = Path(__file__).parents[1] / "connectors" / "salesforce" / "package"


def generated() -> Iterator[tuple[Path, str]]:
    """Path below the package and text of every generated file."""
    programme = load_programme("customers", at=datetime.now(UTC).date())
    english, french = (field_set(programme, "Contact", Texts(language)) for language in ("en", "fr"))
    yield from ((Path("force-app") / path, text) for path, text in source(english))
    yield from ((Path("french") / path, text) for path, text in translation(english, french, "fr"))


def main() -> None:
    """Write them."""
    for path, text in generated():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
