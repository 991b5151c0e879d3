"""One application that is both CRMs, each under its vendor's paths; what is ours is under `/sandbox`."""

from datetime import UTC, datetime, timedelta

from starlette.applications import Starlette
from starlette.middleware import Middleware

from sandbox.clock import Clock
from sandbox.control import routes as control_routes
from sandbox.count import CountRequests, Requests
from sandbox.dated import Dated
from sandbox.faults.faults import Faults
from sandbox.faults.middleware import Disturb
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.routes import routes as hubspot_routes
from sandbox.page.routes import routes as page_routes
from sandbox.salesforce.org import Org
from sandbox.salesforce.routes import routes as salesforce_routes

BEGINNING = datetime(2026, 11, 22, 8, tzinfo=UTC)


class World:
    """Both CRMs and the clock they share.

    Whatever is left out is the plain, empty one: a clock that stands still at `BEGINNING`, an org and a portal as they
    are on the day they are bought. `requests` counts what came in over HTTP, `faults` spoil it where they are told to.
    """

    def __init__(self, clock: Clock | None = None, *, org: Org | None = None, portal: Portal | None = None) -> None:
        self.clock: Clock = clock or Clock(BEGINNING)
        self.org: Org = org or Org(self.clock)
        self.portal: Portal = portal or Portal(self.clock)
        self.requests = Requests()
        self.faults = Faults(self)
        self.skew = timedelta()  # how far the vendors' clocks are ahead, for their Date header


def create_app(world: World) -> Starlette:
    """The application over a world; all of its handlers run on one event loop, so the state needs no locks.

    The faults stand between the counting and the CRMs: a call is counted, whatever becomes of it.
    """
    return Starlette(
        routes=[
            *control_routes(world),
            *page_routes(world),
            *salesforce_routes(world.org),
            *hubspot_routes(world.portal),
        ],
        middleware=[
            Middleware(Dated, world=world),
            Middleware(CountRequests, requests=world.requests),
            Middleware(Disturb, world=world),
        ],
    )
