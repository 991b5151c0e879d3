"""`bonus-malus fields`: the custom fields in the CRMs."""

from contextlib import closing
from pathlib import Path

import click

from cli import removal
from cli.compose import Composition, compose
from cli.exits import Exit
from cli.screen import command, console, print_json, table
from config.locale import Texts
from config.prefix import title
from config.settings import load_settings
from connectors.protocol import FieldAction, FieldChange
from sync.fields import field_set
from sync.ledger import history, rivals

_DONE = {
    FieldAction.CREATE: "created",
    FieldAction.GRANT: "opened to us",
    FieldAction.EXTEND: "values added",
    FieldAction.KEEP: "as it was",
    FieldAction.CONFLICT: "left alone",
}
_LOOK_BACK = 1_000  # runs
_NOTES = {
    "salesforce": "permission sets: {title} Sync is ours; assign {title} Read to those who read scores",
    "hubspot": "they stand in the property group {title}",
}


@click.group()
def fields() -> None:
    """The custom fields that scores are written to: see what would change, then do it."""


@fields.command()
@click.option("--json", "as_json", is_flag=True, help="The plan as JSON.")
@click.pass_obj
def plan(settings: Path, *, as_json: bool) -> int:
    """Show which fields are missing, hidden or different; change nothing."""
    return _show(changes(compose(settings), apply=False), settings, as_json=as_json, applied=False)


@fields.command()
@click.option("--json", "as_json", is_flag=True, help="What was done, as JSON.")
@click.pass_obj
def apply(settings: Path, *, as_json: bool) -> int:
    """Create and grant what is missing; idempotent, and nothing is altered silently."""
    composition = compose(settings)
    return _show(changes(composition, apply=True), settings, as_json=as_json, applied=True, known=_known(composition))


@fields.command()
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    help="Where the values are saved first, one CSV file a CRM.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="What was saved and deleted, as JSON.")
@click.pass_obj
def remove(settings: Path, *, folder: Path, yes: bool, as_json: bool) -> int:
    """Delete our fields with their values, after saving them as CSV and asking twice."""
    return removal.remove(compose(settings), folder, yes=yes, as_json=as_json)


def changes(composition: Composition, *, apply: bool) -> dict[str, list[FieldChange]]:
    """The plan for every connection, carried out if asked.

    Raises:
        LedgerError: the ledger knows these fields by other words than the settings.
    """
    found: dict[str, list[FieldChange]] = {}
    settings = composition.settings
    if apply:
        _refuse_another_prefix(composition)
    for name, source in composition.sources().items():
        try:
            account = source.connector.account()
            texts = Texts(settings.language or account.language)
            wanted = field_set(composition.programme, source.mapping.subject.object, texts, settings.prefix)
            do = source.connector.apply_fields if apply else source.connector.plan_fields
            found[name] = list(do(wanted))
        finally:
            source.connector.close()
    return found


def _refuse_another_prefix(composition: Composition) -> None:
    settings = composition.settings
    if not composition.has_ledger:
        return
    with closing(composition.ledger()) as ledger, ledger.reading() as tx:
        for connection in settings.connections:
            rivals.refuse_prefix(tx, settings.programme_name, connection.name, settings.prefix)


def _known(composition: Composition) -> bool:
    """Whether the ledger remembers values on the records: a sync writes what differs from them, and no more."""
    settings = composition.settings
    if not composition.has_ledger:
        return False
    with closing(composition.ledger()) as ledger, ledger.begin() as tx:
        reports = [run.report for run in history.runs(tx, settings.programme_name, limit=_LOOK_BACK)]
    return any(each["outcomes"].get("written") for one in reports for each in one.get("connections", {}).values())


def _show(
    found: dict[str, list[FieldChange]], settings: Path, *, as_json: bool, applied: bool, known: bool = False
) -> int:
    conflicts = sum(change.action is FieldAction.CONFLICT for each in found.values() for change in each)
    if as_json:
        print_json(
            {
                name: [
                    {"field": c.api_name, "label": c.field.label, "action": c.action.value, "detail": c.detail}
                    for c in each
                ]
                for name, each in found.items()
            }
        )
        return Exit.ACT if conflicts else Exit.DONE
    out = console()
    for name, each in found.items():
        _table(name, title(load_settings(settings).prefix), each, applied=applied)
    if conflicts:
        out.print(
            f"{conflicts} fields are of another type or length than ours; nothing of them was changed: rename them"
        )
    elif applied and known and any(c.action is FieldAction.CREATE for each in found.values() for c in each):
        fill = command(settings, "sync --full --first-fill")
        out.print(f"next: {fill}, which fills the new fields with what the ledger knows", soft_wrap=True)
    elif applied:
        out.print(f"next: {command(settings, 'doctor')}", soft_wrap=True)
    elif any(c.action is not FieldAction.KEEP for each in found.values() for c in each):
        out.print(f"nothing was changed; to do it: {command(settings, 'fields apply')}", soft_wrap=True)
    return Exit.ACT if conflicts else Exit.DONE


def _table(name: str, called: str, changes: list[FieldChange], *, applied: bool) -> None:
    out = console()
    if all(change.action is FieldAction.KEEP for change in changes):
        out.print(f"[bold]{name}[/bold]  all {len(changes)} fields are as they should be\n")
        return
    rows = [
        (
            change.api_name,
            change.field.label,
            change.field.kind.value.replace("_", " "),
            _DONE[change.action] if applied else change.action.value,
            "" if applied and change.action is FieldAction.CREATE else change.detail,
        )
        for change in changes
    ]
    out.print(table(name, ("field", "label", "type", "done" if applied else "to do", "detail"), rows))
    if applied and (note := _NOTES.get(name)):
        out.print(note.format(title=called), soft_wrap=True)
    out.print()
