"""Side by side on the same sandbox: this connector, dlt, and the Singer tap of each CRM, where they are installed.

    python bench/peers.py [CONTACTS] [--dlt PYTHON] [--tap-hubspot PYTHON] [--tap-salesforce PYTHON]

PYTHON is the interpreter of an environment that holds the peer (`pip install dlt`, `tap-hubspot`, `tap-salesforce`).
Each reads every contact, in a process of its own, and hands the records on to nobody: calls are counted by the sandbox,
processor time and peak are the process's. The sandbox's limits are lifted, so that nobody waits.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from bench.bench_connectors import fill
from sandbox.app import World, create_app
from sandbox.clock import Clock
from sandbox.server import Server

OURS = """
import sys
from datetime import timedelta
from bench.bench_connectors import CONTACT, READ, opened
from connectors.protocol import ObjectQuery, Window
from sandbox.remote import Remote
crm, url = sys.argv[1:]
remote = Remote(url)
connector = opened(crm, remote)
query = ObjectQuery(CONTACT[crm], READ[crm])
print(sum(len(page.records) for page in connector.changes(query, Window(None, remote.now() + timedelta(days=1)))))
"""
DLT = """
import sys
from dlt.sources.rest_api import rest_api_source
crm, url, token = sys.argv[1:]
hubspot = {
    "path": "crm/v3/objects/contacts",
    "params": {"limit": 100, "properties": "firstname,lastname,email,createdate"},
    "data_selector": "results",
    "paginator": {"type": "cursor", "cursor_path": "paging.next.after", "cursor_param": "after"},
}
salesforce = {
    "path": "services/data/v66.0/queryAll",
    "params": {"q": "SELECT Id, SystemModstamp, FirstName, LastName, Email, Title, CreatedDate FROM Contact"},
    "data_selector": "records",
    "paginator": {"type": "json_link", "next_url_path": "nextRecordsUrl"},
}
source = rest_api_source({
    "client": {"base_url": url + "/", "auth": {"type": "bearer", "token": token}},
    "resources": [{"name": "contacts", "endpoint": {"hubspot": hubspot, "salesforce": salesforce}[crm]}],
})
print(sum(1 for _ in source.resources["contacts"]))
"""
TAP_HUBSPOT = """
import contextlib, io, json, sys, tempfile
import tap_hubspot
_, url, token = sys.argv[1:]
tap_hubspot.BASE_URL = url
config = {"api_key": token, "start_date": "2020-01-01T00:00:00Z"}
config |= {name: "-" for name in ("redirect_uri", "client_id", "client_secret", "refresh_token")}
tap_hubspot.CONFIG.update(config)
tap_hubspot.generate_custom_streams = lambda *_args, **_options: []
tap_hubspot.STREAMS = [stream for stream in tap_hubspot.STREAMS if stream.tap_stream_id == "contacts"]
catalog = tap_hubspot.discover_schemas()
wanted = {"firstname", "lastname", "email", "createdate"}
for entry in catalog["streams"]:
    for each in entry["metadata"]:
        name = (each["breadcrumb"] or ["", ""])[-1].removeprefix("property_")
        each["metadata"]["selected"] = not each["breadcrumb"] or name in wanted
class Count(io.StringIO):
    rows = 0
    def write(self, text):
        Count.rows += text.count('"RECORD"')
        return len(text)
with contextlib.redirect_stdout(Count()):
    tap_hubspot.do_sync({}, catalog)
print(Count.rows)
"""
TAP_SALESFORCE = """
import contextlib, io, json, sys
import tap_salesforce
import tap_salesforce.salesforce as within
from tap_salesforce.salesforce import bulk, rest
_, url, token = sys.argv[1:]
for module in (within, bulk, rest):
    module.API_VERSION = "66"
sf = within.Salesforce(default_start_date="2020-01-01T00:00:00Z", api_type="REST", quota_percent_per_run=100)
sf.access_token, sf.instance_url = token, url
describe = sf.describe
sf.describe = lambda name=None: describe(name) if name else {"sobjects": [{"name": "Contact"}]}
class Count(io.StringIO):
    rows = 0
    def write(self, text):
        Count.rows += text.count('"RECORD"')
        return super().write(text) if self.keep else len(text)
with contextlib.redirect_stdout(Count()) as told:
    told.keep = True
    tap_salesforce.do_discover(sf)
    told.keep = False
    catalog = json.loads(told.getvalue())
    wanted = {"Id", "SystemModstamp", "FirstName", "LastName", "Email", "Title", "CreatedDate"}
    for entry in catalog["streams"]:
        for each in entry["metadata"]:
            each["metadata"]["selected"] = not each["breadcrumb"] or each["breadcrumb"][-1] in wanted
    tap_salesforce.do_sync(sf, catalog, tap_salesforce.build_state({}, catalog))
print(Count.rows)
"""
HUBSPOT_TOKEN = "sandbox-token"  # noqa: S105 - public and fixed


def serve(contacts: int, pipe: Any) -> None:
    """The sandbox's process."""
    world = World(Clock(datetime.now(UTC), ticking=True))
    fill(world, contacts)
    world.org.usage.limit = world.portal.daily.limit = world.portal.burst.limit = 100_000_000
    with Server(create_app(world)) as server:
        pipe.send((server.url, world.org.sessions.open(world.org.admin).token))
        pipe.recv()


@contextmanager
def served(contacts: int) -> Iterator[tuple[str, str]]:
    """A filled sandbox: its address, and a session id of its org."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(contacts, there), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        here.send(None)
        process.join(10)


def run(command: Sequence[str], url: str, crm: str) -> Mapping[str, Any]:
    """One reader in a process of its own: how many records, calls, processor seconds, megabytes; or why not."""
    requests.delete(f"{url}/sandbox/requests", timeout=60)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(command, stdout=out, stderr=complaints, env={**os.environ, "PYTHONPATH": "."})
        _, status, usage = os.wait4(process.pid, 0)
        out.seek(0)
        complaints.seek(0)
        if status:
            lines = complaints.read().decode(errors="replace").strip().splitlines()
            return {"does not run": lines[-1][:200] if lines else f"status {status}"}
        calls = dict(requests.get(f"{url}/sandbox/requests", timeout=60).json()[crm])
        return {
            "records": int(out.read().split()[-1]),
            "calls": sum(calls.values()) - calls.get("job poll", 0) - calls.get("token", 0),
            "processor": f"{usage.ru_utime + usage.ru_stime:.1f} s",
            "peak": f"{usage.ru_maxrss / 1024:.0f} MB",
        }


def main(told: argparse.Namespace) -> None:
    """One line for each reader and CRM."""
    with served(told.contacts) as (url, session), tempfile.TemporaryDirectory() as folder:
        scripts = {"ours": OURS, "dlt": DLT, "tap_hubspot": TAP_HUBSPOT, "tap_salesforce": TAP_SALESFORCE}
        for name, text in scripts.items():
            (Path(folder) / f"read_{name}.py").write_text(text, encoding="utf-8")
        for crm, token in (("salesforce", session), ("hubspot", HUBSPOT_TOKEN)):
            readers = {"ours": sys.executable, "dlt": told.dlt, f"tap_{crm}": getattr(told, f"tap_{crm}")}
            for name, python in readers.items():
                if python is None:
                    found: Mapping[str, Any] = {"does not run": "not installed"}
                else:
                    secret = [] if name == "ours" else [token]
                    found = run([python, str(Path(folder) / f"read_{name}.py"), crm, url, *secret], url, crm)
                print(f"{crm}, {name}: {json.dumps(found)}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contacts", type=int, nargs="?", default=20_000)
    for peer in ("--dlt", "--tap-hubspot", "--tap-salesforce"):
        parser.add_argument(peer, metavar="PYTHON")
    main(parser.parse_args())
