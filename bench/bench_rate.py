"""Whether the rate reaches what HubSpot's ten-second limit allows, with a real latency, and without a 429.

    python bench/bench_rate.py [LATENCY]

The sandbox runs in a process of its own, its clock ticks, and each answer takes LATENCY seconds (0.1). Batch updates
are sent for two windows of the limit, one at a time and several at once. It takes real time: a minute and a half.
"""

import asyncio
import itertools
import multiprocessing
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bench.bench_connectors import AT, SPECS
from connectors import SystemTime, connect, settings_model
from connectors.protocol import FieldSet, OutcomeKind, Update
from sandbox.app import World, create_app
from sandbox.clock import Clock
from sandbox.server import Server

LIMIT = 190  # a Professional or Enterprise portal's, as the sandbox's
PEOPLE = 4_000
FIELDS = FieldSet("contacts", "bonus malus", "Bonus-Malus", SPECS)


def serve(latency: float, pipe: Any) -> None:
    """The sandbox's process: says its address, and at the end how often it answered 429."""
    world = World(Clock(datetime.now(UTC), ticking=True))
    for number in range(PEOPLE):
        world.portal.create("contacts", {"lastname": f"Person {number}"}, at=AT)
    app, statuses = create_app(world), Counter[int]()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        async def tell(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses[message["status"]] += 1
                await asyncio.sleep(latency)
            await send(message)

        await app(scope, receive, tell)

    with Server(slow) as server:
        pipe.send((server.url, sorted(str(row["hs_object_id"]) for row in world.portal.rows("contacts"))))
        pipe.recv()
        pipe.send(statuses[429])


def measure(at_once: int, latency: float) -> dict[str, Any]:
    """Calls in ten seconds, over two windows of the limit, and how many were refused."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(latency, there), daemon=True)
    process.start()
    url, ids = here.recv()
    options = {"share_of_burst": 1.0, "share_of_day": 1.0, "calls_at_once": at_once, "token": "sandbox-token"}
    connector = connect("hubspot", settings_model("hubspot")(url=url, **options), time=SystemTime())
    connector.apply_fields(FIELDS)
    time.sleep(10)  # the whole limit is free again
    wanted = itertools.islice(itertools.cycle(ids), 2 * LIMIT * 100)
    before, began, written = connector.usage().calls, time.monotonic(), 0
    for outcome in connector.write(FIELDS, (Update(id_, {"coefficient": Decimal("0.95")}) for id_ in wanted)):
        written += outcome.kind is OutcomeKind.WRITTEN
    took, calls = time.monotonic() - began, connector.usage().calls - before
    connector.close()
    here.send(None)
    refused = here.recv()
    process.join(10)
    # Of so many calls the limit lets the last one go when so many windows are over.
    least = (calls - 1) // LIMIT * 10 + latency
    return {"at once": at_once, "calls": calls, "written": written, "refused": refused, "took": f"{took:.1f} s",
            "of what the limit allows": f"{least / took:.1%}"}  # fmt: skip


if __name__ == "__main__":
    pause = float(sys.argv[1]) if len(sys.argv) > 1 else 0.1
    for several in (1, 4):
        print(measure(several, pause), flush=True)
