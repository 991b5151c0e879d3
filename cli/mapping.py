"""The wizard's questions about what counts as what, and the mapping that the answers make."""

from collections.abc import Sequence
from pathlib import Path

import click

from cli import proposal
from cli.answers import Answers
from cli.screen import console, table
from connectors.errors import Fatal
from connectors.replacing import replace_file
from sync.job import Source

YES, NO = "yes", "no"


def mapping(name: str, source: Source, answers: Answers, settings: Path, *, force: bool) -> Path | None:
    """Ask; the file of a mapping of its own, None where the shipped one fits as it is.

    Raises:
        click.UsageError: there is another one in that file, and not `force`.
    """
    shipped = proposal.shipped(source.crm)
    counted = {each: found for each in _activities(source) if (found := _kinds(name, source, answers, each))}
    dropped = {each for each, (_, kept) in counted.items() if not kept}
    text = _claims(name, source, answers, shipped, dropped)
    for object_, (field, kept) in counted.items():
        text = proposal.narrowed(text, object_, field, kept)
    if text == shipped:
        return None
    file = settings.with_name(f"{settings.stem}-{name}.toml")
    if file.exists() and not force and file.read_text("utf-8") != text:
        raise click.UsageError(f"{file} is there already and says something else; --force replaces it, or move it away")
    replace_file(file, text, private=False)
    return file


def _activities(source: Source) -> list[str]:
    return [each for each in source.mapping.objects if each != source.mapping.subject.object]


def _kinds(name: str, source: Source, answers: Answers, object_: str) -> tuple[str, Sequence[str]] | None:
    """Which record types or pipelines of an object count: its field and their values; None where all do."""
    found = proposal.kinds(source.connector, object_)
    if found is None:
        return None
    column, kinds = found
    out, chosen = console(), {}
    if answers.asking:
        out.print(f"\n[bold]{name}[/bold]  {object_} by {column.label}: which count?", soft_wrap=True)
    for each in kinds:
        question = f"  {each.records:,} × {each.label}"
        key = f"{name}.{object_}.{each.value or NO}"
        chosen[each.value] = answers.ask(key, question, default=YES, choices=(YES, NO))
    if not answers.asking:
        rows = [(each.label, f"{each.records:,}", chosen[each.value]) for each in kinds]
        out.print(table(f"\n{object_} by {column.label}", ("", "records", "count"), rows, right=("records",)))
    kept = [value for value, answer in chosen.items() if answer == YES]
    return None if len(kept) == len(kinds) else (column.name, kept)


def _claims(name: str, source: Source, answers: Answers, text: str, dropped: set[str]) -> str:
    """Ask what decides about fault; the mapping's text with the answers."""
    rule = proposal.claim(source.mapping)
    if rule is None or rule.liability_by is None or rule.object in dropped:
        return text
    try:
        columns = {column.name: column for column in proposal.candidates(source.connector, rule.object)}
    except Fatal:  # told by the table of objects
        return text
    shipped = rule.liability_by[0]
    question = f"{name}: which field of {rule.object} says who was at fault; none: claims stay off"
    default = shipped if shipped in columns else "none"
    out, chosen = console(), {}
    if answers.asking:
        out.print()
    field = answers.ask(f"{name}.fault", question, default=default, choices=[*columns, "none"])
    if field == "none":
        return text
    found = proposal.verdicts(source.connector, source.mapping, columns[field])
    if answers.asking:
        out.print(f"\n[bold]{name}[/bold]  {rule.object} by {field}: the customer's fault?", soft_wrap=True)
        out.print("  full or partial: an incident; none: shown, never counted; ignore: not read", style="dim")
    for each in found:
        key = f"{name}.fault.{each.value}"
        question = f"  {each.records:,} × {each.label}"
        chosen[each.value] = answers.ask(key, question, default=each.default, choices=proposal.ANSWERS)
    if not answers.asking:
        rows = [(each.label, f"{each.records:,}", chosen[each.value]) for each in found]
        title = f"\n{rule.object} by {field}"
        out.print(table(title, ("value", "records", "fault of the customer"), rows, right=("records",)))
    if field == shipped and all(chosen[each.value] == each.default for each in found):
        return text
    return proposal.judged(text, field, chosen)
