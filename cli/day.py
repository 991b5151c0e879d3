"""A day on the command line."""

from datetime import datetime
from typing import Any

import click

FIRST, LAST = 1900, 2999  # years that somebody can mean; the calendar itself ends with 9999


class Day(click.ParamType[datetime]):
    """A date as ISO 8601 writes it; its midnight, as the commands take it."""

    name = "date"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What stands in the help."""
        del param, ctx
        return "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """A text as a day."""
        if isinstance(value, datetime):
            return value
        try:
            day = datetime.strptime(value, "%Y-%m-%d")  # noqa: DTZ007 - a day of the programme's calendar
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2026-03-12", param, ctx)
        if not FIRST <= day.year <= LAST:
            self.fail(f"{value!r} is no day that anybody can mean: years go from {FIRST} to {LAST} here", param, ctx)
        return day


DAY = Day()
