"""What goes wrong on the line: time, connections, bytes."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from sandbox.faults.option import Bytes, HeaderName, HeaderText, HttpStatus, Seconds, Share
from sandbox.faults.turn import Heard, Turn

PAGE = (
    "<!DOCTYPE html>\n<html><head><title>We'll be right back</title></head>"
    "<body><h1>Service under maintenance</h1><p>Please try again later.</p></body></html>\n"
)


@dataclass(frozen=True, slots=True)
class Latency:
    """The call takes so many seconds of the sandbox clock."""

    seconds: Seconds

    async def play(self, turn: Turn) -> None:
        """The time passes before the call is looked at: tokens may die of it."""
        turn.world.clock.advance(timedelta(seconds=self.seconds))
        await turn.pass_on()


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer, ever: what a timeout is for (SR23)."""

    async def play(self, turn: Turn) -> None:
        """The call is not looked at."""
        await turn.body()
        await turn.wait()


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection breaks: before the call is looked at, after it was done but not answered, or within the body."""

    when: Literal["before", "after", "body"] = "before"
    keep: Share = 0.5

    async def play(self, turn: Turn) -> None:
        """`after` is the one in which a write has happened (SW16)."""
        if self.when == "before":
            await turn.sever(gently=False)
            return
        heard = await turn.hear()
        if self.when == "after" or not heard.body:
            await turn.sever(gently=False)
            return
        whole = heard.with_body(heard.body)
        await turn.begin(whole, heard.body[: int(len(heard.body) * self.keep)])
        await turn.sever(gently=True)


@dataclass(frozen=True, slots=True)
class Truncate:
    """The body ends too early, and nothing on the line says so. `at` a row, it is still a well-formed CSV (SR18)."""

    keep: Share = 0.5
    at: Literal["byte", "row"] = "byte"

    async def play(self, turn: Turn) -> None:
        """The headers are those of the whole answer, but for its length."""
        heard = await turn.hear()
        cut = heard.body[: int(len(heard.body) * self.keep)]
        if self.at == "row":
            cut = cut[: cut.rfind(b"\n") + 1]
        await turn.say(heard.with_body(cut))


@dataclass(frozen=True, slots=True)
class Page:
    """A page of HTML where data were asked for, with 200 or another status (HR20, SR39)."""

    status: HttpStatus = 200

    async def play(self, turn: Turn) -> None:
        """The call is not looked at."""
        await turn.answer(self.status, PAGE.encode(), "text/html;charset=utf-8")


@dataclass(frozen=True, slots=True)
class Empty:
    """No body at all."""

    status: HttpStatus = 200

    async def play(self, turn: Turn) -> None:
        """The call is not looked at."""
        await turn.answer(self.status, b"", "application/json;charset=utf-8")


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that call themselves gzip and are not."""

    size: Bytes = 200

    async def play(self, turn: Turn) -> None:
        """The call is done; its answer is lost."""
        heard = await turn.hear()
        kind = next((value for name, value in heard.headers if name == b"content-type"), b"application/json")
        noise = b"\x1f\x8b\x08\x00" + turn.dice.randbytes(self.size)
        await turn.answer(heard.status, noise, kind.decode(), {"content-encoding": "gzip"})


@dataclass(frozen=True, slots=True)
class Headers:
    """Headers of the answer are missing or say something else."""

    drop: tuple[HeaderName, ...] = ()
    say: dict[HeaderName, HeaderText] = field(default_factory=dict)

    async def play(self, turn: Turn) -> None:
        """The rest of the answer stays."""
        heard = await turn.hear()
        gone = {name.lower().encode() for name in (*self.drop, *self.say)}
        kept = [(name, value) for name, value in heard.headers if name.lower() not in gone]
        told = [(name.encode(), value.encode()) for name, value in self.say.items()]
        await turn.say(Heard(heard.status, [*kept, *told], heard.body))
