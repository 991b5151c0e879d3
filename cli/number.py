"""The number of a run on the command line."""

import click

NUMBER = click.IntRange(max=2**31 - 1)  # what a ledger can count
