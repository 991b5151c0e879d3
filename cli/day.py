"""A day on the command line."""

from datetime import datetime
from typing import Any

import click


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
            return datetime.strptime(value, "%Y-%m-%d")  # noqa: DTZ007 - a day of the programme's calendar
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2026-03-12", param, ctx)


DAY = Day()
