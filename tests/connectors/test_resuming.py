"""A first fill that dies in the middle of a long read goes on there, with the same remote jobs, and ends the same."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bench import soup
from connectors.hubspot import associations
from connectors.hubspot import read as hubspot_read
from connectors.salesforce import bulk_query
from sandbox.salesforce.bulk.query_job import QueryJob
from sync.job import Progress
from sync.run import run


class KilledError(Exception):
    """The process is gone."""


@pytest.fixture(scope="module", autouse=True)
def _small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk_query, "PAGE", 60)
        patch.setattr(bulk_query, "CHUNK", 20)
        patch.setattr(bulk_query, "PIECE", 20)
        patch.setattr(hubspot_read, "PAGE", 20)
        patch.setattr(hubspot_read, "IDS", 40)
        patch.setattr(associations, "IDS", 40)
        yield


def fill(at: tuple[str, str, int] | None = None, *, between: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """A first fill, killed behind a page of one object and begun again by a new process; the values, the calls."""
    with soup.stage(310) as (world, remote, sources, job):
        remote.set(soup.FIRST)
        remote.sleep(7200)
        world.requests.clear()
        if at is not None:
            seen = 0

            def kill(step: Progress) -> None:
                nonlocal seen
                seen += (step.stage, step.connection, step.object) == ("read", *at[:2])
                if seen == at[2]:
                    raise KilledError

            made = sources()
            with pytest.raises(KilledError):
                run(replace(job(made), watch=kill))
            for source in made.values():
                source.connector.close()
            if between is not None:
                between(world)
            remote.sleep(600)
        assert soup.once(job, sources).state == "done"
        return soup.values(world), remote.requests()


@pytest.fixture(scope="module")
def calm() -> tuple[dict[str, Any], dict[str, Any]]:
    return fill()


@pytest.mark.parametrize("page", [1, 6])
def test_sr19_a_killed_read_goes_on_with_its_query_job_and_its_page(calm: Any, page: int):
    values, calls = fill(("salesforce", "Contact", page))
    assert values == calm[0]
    assert calls["salesforce"]["query job"] == calm[1]["salesforce"]["query job"]
    # What the ledger had not been told of yet is at most one page of results.
    assert calls["salesforce"]["query results"] <= calm[1]["salesforce"]["query results"] + 1


def test_a_query_job_that_is_gone_is_made_anew(calm: Any):
    def gone(world: Any) -> None:
        for job in list(world.org.bulk.all(QueryJob)):
            world.org.bulk.drop(job)

    values, calls = fill(("salesforce", "Contact", 5), between=gone)
    assert values == calm[0]
    assert calls["salesforce"]["query job"] == calm[1]["salesforce"]["query job"] + 1


@pytest.mark.parametrize("page", [4])
def test_a_killed_read_goes_on_where_its_list_was(calm: Any, page: int):
    values, calls = fill(("hubspot", "contacts", page))
    assert values == calm[0]
    assert calls["hubspot"]["list"] <= calm[1]["hubspot"]["list"] + 3
