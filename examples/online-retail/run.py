"""The whole job on real trade: both CRMs' APIs, 4 372 customers, as of 9 December 2011.

    python examples/online-retail/run.py PATH/TO/invoices.csv [FOLDER]

Leaves in FOLDER (default `online-retail-demo`): what was loaded into the CRMs, settings, ledger and `page.html`.
"""

import shutil
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # its two siblings below are not a package

from crm_data import read_invoices, write_crm_data  # noqa: E402 - see above
from page import page, summary  # noqa: E402 - see above

from cli import sync as syncing  # noqa: E402 - see above
from cli.compose import compose  # noqa: E402 - see above
from cli.fields import changes  # noqa: E402 - see above
from sandbox.app import World, create_app  # noqa: E402 - see above
from sandbox.clock import Clock  # noqa: E402 - see above
from sandbox.load import load_folder  # noqa: E402 - see above
from sandbox.remote import Remote  # noqa: E402 - see above
from sandbox.server import Server  # noqa: E402 - see above

EVENING = datetime(2011, 12, 9, 20, tzinfo=UTC)
SETTINGS = """\
programme = "online-retail.toml"
ledger = "ledger.db"
sandbox = "{url}"
time_zone = "Europe/London"
first_fill = "go"

[connections.salesforce]
mapping = "salesforce.toml"

[connections.hubspot]
mapping = "hubspot.toml"
"""


def main(invoices_csv: Path, folder: Path) -> int:
    """Load, sync twice, show."""
    invoices = read_invoices(invoices_csv)
    shutil.rmtree(folder, ignore_errors=True)
    write_crm_data(invoices, folder / "crm")
    for name in ("online-retail.toml", "salesforce.toml", "hubspot.toml"):
        shutil.copy(HERE / name, folder / name)
    world = World(Clock(EVENING))
    loaded = load_folder(world, folder / "crm")
    print(f"loaded {loaded.taken} rows, {len(loaded.rejects)} refused")
    with Server(create_app(world)) as server, closing(Remote(server.url)) as remote:
        settings = folder / "bonus-malus.toml"
        settings.write_text(SETTINGS.format(url=server.url), "utf-8")
        composition = compose(settings)
        changes(composition, apply=True)
        syncing.show(syncing.perform(composition), settings)
        remote.sleep(3600)
        second = syncing.perform(composition)
        print(f"an hour later: {second.written} records written")
    with closing(composition.ledger()) as ledger:
        found = summary(ledger, invoices)
    (folder / "page.html").write_text(page(found), "utf-8")
    print(f"page: {folder / 'page.html'}")
    return syncing.exit_code(second)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "online-retail-demo")))  # noqa: PLR2004 - the folder
    except (OSError, ValueError) as error:
        sys.exit(f"online-retail: {error}")
