"""Random requests to every address of the sandbox: none may end in a traceback, none may run for ever.

    python bench/fuzz_sandbox.py [CASES] [SEED]

What is sent are requests that would be right, with something in them put out of joint: addresses, parameters, queries,
bodies, headers. Prints how many were answered by which status, and every request that broke something, as it was sent.
"""

import asyncio
import copy
import json
import random
import signal
import sys
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from starlette.routing import Route

from sandbox.app import World, create_app
from sandbox.company import Company, populate

PATIENCE = 30  # seconds for one request, after which it runs for ever
PER_WORLD = 400  # requests before a new world
OBJECTS = ("Contact", "Account", "Case", "Task", "Order", "Lead", "Invoice__c", "PermissionSet", "contacts", "deals")
OBJECTS += ("tickets", "0-1", "feedback_submissions", "emails", "companies", "orders", "Nothing__c", "")
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3.5, 1e308, -1e308, 10**30, "", " ", "x", "é漢🙂", "\x00", "\u2028", "'", '"', "%",
    "a" * 300,
    "2026-02-30", "2026-11-22T08:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "٣",
    "\uff11\uff12", "-0",
    "1e5", "NaN", "Infinity", "003Sb0000000001IAA", "99999999999999999999", [], {}, [[]], [None], {"": None}, "null",
    ["x", 1], {"id": {"id": []}}, "true", "#N/A", "{", "<a/>", "\ud800",
)  # fmt: skip
WORDS = (
    "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "ORDER BY", "LIMIT", "OFFSET", "COUNT()", "COUNT(Id)",
    "Id", "Name", "LastName", "Account.Name", "Who.Type", "SystemModstamp", "Contact", "Task", "=", "!=", ">=", "<",
    "'x'", "'%'", "'\\_'", "'\\q'", "(", ")", ",", "null", "true", "1", "99999999999999999999", "2026-11-22", "TODAY",
    "2026-11-22T08:00:00Z", "2026-13-45T99:00:00Z", "LAST_N_DAYS:3", "LAST_N_DAYS:99999999999", "NULLS LAST", "DESC",
    "(SELECT Id FROM Cases)", "IsDeleted", "Description", "Amount__c", ".", "\x00", "🙂", "MailingAddress",
)  # fmt: skip
QUERIES = (
    "SELECT Id, Name, Account.Name FROM Contact WHERE SystemModstamp >= 2026-01-01T00:00:00Z ORDER BY Name LIMIT 5",
    "SELECT Id, Who.Type FROM Task WHERE Subject LIKE 'C%' AND IsClosed = true",
    "SELECT COUNT() FROM Case WHERE CreatedDate = LAST_N_DAYS:30",
    "SELECT Id, (SELECT Id FROM Cases) FROM Contact WHERE Id IN ('003Sb0000000001IAA') OR (NOT LastName = 'x')",
)
RIGHT: dict[str, list[Any]] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
"""Bodies that would be right, by a part of the address they are right for; the first part that fits counts."""
EVERY = [body for bodies in RIGHT.values() for body in bodies]
SOAP = (
    '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="http://soap.sforce.com/'
    '2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Header><SessionHeader><sessionId>{token}'
    '</sessionId></SessionHeader></e:Header><e:Body><upsertMetadata><metadata xsi:type="CustomField"><fullName>Contact.'
    "A__c</fullName><label>A</label><type>Number</type><precision>5</precision><scale>2</scale></metadata>"
    "</upsertMetadata></e:Body></e:Envelope>"
)
CSV = 'Id,Title,Department\n003Sb0000000001IAA,T,#N/A\n003Sb0000000002IAA,"a\nb",\n'


@dataclass(slots=True)
class Request:
    """One request, as ASGI takes it."""

    method: str
    path: str
    query: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


class Fuzz:
    """Requests out of dice, against worlds that are made anew now and then."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - no secret hangs on it
        self.statuses: Counter[int] = Counter()
        self.broken: list[tuple[str, Exception | None, Request]] = []
        self._left = 0

    async def run(self, cases: int) -> None:
        """So many requests, one after the other."""
        for _ in range(cases):
            if not self._left:
                self._renew()
            self._left -= 1
            await self._one(self._request())

    def _renew(self) -> None:
        world = World()
        populate(world, Company(seed=1, customers=8))
        self._world, self._app, self._left = world, create_app(world), PER_WORLD
        self._routes = [route for route in self._app.routes if isinstance(route, Route)]
        world.portal.scopes |= {kind.read_scope for kind in world.portal.store.kinds.values()}
        world.portal.scopes |= {kind.write_scope for kind in world.portal.store.kinds.values()}
        world.portal.scopes |= {"communication_preferences.statuses.batch.read", "crm.schemas.deals.write"}
        self._jobs: list[str] = []

    async def _one(self, request: Request) -> None:
        world = self._world
        # What one request has spent or switched on must not stand before the next one.
        world.faults.clear()
        world.portal.burst.limit = world.portal.searches.limit = world.portal.daily.limit = world.org.usage.limit = (
            10**9
        )
        said: list[Any] = []
        told = iter([{"type": "http.request", "body": request.body}, {"type": "http.disconnect"}])

        async def receive() -> Any:
            return next(told, {"type": "http.disconnect"})

        async def send(message: Any) -> None:
            said.append(message)

        scope = {
            "type": "http", "http_version": "1.1", "method": request.method, "scheme": "http", "path": request.path,
            "raw_path": quote(request.path, errors="replace").encode(), "query_string": request.query, "root_path": "",
            "headers": request.headers, "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "extensions": {},
        }  # fmt: skip
        signal.alarm(PATIENCE)
        try:
            await self._app(scope, receive, send)
        except ConnectionResetError:  # a fault that was switched on
            self.statuses[0] += 1
        except Exception as error:  # noqa: BLE001 - every kind of traceback is what is looked for
            places = [place for place in traceback.extract_tb(error.__traceback__) if "/sandbox/" in place.filename]
            self.broken.append((f"{type(error).__name__} at {places[-1].filename}:{places[-1].lineno}", error, request))
        else:
            status = said[0]["status"] if said else 0
            self.statuses[status] += 1
            if status == 500 and "/Soap/" not in request.path:  # noqa: PLR2004 - only SOAP means it: every fault has it
                self.broken.append((f"status 500 of {request.path}", None, request))
            self._learn(request, said)
        finally:
            signal.alarm(0)

    def _learn(self, request: Request, said: list[Any]) -> None:
        if request.method == "POST" and "/jobs/" in request.path and said and said[0]["status"] == 200:  # noqa: PLR2004
            self._jobs.append(json.loads(b"".join(part.get("body", b"") for part in said[1:]))["id"])

    # Making requests

    def _chance(self, share: float) -> bool:
        return self.dice.random() < share

    def _request(self) -> Request:
        dice = self.dice
        route = dice.choice(self._routes)
        method = dice.choice(sorted(route.methods or {"GET"})) if self._chance(0.9) else dice.choice(["PUT", "PATCH"])
        path = route.path
        for name in route.param_convertors:
            for form in (f"{{{name}}}", f"{{{name}:path}}"):
                path = path.replace(form, self._part(name, route.path))
        if self._chance(0.02):
            path = "/" + "".join(chr(dice.randrange(32, 0x3000)) for _ in range(dice.randrange(40)))
        headers = [(b"authorization", self._token(path)), (b"host", b"sandbox"), (b"content-type", self._type(path))]
        if self._chance(0.1):
            header = dice.choice(
                [b"sforce-query-options", b"sforce-duplicate-rule-header", b"accept", b"authorization"]
            )
            headers.append((header, dice.randbytes(dice.randrange(20))))
        query = urlencode(self._params(), errors="replace").encode()
        if self._chance(0.03):
            query = quote(dice.randbytes(30)).encode()
        return Request(method, path, query, headers, self._body(path))

    def _part(self, name: str, path: str) -> str:
        dice = self.dice
        if name == "version" and self._chance(0.9):
            return "62.0"
        if name in {"object", "from", "to"} and self._chance(0.9):
            of_crm = [each for each in OBJECTS if each[:1].isupper() == path.startswith("/services")]
            return dice.choice(of_crm if self._chance(0.9) else OBJECTS)
        if name == "id" and self._chance(0.7):
            known = [*self._jobs[-3:], "003Sb0000000001IAA", "1", "9999999951", str(dice.choice(self._people()))]
            return dice.choice(known)
        if name == "field" and self._chance(0.8):
            return dice.choice(["Email", "Id", "Title"])
        return str(dice.choice(JUNK)).replace("\ud800", "?") or "x"

    def _people(self) -> list[int]:
        return self._world.portal.store.tables["contacts"].live or [1]

    def _token(self, path: str) -> bytes:
        if self._chance(0.03):
            return self.dice.choice([b"", b"Bearer", b"Basic !!!", b"Basic YTpi", b"Bearer \xff"])
        if path.startswith("/services"):
            return b"Bearer " + self._world.org.sessions.open(self._world.org.admin).token.encode()
        return b"Bearer " + self._world.portal.tokens.fixed.encode()

    def _type(self, path: str) -> bytes:
        if path.endswith("/batches"):
            return b"text/csv"
        return self.dice.choice([b"application/json", b"application/json", b"text/xml", b"\xff"])

    def _params(self) -> dict[str, str]:
        dice = self.dice
        params: dict[str, str] = {}
        for name in ("limit", "after", "archived", "properties", "associations", "propertiesWithHistory", "idProperty",
                     "locator", "maxRecords", "fields", "ids", "allOrNone", "channel", "email"):  # fmt: skip
            if self._chance(0.15):
                params[name] = str(dice.choice((*JUNK, "5", "email", "contacts", "EMAIL", "MTA"))).replace(
                    "\ud800", "?"
                )
        params["q"] = self._query()
        params["start"], params["end"] = (
            dice.choice(["2026-11-20T08:00:00Z", "2026-11-22T08:00:00+00:00", "2026", "", "0001-01-01T00:00:00+14:00"])
            for _ in range(2)
        )
        return params

    def _query(self) -> str:
        dice = self.dice
        if self._chance(0.3):
            return dice.choice(QUERIES)
        if self._chance(0.5):
            return " ".join(dice.choice(WORDS) for _ in range(dice.randrange(1, 14)))
        words = dice.choice(QUERIES).split()
        for _ in range(dice.randrange(1, 4)):
            words[dice.randrange(len(words))] = dice.choice(WORDS)
        return " ".join(words)

    def _body(self, path: str) -> bytes:
        dice = self.dice
        if "/Soap/" in path:
            return self._mangled(SOAP.replace("{token}", self._world.org.sessions.open(self._world.org.admin).token))
        if path.endswith("/batches"):
            return self._mangled(CSV)
        if "/token" in path:
            form = {"grant_type": dice.choice(["client_credentials", "refresh_token", "x", JWT]), "assertion": "a.b.c"}
            form |= {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "refresh_token": "x"}
            return self._mangled(urlencode(form))
        if self._chance(0.05):
            return dice.randbytes(dice.randrange(60))
        right = next((bodies for part, bodies in RIGHT.items() if part in path), EVERY)
        body = copy.deepcopy(dice.choice(right if self._chance(0.85) else EVERY))
        for _ in range(dice.choice([0, 1, 1, 2, 3])):
            body = self._put_out_of_joint(body)
        text = json.dumps(body, ensure_ascii=self._chance(0.9))
        return self._mangled(text) if self._chance(0.1) else text.encode(errors="surrogatepass")

    def _put_out_of_joint(self, value: Any) -> Any:
        dice = self.dice
        if isinstance(value, dict) and value and self._chance(0.85):
            name = dice.choice(sorted(value))
            if self._chance(0.1):
                value[str(dice.choice(JUNK))] = value.pop(name)
            else:
                value[name] = self._put_out_of_joint(value[name])
            return value
        if isinstance(value, list) and value and self._chance(0.85):
            place = dice.randrange(len(value))
            value[place] = self._put_out_of_joint(value[place])
            return value * dice.choice([1, 1, 1, 2, 150]) if self._chance(0.2) else value
        return copy.deepcopy(dice.choice(JUNK))

    def _mangled(self, text: str) -> bytes:
        dice = self.dice
        data = bytearray(text.encode(errors="surrogatepass"))
        for _ in range(dice.randrange(4)):
            at = dice.randrange(len(data) + 1)
            data[at : at + dice.randrange(6)] = dice.choice(
                [b"", b"\x00", b"\xff", b'"', b"<", b"\n", dice.randbytes(3)]
            )
        return bytes(data)


JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def _run_out(_signal: int, _frame: object) -> None:
    raise TimeoutError(f"no answer after {PATIENCE} seconds")


def fuzz(cases: int, seed: int) -> Fuzz:
    """So many requests; what came of them."""
    made = Fuzz(seed)
    signal.signal(signal.SIGALRM, _run_out)
    asyncio.run(made.run(cases))
    return made


def main() -> int:
    """The command."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1  # noqa: PLR2004 - the second argument
    made = fuzz(cases, seed)
    for place, (error, request) in {place: (error, request) for place, error, request in made.broken}.items():
        print(f"{place}: {error}\n  {request}")
    answered = ", ".join(f"{status}: {count}" for status, count in sorted(made.statuses.items()))
    print(f"{cases} requests with seed {seed}, {len(made.broken)} broken; statuses {answered}")
    return 1 if made.broken else 0


if __name__ == "__main__":
    sys.exit(main())
