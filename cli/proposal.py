"""A mapping proposed from what an org really has, with counts: which kinds of records count, and whose fault."""

import json
import re
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass

from config.mappingfile import FOLDER
from connectors.errors import Fatal
from connectors.protocol import Column, CrmConnector
from scoring.mapping import Mapping, SignalRule

FULL, PARTIAL, NONE, IGNORE = "full", "partial", "none", "ignore"
ANSWERS = (FULL, PARTIAL, NONE, IGNORE)
# A rule, from its heading up to the next empty line.
_BLOCK = re.compile(r"\[\[signal\]\][^\n]*\n(?:.+\n)+(?:\n|\Z)")
_CLAIM, _JUSTIFIED = "claim_at_fault", "claim_justified"


@dataclass(frozen=True, slots=True)
class Volume:
    """An object of the mapping: how many records it has, or None where it cannot be read."""

    object: str
    signals: tuple[str, ...]
    records: int | None


@dataclass(frozen=True, slots=True)
class Kind:
    """A record type or pipeline: how many records are of it. No value: those that are of none."""

    value: str
    label: str
    records: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """A value that decides about fault: how many records hold it, and what the shipped mapping takes it for."""

    value: str
    label: str
    records: int
    default: str


def volumes(connector: CrmConnector, mapping: Mapping) -> list[Volume]:
    """Every object that the mapping reads."""
    found = []
    for name in mapping.objects:
        signals = tuple(dict.fromkeys(rule.name for rule in mapping.rules_for(name)))
        try:
            found.append(Volume(name, signals, connector.count(name)))
        except Fatal:  # not in this org, or hidden from us
            found.append(Volume(name, signals, None))
    return found


def kinds(connector: CrmConnector, object_: str) -> tuple[Column, list[Kind]] | None:
    """What parts the records of an object, where it parts them in two or more; records of no kind come last."""
    try:
        column = connector.kinds(object_)
        if column is None:
            return None
        found = [Kind(value, label, connector.count(object_, column.name, value)) for value, label in column.options]
        rest = connector.count(object_) - sum(each.records for each in found)
    except Fatal:  # told by the table of objects
        return None
    if rest > 0:
        found.append(Kind("", f"no {column.label}", rest))
    return (column, found) if len(found) > 1 else None


def shipped(crm: str) -> str:
    """The text of the shipped mapping."""
    return (FOLDER / f"{crm}.toml").read_text("utf-8")


def narrowed(text: str, object_: str, field: str, counted: Sequence[str]) -> str:
    """A mapping's text in which records of that object count only if they are of these kinds; with none, none do."""
    named = [each for each in counted if each]
    condition = f"{{ field = {quoted(field)}, {_list(named)}{', or_empty = true' if '' in counted else ''} }}"
    if not named:
        condition = f"{{ field = {quoted(field)}, filled = false }}"
    for block in _BLOCK.findall(text):
        if f'object = "{object_}"' not in block:
            continue
        new = re.sub(r"^when = \[(?=\])", lambda _: f"when = [{condition}", block, flags=re.MULTILINE)
        new = re.sub(r"^when = \[(?=\{)", lambda _: f"when = [{condition}, ", new, flags=re.MULTILINE)
        new = re.sub(r"^when = \[\n", lambda _: f"when = [\n  {condition},\n", new, flags=re.MULTILINE)
        text = text.replace(block, new if counted else "")
    return text


def claim(mapping: Mapping) -> SignalRule | None:
    """The rule whose field decides about fault."""
    return next((rule for rule in mapping.signals if rule.name == _CLAIM and rule.liability_by), None)


def candidates(connector: CrmConnector, object_: str) -> list[Column]:
    """The picklists of an object, in which the decision about fault may stand."""
    return [column for column in connector.columns(object_) if column.options]


def verdicts(connector: CrmConnector, mapping: Mapping, field: Column) -> list[Verdict]:
    """Every value of that field with its count."""
    rule = claim(mapping)
    if rule is None or rule.liability_by is None:
        return []
    known = {value: liability.value for value, liability in rule.liability_by[1].items()}
    known |= dict.fromkeys(_justified(mapping), NONE)
    return [
        Verdict(value, label, connector.count(rule.object, field.name, value), known.get(value, IGNORE))
        for value, label in field.options
    ]


def judged(text: str, field: str, answers: MappingOf[str, str]) -> str:
    """A mapping's text with the claims as answered: value to `full`, `partial`, `none` or `ignore`."""
    at_fault = [value for value, answer in answers.items() if answer in (FULL, PARTIAL)]
    justified = [value for value, answer in answers.items() if answer == NONE]
    for name, values in ((_CLAIM, at_fault), (_JUSTIFIED, justified)):
        block = _block(text, name)
        new = block if values else ""
        fault = ", ".join(f"{quoted(value)} = {quoted(answers[value])}" for value in values)
        for pattern, said in (
            (r'field = "(?:Resolution__c|resolution)"', f"field = {quoted(field)}"),
            (r"(?<=, )(?:in = \[[^\]]*\]|is = \"[^\"]*\")(?= \})", _list(values)),
            (r"values = \{[^}]*\}", f"values = {{ {fault} }}"),
        ):
            new = re.sub(pattern, said.replace("\\", r"\\"), new)  # as it is: a value may hold backslashes
        text = text.replace(block, new)
    return text


def _block(text: str, name: str) -> str:
    """The rule of a signal, from its heading up to the next empty line."""
    found = re.search(rf'\[\[signal\]\][^\n]*\nname = "{name}"\n.*?\n\n', text, re.DOTALL)
    if found is None:
        raise LookupError(f"the shipped mapping has no rule for {name}")
    return found[0]


def _justified(mapping: Mapping) -> Sequence[str]:
    rules = [rule for rule in mapping.signals if rule.name == _JUSTIFIED]
    return [each.operand for rule in rules for each in rule.when if isinstance(each.operand, str)]


def _list(values: Sequence[str]) -> str:
    return "in = [" + ", ".join(quoted(value) for value in values) + "]"


def quoted(text: str) -> str:
    """A TOML basic string, which takes whatever JSON takes."""
    return json.dumps(text, ensure_ascii=False)
