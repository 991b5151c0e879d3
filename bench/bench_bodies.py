"""From the bytes of a body to the pages that a sync receives: processor time against csv.reader and json.loads alone.

    python bench/bench_bodies.py [ROWS] [--json]

Both read the same bodies, of rows that differ as real ones do; the parser alone makes lists of them and nothing else.
Ours is the whole way through the connectors' readers, without HTTP: typed values, ids, instants, links. The median of
the ratios of some rounds, each of both by turns in this process.
"""

import csv
import gc
import io
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from bodies import DESCRIBED, HUBSPOT, NOW, SALESFORCE, answers, ends, lists, sheets
from pydantic import SecretStr

from connectors import settings_model
from connectors.body import read_json
from connectors.hubspot.ends import read_ends
from connectors.hubspot.read import Reader as HubSpotReader
from connectors.progress import MemoryProgress
from connectors.protocol import ObjectQuery, Page, Window
from connectors.salesforce.bulk_query import Job
from connectors.salesforce.read import Reader
from connectors.salesforce.schema import read_schema
from connectors.salesforce.selection import Selection, resolve
from connectors.salesforce.volume import Volume

ROUNDS = 9


class Clock:
    """A time that stands still."""

    def now(self) -> datetime:
        """An instant."""
        return NOW

    def monotonic(self) -> float:
        """No seconds."""
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Nobody waits here."""


def bulk(bodies: Sequence[bytes]) -> Iterator[Page]:
    """Ours, of a Bulk result."""
    served = iter(bodies)
    session: Any = SimpleNamespace(
        ask=lambda *_args, **_options: {"state": "JobComplete"},
        send=lambda *_args, **options: SimpleNamespace(
            content=next(served) if options.get("accept") else b"",
            headers={"Sforce-Locator": "null" if served.__length_hint__() == 0 else str(served.__length_hint__())},
        ),
    )  # fmt: skip
    volume = Volume(session, MemoryProgress(), time=Clock(), version="66.0")
    yield from volume.pages("key", Job("750", "66.0", NOW.isoformat(), ""), selection())


def selection() -> Selection:
    """What is asked of Salesforce."""
    schema = read_schema(DESCRIBED)
    return resolve(ObjectQuery("Contact", tuple(SALESFORCE)[4:]), lambda _name: schema)


def rest(bodies: Sequence[bytes]) -> Iterator[Page]:
    """Ours, of REST's answers."""
    served = iter(bodies)
    session: Any = SimpleNamespace(
        describe=lambda _name, **_options: DESCRIBED,
        fits=lambda _soql: True,
        query=lambda _soql, read, **_options: read(next(served)),
        more=lambda _locator, read: read(next(served)),
    )
    volume = Volume(session, MemoryProgress(), time=Clock(), version="66.0")
    settings = settings_model("salesforce")(domain="acme.my", session_id="made up")
    reader = Reader(session, volume, MemoryProgress(), time=Clock(), settings=settings)
    yield from reader.changes(ObjectQuery("Contact", tuple(SALESFORCE)[4:]), Window(None, NOW))


def listed(bodies: Sequence[bytes], links: Sequence[bytes] = ()) -> Iterator[Page]:
    """Ours, of HubSpot's lists and, where there are any, links."""
    served, linked = iter(bodies), iter(links)
    known = {"results": [{"name": name, "type": kind} for name, kind in HUBSPOT.items()]}

    def get_page(_object: str, **options: Any) -> Any:
        return {"results": []} if options.get("archived") else read_json(next(served))

    session: Any = SimpleNamespace(
        objects=SimpleNamespace(get_page=get_page),
        properties=SimpleNamespace(get_all=lambda _object: known),
        associations=SimpleNamespace(get_page=lambda *_args: read_ends(next(linked))),
    )
    reader = HubSpotReader(
        session, MemoryProgress(), time=Clock(), settings=settings_model("hubspot")(token=SecretStr("-"))
    )
    query = ObjectQuery("contacts", tuple(HUBSPOT)[:6], ("companies",) if links else ())
    yield from reader.changes(query, Window(None, NOW))


def by_csv(bodies: Iterable[bytes]) -> None:
    """The parser alone, into lists."""
    for body in bodies:
        list(csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8", newline="")))


def by_json(bodies: Iterable[bytes]) -> None:
    """The parser alone."""
    for body in bodies:
        json.loads(body)


def taken(pages: Iterable[Page]) -> int:
    """How many records came."""
    return sum(map(len, map(attrgetter("records"), pages)))  # each is let go before the next is asked for


def spent(work: Callable[[], object]) -> float:
    """Seconds of processor time; whoever worked before has left no garbage behind to be collected at its cost."""
    gc.collect()
    before = time.process_time()
    work()
    return time.process_time() - before


def compare(ours: Callable[[], object], alone: Callable[[], object]) -> dict[str, float]:
    """The ratio of processor times: its median and range over the rounds."""
    ratios = [spent(ours) / spent(alone) for _ in range(ROUNDS)]
    return {
        "median": round(statistics.median(ratios), 2),
        "least": round(min(ratios), 2),
        "most": round(max(ratios), 2),
    }


def main(rows: int) -> dict[str, dict[str, float]]:
    """All ratios."""
    cells, bodies, pages, links = sheets(rows), answers(rows), lists(rows), ends(rows)
    assert taken(bulk(cells)) == taken(rest(bodies)) == taken(listed(pages)) == rows  # noqa: S101 - else nothing is compared
    assert taken(listed(pages, links)) == rows  # noqa: S101 - likewise
    works: dict[str, tuple[Callable[[], Iterator[Page]], Callable[[], None]]] = {
        "Salesforce, Bulk CSV / csv.reader": (lambda: bulk(cells), lambda: by_csv(cells)),
        "Salesforce, REST / json.loads": (lambda: rest(bodies), lambda: by_json(bodies)),
        "HubSpot, lists / json.loads": (lambda: listed(pages), lambda: by_json(pages)),
        "HubSpot, lists with links / json.loads": (lambda: listed(pages, links), lambda: by_json([*pages, *links])),
    }
    found = {}
    for name, (ours, alone) in works.items():
        found[name] = compare(lambda ours=ours: taken(ours()), alone)  # type: ignore[misc] # bound by default
    return found


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    result = main(int(words[0]) if words else 50_000)
    if "--json" in sys.argv:
        print(json.dumps(result))
    else:
        for what, figures in result.items():
            print(f"{what}: {figures['median']:.2f} x ({figures['least']:.2f} to {figures['most']:.2f})")
