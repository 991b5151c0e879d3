"""The page at `/sandbox/`: find a contact in either CRM, and see it as a rep would."""

from __future__ import annotations

from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.page import in_hubspot, in_salesforce
from sandbox.page.card import card
from sandbox.page.view import Contact, Listed, day, decimals, initials, moment
from sandbox.page.words import WORDS, language_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from starlette.requests import Request

    from sandbox.app import World

PER_PAGE = 50
# Nothing from elsewhere and no script: whatever a record holds, it is shown and never done. (data: is the empty icon.)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'"
}


def routes(world: World) -> list[BaseRoute]:
    """The list and the record views of both CRMs."""
    page = _Page(world)
    return [
        Route("/sandbox", _to_list, methods=["GET"]),
        Route("/sandbox/", page.list, methods=["GET"]),
        Route("/sandbox/salesforce/Contact/{id}", page.record(lambda id_: in_salesforce.contact(world.org, id_))),
        Route("/sandbox/hubspot/contacts/{id}", page.record(lambda id_: in_hubspot.contact(world.portal, id_))),
    ]


async def _to_list(_: Request) -> Response:
    return RedirectResponse("/sandbox/")


class _Page:
    def __init__(self, world: World) -> None:
        self._world = world
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"initials": initials, "day": day, "decimals": decimals}

    async def list(self, request: Request) -> Response:
        """Contacts whose name, e-mail or id holds the words of `q`, those of `crm` or of both."""
        words = request.query_params.get("q", "").strip()
        crm = request.query_params.get("crm", "")
        number = request.query_params.get("page", "1")
        page = int(number) if number.isascii() and number.isdecimal() and 0 < len(number) < 7 else 1  # noqa: PLR2004 - no CRM has a million pages
        start = (max(page, 1) - 1) * PER_PAGE
        # By name: somebody who is in both CRMs stands in two lines, one below the other.
        found = nsmallest(start + PER_PAGE + 1, self._matching(words, crm), key=_by_name)[start:]
        return self._rendered(
            "list.html", words=words, crm=crm, page=max(page, 1), contacts=found[:PER_PAGE], more=len(found) > PER_PAGE
        )

    def record(self, find: Callable[[str], Contact]) -> Callable[[Request], Awaitable[Response]]:
        """The view of one record, which `find` finds by its id."""

        async def view(request: Request) -> Response:
            try:
                contact = find(request.path_params["id"])
            except ValueError as error:
                return self._rendered("missing.html", status=404, what=str(error))
            language = language_of(contact.ours)
            section = card(contact.ours)
            return self._rendered(
                "record.html", contact=contact, card=section, texts=WORDS[language], language=language
            )

        return view

    def _matching(self, words: str, crm: str) -> Iterator[Listed]:
        wanted = words.casefold().split()
        if crm != "hubspot":
            yield from (one for one in in_salesforce.listed(self._world.org) if _fits(one, wanted))
        if crm != "salesforce":
            yield from (one for one in in_hubspot.listed(self._world.portal) if _fits(one, wanted))

    def _rendered(self, template: str, *, status: int = 200, **values: object) -> Response:
        now = moment(self._world.clock.now())
        return HTMLResponse(self._templates.get_template(template).render(now=now, **values), status, _HEADERS)


def _fits(one: Listed, wanted: list[str]) -> bool:
    if not wanted:
        return True
    text = f"{one.name} {one.email} {one.path.rpartition('/')[2]}".casefold()
    return all(word in text for word in wanted)


def _by_name(one: Listed) -> tuple[str, str, str]:
    return one.name.casefold(), one.email.casefold(), one.crm
