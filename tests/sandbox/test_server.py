import socket

import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox.server import Server


async def hello(_):
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", hello)])


def test_it_answers_as_soon_as_the_block_begins():
    with Server(APP) as server:
        assert requests.get(server.url, timeout=60).text == "hello"


def test_the_port_is_free_again_after_the_block():
    with Server(APP) as server:
        port = int(server.url.rpartition(":")[2])
        requests.get(server.url, timeout=60)
    with Server(APP, port=port) as again:
        assert again.url == server.url
        assert requests.get(again.url, timeout=60).text == "hello"


def test_a_taken_port_is_refused_in_one_line():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port} of 127.0.0.1 cannot be used"):
            Server(APP, port=port)


def test_leaving_the_block_ends_connections_that_a_client_keeps_open():
    with requests.Session() as session:
        with Server(APP) as server:
            session.get(server.url, timeout=60)
        with pytest.raises(requests.ConnectionError):
            session.get(server.url, timeout=60)
