"""Taking our fields away again: asked twice, the values saved first. Shared by `fields remove` and `uninstall`."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from cli.asking import agreed, asking
from cli.compose import Composition
from cli.exits import Exit
from cli.screen import console, print_json
from config.locale import Texts
from connectors.protocol import CrmConnector, FieldAction, FieldSet, ObjectQuery, Window
from sync.fields import field_set

# Never opened as a formula by a spreadsheet.
_FORMULA = ("=", "+", "@", "\t", "\r")


def remove(composition: Composition, folder: Path, *, yes: bool, as_json: bool = False) -> int:
    """Export, ask, delete, and verify; in every CRM of these settings.

    Raises:
        click.UsageError: a file of an earlier export is in the way.
    """
    told: dict[str, dict[str, Any]] = {}
    out = console()

    def say(line: str) -> None:
        if not as_json:
            out.print(line, markup=False)

    with _connected(composition) as found:
        doomed = {name: (connector, fields) for name, (connector, fields) in found.items() if _there(connector, fields)}
        if not doomed:
            say("none of our fields is in any CRM of these settings: there is nothing to remove")
        for name, (connector, fields) in doomed.items():
            file = folder / f"bonus-malus-{name}.csv"
            if file.exists():
                raise click.UsageError(f"{file} is there already; move it away, or name another --export folder")
            count = export(connector, fields, file, composition)
            told[name] = {"saved": count, "file": str(file), "deleted": []}
            say(f"{name}: {count} records with their values saved in {file}")
        goes = bool(doomed) and (yes or _agreed(doomed))
        if doomed and not goes:
            say("nothing was deleted")
        for name, (connector, fields) in doomed.items() if goes else ():
            told[name]["deleted"] = list(connector.remove_fields(fields))
            say(f"{name}: {len(told[name]['deleted'])} components deleted")
        left = [name for name, (connector, fields) in doomed.items() if goes and _there(connector, fields)]
    if as_json:
        print_json({"removed": told, "left": left})
    if left:
        say(f"still there in {', '.join(left)}: look at them in the CRM's set-up, then run this again")
        return Exit.ACT
    return Exit.ASKED if doomed and not goes else Exit.DONE


def _agreed(doomed: Iterable[str]) -> bool:
    names = ", ".join(doomed)
    question = f"Delete our fields with all their values in {names}? Reports, views and automations lose them"
    if not agreed(question):
        return False
    with asking():
        return bool(click.prompt("To be sure, type the word remove", default="", show_default=False) == "remove")


def export(connector: CrmConnector, fields: FieldSet, file: Path, composition: Composition) -> int:
    """Our values of every living record that has any, as CSV; how many records."""
    names = [spec.name for spec in fields.fields]
    # Up to tomorrow: what was written this instant is saved as well, whatever the two clocks say.
    window = Window(None, composition.time.now() + timedelta(days=1))
    count = 0
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["id", *names])
        for page in connector.changes(ObjectQuery(fields.object, (), ours=fields), window):
            for record in page.records:
                values = [record.ours.get(name) for name in names]
                if record.deleted or all(value is None for value in values):
                    continue
                writer.writerow([record.id, *(_cell(value) for value in values)])
                count += 1
    return count


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _there(connector: CrmConnector, fields: FieldSet) -> bool:
    gone = (FieldAction.CREATE, FieldAction.CONFLICT)
    return any(change.action not in gone for change in connector.plan_fields(fields))


@contextmanager
def _connected(composition: Composition) -> Iterator[dict[str, tuple[CrmConnector, FieldSet]]]:
    sources = composition.sources()
    try:
        found = {}
        for name, source in sources.items():
            texts = Texts(composition.settings.language or source.connector.account().language)
            wanted = field_set(composition.programme, source.mapping.subject.object, texts, composition.settings.prefix)
            found[name] = (source.connector, wanted)
        yield found
    finally:
        for source in sources.values():
            source.connector.close()
