"""Anything at all into every parser of answers: a value or an error of ours, never another exception, never no end."""

import csv
import json
import random
from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest

from connectors.body import read_json
from connectors.errors import CrmError
from connectors.files.cells import kind_of, moment
from connectors.http import Answer, seconds
from connectors.hubspot.answers import judge as judge_hubspot
from connectors.hubspot.answers import read_answer as read_hubspot
from connectors.hubspot.definitions import Definition
from connectors.hubspot.ends import read_ends
from connectors.hubspot.search import next_after
from connectors.hubspot.write import identify as identify_hubspot
from connectors.redaction import Redactor
from connectors.salesforce.answers import judge, judge_row, read_answer, row_error
from connectors.salesforce.bulk_query import Job, _failure
from connectors.salesforce.ids import id18, identify
from connectors.salesforce.rows import rows_of
from connectors.salesforce.schema import Column
from connectors.salesforce.sheet import read_sheet
from connectors.values import as_date, as_instant, as_number

CASES = 100_000
SHAPES = (
    "0",
    "12",
    "-1.5",
    "1e9",
    "NaN",
    "1,000",
    "2026-02-30",
    "2026-11-22T08:00:00Z",
    "true",
    "\x00",
    "é😀",
    "\u2028",
    "",
)
KINDS = ("number", "bool", "date", "datetime", "string", "double", "boolean", "reference", "id", "currency")


def text(dice: random.Random) -> str:
    """Something near to what is expected, or nothing like it."""
    parts = [dice.choice(SHAPES) for _ in range(dice.randrange(3))]
    parts += [chr(dice.choice((dice.randrange(128), dice.randrange(0x3000)))) for _ in range(dice.randrange(6))]
    dice.shuffle(parts)
    return "".join(parts)


def tree(dice: random.Random, depth: int = 0) -> Any:
    """JSON of any shape, with the words that answers use."""
    pick = dice.randrange(8 if depth < 3 else 5)
    if pick < 5:
        return (None, True, dice.randrange(-9, 10**15), text(dice), dice.random())[pick]
    if pick == 5:
        return [tree(dice, depth + 1) for _ in range(dice.randrange(3))]
    words = ("errors", "errorCode", "message", "context", "fields", "paging", "next", "after", "statusCode", "category")
    return {dice.choice(words): tree(dice, depth + 1) for _ in range(dice.randrange(4))}


def sheet(dice: random.Random) -> None:
    body = "".join(f'"{text(dice)}",{text(dice)}\n' for _ in range(3)).encode()
    body = body[: dice.randrange(len(body) + 1)] + dice.randbytes(dice.randrange(4))
    try:
        list(read_sheet(body))
    except (UnicodeDecodeError, csv.Error):
        return  # what a cut page is known by


def body(dice: random.Random) -> None:
    whole = json.dumps(tree(dice)).encode()
    try:
        read_json(whole[: dice.randrange(len(whole) + 1)] + dice.randbytes(dice.randrange(4)))
    except ValueError:
        return  # what a cut or broken body is known by


def shapes(dice: random.Random) -> None:
    whole = json.dumps({dice.choice(("records", "done", "results", "errors")): tree(dice), "done": True}).encode()
    for read in (rows_of(("Id", "errors")), read_ends):
        try:
            read(whole[: len(whole) - dice.randrange(2)])
        except ValueError:
            continue  # what a cut body, and one of another shape, is known by


def columns(dice: random.Random) -> None:
    cells = [text(dice) for _ in range(dice.randrange(5))]
    kind = dice.choice(KINDS)
    column = Column("F", kind, True, 0, 0, 0, (), "", ())
    assert len(column.cells(cells)) == len(column.values([tree(dice) for _ in cells])) == len(cells)
    assert len(Definition("p", kind).values([tree(dice) for _ in cells])) == len(cells)


PARSERS: dict[str, Callable[[random.Random], object]] = {
    "values": lambda dice: [parse(text(dice)) for parse in (as_number, as_date, as_instant, id18, identify)],
    "hubspot values": lambda dice: Definition("p", dice.choice(KINDS)).value(tree(dice)),
    "hubspot ids": lambda dice: identify_hubspot(text(dice)),
    "salesforce values": lambda dice: Column("F", dice.choice(KINDS), True, 0, 0, 0, (), "", ()).value(tree(dice)),
    "salesforce cells": lambda dice: Column("F", dice.choice(KINDS), True, 0, 0, 0, (), "", ()).text()(text(dice)),
    "salesforce errors": lambda dice: judge(read_answer(dice.randrange(300, 600), tree(dice))),
    "salesforce rows": lambda dice: judge_row(
        row_error({"errors": [{"statusCode": tree(dice), "message": text(dice)}]})[0]
    ),
    "hubspot errors": lambda dice: judge_hubspot(
        read_hubspot(dice.randrange(300, 600), json.dumps(tree(dice)), {"Retry-After": text(dice)})
    ),
    "hubspot bytes": lambda dice: read_hubspot(500, dice.randbytes(dice.randrange(20)), {}),
    "cursors": lambda dice: next_after({"paging": {"next": {"after": text(dice)}}}),
    "kept jobs": lambda dice: Job.parse(text(dice)),
    "failed jobs": lambda dice: _failure(Job("1", "66.0", "", ""), text(dice)),
    "files": lambda dice: (kind_of(text(dice), [text(dice)]), moment(text(dice), UTC)),
    "waits": lambda dice: seconds(text(dice)),
    "redaction": lambda dice: Redactor((text(dice),))(text(dice)),
    "sheets": sheet,
    "bodies": body,
    "shapes": shapes,
    "columns": columns,
}


@pytest.mark.parametrize("name", PARSERS)
def test_no_text_and_no_json_breaks_a_parser(name: str):
    dice = random.Random(7)  # noqa: S311 - no secret hangs on it
    for _ in range(CASES // len(PARSERS)):
        state = dice.getstate()
        try:
            PARSERS[name](dice)
        except CrmError:
            continue
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            dice.setstate(state)
            pytest.fail(f"{name}: {type(error).__name__} {error}")
    assert Answer(500)
