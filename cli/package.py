"""`bonus-malus package`: what the vendors' own tools deploy, as a folder; and how the generated part of it is made.

What is written by hand (the component, list views, report, custom labels) stands beside what `python -m cli.package`
generates from the programme and the catalogues; a test holds both to the vendor's WSDL and to what `fields apply` does.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.exits import Exit
from cli.screen import console
from config.locale import Texts
from config.prefix import DEFAULT
from config.rulefile import load_programme
from config.settings import load_settings
from connectors.salesforce.masters import swapped
from connectors.salesforce.source import source, translation
from sync.fields import field_set

CONNECTORS = Path(__file__).parents[1] / "connectors"
FOLDER = CONNECTORS / "salesforce" / "package"
CARD = CONNECTORS / "hubspot" / "card"
_CODES = {"en": "en_US", "fr": "fr"}
_NAMES = {"en": "english", "fr": "french"}
_PARTS = {"salesforce": "Lightning component", "hubspot": "card"}
_NEXT = {
    "salesforce": (
        "sf project deploy start --source-dir force-app --target-org MYORG",
        "sf project deploy start --source-dir {other} --target-org MYORG   # with the Translation Workbench only",
    ),
    "hubspot": ("hs account auth", "hs project upload"),
}


@click.command()
@click.argument("crm", type=click.Choice(list(_NEXT)))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--language",
    type=click.Choice(list(_CODES)),
    default="en",
    show_default=True,
    help="Salesforce: the org's own language. The other one comes along as a translation.",
)
@click.pass_obj
def package(settings: Path, *, crm: str, folder: Path, language: str) -> int:
    """Write the Lightning component with its package, or the HubSpot card, into FOLDER, for the vendor's own tool.

    Salesforce: fields, permission sets, list views, a report type with a report, the component. HubSpot: a project with
    one card. Both know the default prefix of fields alone.
    """
    if settings.exists() and (prefix := load_settings(settings).prefix) != DEFAULT:
        raise click.UsageError(
            f'{settings}: prefix = "{prefix}": the {_PARTS[crm]} reads the fields of the prefix "{DEFAULT}" and no '
            "others; `fields apply` makes yours, which page layouts, list views and reports show like any field"
        )
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is there already and not empty; name another folder")
    shutil.copytree(CARD if crm == "hubspot" else FOLDER, folder, dirs_exist_ok=True)
    if crm == "salesforce" and language != "en":
        _turn(folder, language)
    out = console()
    out.print(f"{folder} is written. Next, in that folder:", markup=False)
    for each in _NEXT[crm]:
        out.print(f"  {each.format(other=_other(language))}", markup=False, soft_wrap=True)
    return Exit.DONE


def generated(language: str = "en") -> Iterator[tuple[Path, str]]:
    """Path below the package and text of every generated file, with the masters in that language."""
    programme = load_programme("customers", at=datetime.now(UTC).date())
    other = "fr" if language == "en" else "en"
    masters, translated = (field_set(programme, "Contact", Texts(each)) for each in (language, other))
    yield from ((Path("force-app") / path, text) for path, text in source(masters))
    made = translation(masters, translated, _CODES[other])
    yield from ((Path(_other(language)) / path, text) for path, text in made)


def main() -> None:
    """Write them."""
    _write(FOLDER, generated())


def _turn(folder: Path, language: str) -> None:
    """Masters in the org's language, the English ones as its translation."""
    labels = folder / "force-app/main/default/labels/CustomLabels.labels-meta.xml"
    types = sorted((folder / "force-app/main/default/reportTypes").glob("*.xml"))
    french = folder / "french/main/default/translations/fr.translation-meta.xml"
    texts = [path.read_text("utf-8") for path in (labels, french, *types)]
    new_labels, english, *new_types = swapped(texts[0], texts[1], dict(zip(_stems(types), texts[2:], strict=True)))
    labels.write_text(new_labels, "utf-8")
    for path, text in zip(types, new_types, strict=True):
        path.write_text(text, "utf-8")
    shutil.rmtree(folder / "french")
    other = Path(_other(language)) / "main/default/translations/en_US.translation-meta.xml"
    _write(folder, [(other, english), *generated(language)])
    project = folder / "sfdx-project.json"
    project.write_text(project.read_text("utf-8").replace('"french"', f'"{_other(language)}"'), "utf-8")


def _stems(paths: list[Path]) -> list[str]:
    return [path.name.partition(".")[0] for path in paths]


def _other(language: str) -> str:
    return next(name for code, name in _NAMES.items() if code != language)


def _write(folder: Path, files: Iterator[tuple[Path, str]] | list[tuple[Path, str]]) -> None:
    for path, text in files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
