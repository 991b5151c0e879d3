"""Settings and ledger for what needs no CRM, and whom a caller means: nothing here loads a connector."""

from pathlib import Path

import click
from sqlalchemy import Connection

from config.reading import ConfigError
from config.settings import Settings, load_settings
from sync.ledger import Ledger, history


def compose_offline(path: Path) -> tuple[Settings, Ledger]:
    """Settings and ledger, for what needs no CRM.

    Raises:
        ConfigError: a mistake in the settings, or no ledger there yet.
    """
    settings = load_settings(path)
    refuse_missing(path, settings)
    return settings, Ledger.open(settings.ledger, beside=path.parent)


def refuse_missing(path: Path, settings: Settings) -> None:
    """A ledger is made by a sync alone: an empty one in a mistaken place would answer as if all were well.

    Raises:
        ConfigError: there is no such file.
    """
    if "://" not in settings.ledger and not (path.parent / settings.ledger).exists():
        raise ConfigError(f"{path}: ledger: there is no {settings.ledger} yet; the first sync makes it")


def refuse_unknown(tx: Connection, programme: str) -> None:
    """Nothing is said about a programme that nobody ever synced: it may be a name mistyped.

    Raises:
        click.UsageError: the ledger does not have it.
    """
    known = history.programmes(tx)
    if programme not in known:
        raise click.UsageError(
            f"the ledger has no programme {programme}; it has {', '.join(known) or 'none at all yet'}"
        )


def find(tx: Connection, programme: str, name: str) -> history.SubjectRow:
    """Who is meant.

    Raises:
        click.UsageError: nobody, or more than one.
    """
    found = history.subject(tx, programme, name) or history.subject(tx, programme, in_full(name))
    if not found:
        raise click.UsageError(
            f"the ledger knows nobody called {name!r}; give a record id, connection:id or an e-mail address"
        )
    if len(found) > 1:
        who = ", ".join(each.records[0] for each in found)
        raise click.UsageError(f"{name} is more than one person here: say which: {who}")
    return found[0]


def in_full(name: str) -> str:
    """The name with a Salesforce id in its 18 characters, where a report exports it with 15 (SR35)."""
    # Imported here: most names are found as they are, and need no connector.
    from connectors.salesforce.ids import id18  # noqa: PLC0415 - see above

    place, colon, record = name.rpartition(":")
    return f"{place}{colon}{id18(record)}"
