"""Calls about pipelines."""

from sandbox.hubspot import pipeline
from sandbox.hubspot.call import Answer, Call


def list_(call: Call) -> Answer:
    """GET: every pipeline of a kind with its stages."""
    return 200, {"results": pipeline.shapes(call.kind(), call.now)}
