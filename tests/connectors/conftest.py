"""Both connectors against the sandbox, over real HTTP and without waiting."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from connectors import CrmConnector, connect, settings_model
from connectors.hubspot.read import Reader as HubSpotReader
from connectors.progress import MemoryProgress
from connectors.protocol import FieldKind, FieldSet, FieldSpec, ObjectQuery, Page, Window
from connectors.salesforce.read import Reader
from connectors.salesforce.volume import Volume
from sandbox.app import World, create_app
from sandbox.remote import Remote
from sandbox.server import Server
from scoring.records import Problem, Record
from tests.connectors.local import Documented, Exports

TIERS = (("basic", "Basic"), ("silver", "Silver"), ("gold", "Gold"))
SPECS = (
    FieldSpec("coefficient", FieldKind.DECIMAL, "Coefficient", "Below 1 is better."),
    FieldSpec("points", FieldKind.INTEGER, "Points", ""),
    FieldSpec("previous_tier", FieldKind.PICKLIST, "Previous tier", "", TIERS),
    FieldSpec("way_back", FieldKind.TEXT, "Way back", ""),
    FieldSpec("reasons", FieldKind.LONG_TEXT, "Reasons", ""),
    FieldSpec("next_review", FieldKind.DATE, "Next review", ""),
    FieldSpec("computed_at", FieldKind.DATETIME, "Computed at", ""),
)


@dataclass(frozen=True)
class Words:
    """What the same things are called in one CRM."""

    contact: str
    deal: str
    link: str
    link_end: str
    last_name: str
    email: str
    amount: str
    close_date: str
    unknown_id: str
    deal_values: Mapping[str, str]
    settings: Mapping[str, str]
    api_names: Sequence[str]


WORDS = {
    "salesforce": Words(
        contact="Contact",
        deal="Opportunity",
        link="OpportunityContactRole",
        link_end="Contact",
        last_name="LastName",
        email="Email",
        amount="Amount",
        close_date="CloseDate",
        unknown_id="003SbZ00000ZZZZIB4",
        deal_values={"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-03-12"},
        settings={"client_id": "sandbox-client", "client_secret": "sandbox-secret"},
        api_names=("BonusMalus_Coefficient__c", "BonusMalus_Previous_Tier__c"),
    ),
    "hubspot": Words(
        contact="contacts",
        deal="deals",
        link="contacts",
        link_end="contacts",
        last_name="lastname",
        email="email",
        amount="amount",
        close_date="closedate",
        unknown_id="999999999999",
        deal_values={
            "dealname": "Deal",
            "pipeline": "default",
            "dealstage": "closedwon",
            "closedate": "2026-03-12T00:00:00Z",
        },
        settings={"token": "sandbox-token"},
        api_names=("bonus_malus_coefficient", "bonus_malus_previous_tier"),
    ),
}


class Crm:
    """One CRM of a fresh sandbox: its connector, and what happens in it."""

    def __init__(self, name: str, remote: Remote, **settings: Any) -> None:
        self.name = name
        self.words = WORDS[name]
        self.remote = remote
        self.connector = self.connect(**settings)
        self.fields = FieldSet(self.words.contact, "bonus malus", "Bonus-Malus", SPECS)

    def again(self, **settings: Any) -> "Crm":
        """The same CRM through a connector with other settings."""
        self.connector.close()
        self.connector = self.connect(**settings)
        return self

    def connect(self, progress: Any = None, secrets: Any = None, **settings: Any) -> CrmConnector:
        model = settings_model(self.name)
        given = {"url": self.remote.url} | dict(self.words.settings) | settings
        return connect(self.name, model(**given), time=self.remote, progress=progress, secrets=secrets)

    @staticmethod
    def window(start: datetime | None, end: datetime) -> Window:
        return Window(start, end)

    def insert(self, object_: str, values: Mapping[str, Any], at: datetime | None = None) -> str:
        event = {"do": "insert" if self.name == "salesforce" else "create", "object": object_, "values": values}
        return self.tell(event | ({"at": at.isoformat()} if at else {}))

    def insert_contacts(self, number: int, at: datetime | None = None) -> list[str]:
        do = "insert" if self.name == "salesforce" else "create"
        events = [
            {
                "crm": self.name,
                "do": do,
                "object": self.words.contact,
                "values": {self.words.last_name: f"Person {each}", self.words.email: f"p{each}@example.org"},
            }
            | ({"at": at.isoformat()} if at else {})
            for each in range(number)
        ]
        return self.remote.events(events)

    def contact(self, last_name: str, at: datetime | None = None) -> str:
        return self.insert(self.words.contact, {self.words.last_name: last_name}, at)

    def update(self, object_: str, id_: str, values: Mapping[str, Any]) -> None:
        self.tell({"do": "update", "object": object_, "id": id_, "values": values})

    def delete(self, object_: str, id_: str) -> None:
        self.tell({"do": "delete" if self.name == "salesforce" else "archive", "object": object_, "id": id_})

    def restore(self, object_: str, id_: str) -> None:
        self.tell({"do": "undelete" if self.name == "salesforce" else "restore", "object": object_, "id": id_})

    def merge(self, object_: str, survivor: str, loser: str) -> str:
        other = {"losers": [loser]} if self.name == "salesforce" else {"other": loser}
        return self.tell({"do": "merge", "object": object_, "id": survivor} | other)

    def link(self, deal: str, contact: str, label: str | None = None) -> None:
        if self.name == "salesforce":
            values = {"OpportunityId": deal, "ContactId": contact, "Role": label, "IsPrimary": label is not None}
            self.insert(self.words.link, values)
        else:
            event = {"do": "associate", "object": "deals", "id": deal, "to_object": "contacts", "to_id": contact}
            self.tell(event | ({"label": label} if label else {}))

    def tell(self, event: Mapping[str, Any]) -> str:
        return self.remote.events([{"crm": self.name, **event}])[0]

    def settle(self) -> datetime:
        """Let what happened become visible; the instant it is then."""
        self.remote.sleep(self.connector.settle.total_seconds())
        return self.remote.now()

    def query(self, object_: str | None = None, *fields: str, ours: bool = False, links: bool = False) -> ObjectQuery:
        object_ = object_ or self.words.contact
        return ObjectQuery(
            object_,
            fields or (self.words.last_name, self.words.email),
            (self.words.link,) if links else (),
            self.fields if ours else None,
        )

    def pages(self, query: ObjectQuery, start: datetime | None, end: datetime | None = None) -> list[Page]:
        return list(self.connector.changes(query, Window(start, end or self.remote.now() + timedelta(seconds=1))))

    def read(
        self, query: ObjectQuery | None = None, start: datetime | None = None, end: datetime | None = None
    ) -> dict[str, Record]:
        """Records by id, the later of two being the newer one; no problems."""
        pages = self.pages(query or self.query(), start, end)
        assert [problem for page in pages for problem in page.problems] == []
        return {record.id: record for page in pages for record in page.records}

    def problems(self, query: ObjectQuery) -> list[Problem]:
        return [problem for page in self.pages(query, None) for problem in page.problems]

    def live(self) -> int:
        return sum(not record.deleted for record in self.read().values())


@dataclass
class Fault:
    """What is answered instead, so many times, to requests whose method and path contain `where`."""

    where: str
    status: int
    body: Any
    times: int = 1_000_000
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    met: int = 0


class Doorstep:
    """One address for all tests, behind which each test has a sandbox of its own; and a place for faults."""

    def __init__(self) -> None:
        self.app: Any = None
        self.world: Any = None
        self.faults: list[Fault] = []
        self.asked: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        asked = f"{scope.get('method')} {scope['path']}"
        self.asked.append(asked)
        for fault in self.faults:
            if fault.where in asked and fault.met < fault.times:
                fault.met += 1
                body = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
                answer = Response(body, fault.status, dict(fault.headers), media_type=fault.kind)
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def doorstep() -> Iterator[tuple[Doorstep, str]]:
    doorstep = Doorstep()
    with Server(doorstep) as server:
        yield doorstep, server.url


@pytest.fixture
def remote(doorstep: tuple[Doorstep, str]) -> Iterator[Remote]:
    door, url = doorstep
    door.world, door.faults, door.asked = World(), [], []
    door.app = create_app(door.world)
    remote = Remote(url)
    remote.now()  # it measures from what it has heard
    yield remote
    remote.close()


@pytest.fixture
def faults(doorstep: tuple[Doorstep, str], remote: Remote) -> Callable[..., Fault]:
    """Switch a fault on; says how often it was met."""

    def switch_on(*args: Any, **options: Any) -> Fault:
        doorstep[0].faults.append(Fault(*args, **options))
        return doorstep[0].faults[-1]

    return switch_on


@pytest.fixture
def asked(doorstep: tuple[Doorstep, str], remote: Remote) -> Callable[[str], int]:
    """How many requests came whose method and path contain this."""
    return lambda where: sum(where in one for one in doorstep[0].asked)


@pytest.fixture(params=[*sorted(WORDS), "files", "stub"])
def crm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Every connector in turn, each with something that answers like its CRM."""
    words = replace(
        WORDS["salesforce"],
        unknown_id="Con99999",
        api_names=("coefficient", "previous_tier")
        if request.param == "stub"
        else ("bonus_malus_coefficient", "bonus_malus_previous_tier"),
    )
    if request.param == "files":
        crm: Any = Exports(words, SPECS, StillTime(), tmp_path)
    elif request.param == "stub":
        page = Path(__file__).parents[2] / "docs" / "connectors.md"
        crm = Documented(words, SPECS, StillTime(), tmp_path, page.read_text(encoding="utf-8"))
    else:
        crm = Crm(request.param, request.getfixturevalue("remote"))
    yield crm
    crm.connector.close()


@pytest.fixture(params=sorted(WORDS))
def online(request: pytest.FixtureRequest, remote: Remote) -> Iterator[Crm]:
    """Every CRM that is reached over a network."""
    crm = Crm(request.param, remote)
    yield crm
    crm.connector.close()


@pytest.fixture
def salesforce(remote: Remote) -> Iterator[Crm]:
    crm = Crm("salesforce", remote)
    yield crm
    crm.connector.close()


@pytest.fixture
def hubspot(remote: Remote) -> Iterator[Crm]:
    crm = Crm("hubspot", remote)
    yield crm
    crm.connector.close()


class StillTime:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self._now = datetime.fromisoformat("2026-11-22T08:00:00+00:00")

    def now(self) -> datetime:
        return self._now + timedelta(seconds=sum(self.waited))

    def monotonic(self) -> float:
        return sum(self.waited)

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


@pytest.fixture
def time() -> StillTime:
    return StillTime()


@pytest.fixture
def salesforce_reader(time: StillTime) -> Callable[[Any], Any]:
    """A reader on a session that a test made up."""

    def make(session: Any) -> Any:
        settings = settings_model("salesforce")(domain="acme.my", session_id="made up")
        progress = MemoryProgress()
        volume = Volume(session, progress, time=time, version=settings.api_version)
        return Reader(session, volume, progress, time=time, settings=settings)

    return make


@pytest.fixture
def hubspot_reader(time: StillTime) -> Callable[[Any], Any]:
    """A reader on a session that a test made up."""
    settings = settings_model("hubspot")(token="made up")
    return lambda session: HubSpotReader(session, MemoryProgress(), time=time, settings=settings)


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder with recorded answers of the real services; they are not part of this repository."""
    for above in Path(__file__).resolve().parents:
        for folder in (above / "recorded", above / "shared" / "recorded"):
            if (folder / "salesforce" / "MANIFEST.json").is_file():
                return folder
    pytest.skip("the recorded answers of the real services are not on this machine")


@pytest.fixture(scope="session")
def hubspot_calls(recorded: Path) -> list[dict[str, Any]]:
    lines = (recorded / "hubspot" / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
