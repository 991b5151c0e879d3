"""`bonus-malus sandbox`: both CRMs on this machine, to try everything on."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.exits import Exit
from cli.screen import console

SETTINGS = """\
# Made by `bonus-malus sandbox`: both CRMs are the sandbox at this address, and its clock is the clock.
programme = "customers"
ledger = "{ledger}"
sandbox = "{url}"
time_zone = "Europe/Paris"
first_fill = "go"  # nobody is here to be asked before every record is written for the first time

[connections.salesforce]

[connections.hubspot]
"""


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Where to answer; 0 for any free port.",
)
@click.option("--customers", type=click.IntRange(1), default=2000, show_default=True, help="How large the company is.")
@click.option("--seed", default=1, show_default=True, help="Same seed, same company.")
@click.option("--empty", is_flag=True, help="Both CRMs without any records.")
@click.option("--load", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Load CSV files.")
@click.option(
    "--faults",
    "plan",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Faults from a TOML file (docs/sandbox/faults.md).",
)
@click.option(
    "--write-settings",
    type=click.Path(path_type=Path, dir_okay=False),
    default="sandbox.toml",
    show_default=True,
    help="Settings for this sandbox, written if the file is not there.",
)
def sandbox(
    *, port: int, customers: int, seed: int, empty: bool, folder: Path | None, plan: Path | None, write_settings: Path
) -> int:
    """Run a Salesforce org and a HubSpot portal on this machine, with a page that shows records as a rep sees them."""
    # Imported here: the web server is nothing that the other commands should wait for.
    from sandbox.app import World, create_app  # noqa: PLC0415 - see above
    from sandbox.clock import Clock  # noqa: PLC0415 - see above
    from sandbox.company import Company, populate  # noqa: PLC0415 - see above
    from sandbox.load import load_folder  # noqa: PLC0415 - see above
    from sandbox.server import Server  # noqa: PLC0415 - see above

    now = datetime.now(UTC)
    world = World(Clock(now, ticking=True))
    out = console()
    if folder is not None:
        try:
            loaded = load_folder(world, folder)
        except ValueError as error:
            raise click.UsageError(f"--load {error}") from error
        out.print(f"{loaded.taken} rows loaded, {len(loaded.rejects)} refused")
        for reject in loaded.rejects[:20]:
            out.print(f"  {reject}", markup=False)
    elif not empty:
        populate(world, Company(seed=seed, customers=customers, today=now.date()))
    if plan is not None:
        try:
            world.faults.switch(tomllib.loads(plan.read_text("utf-8")))
        except ValueError as error:
            raise click.UsageError(f"{plan}: {error}") from error
    try:
        server = Server(create_app(world), port=port)
    except OSError as error:
        raise click.UsageError(str(error.strerror or error)) from error
    with server:
        if not write_settings.exists():
            write_settings.write_text(SETTINGS.format(ledger=f"{write_settings.stem}.db", url=server.url), "utf-8")
        out.print(f"Salesforce and HubSpot answer at {server.url}")
        out.print(f"records as a rep sees them: {server.url}/sandbox/")
        out.print(f"in another terminal:\n  bonus-malus --settings {write_settings} fields apply")
        out.print(f"  bonus-malus --settings {write_settings} sync\nCtrl-C ends it; nothing is kept")
        try:
            server.wait()
        except KeyboardInterrupt:
            out.print("ended")
    return Exit.DONE
