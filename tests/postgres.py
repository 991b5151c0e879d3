"""A PostgreSQL server of the tests' own: on loopback, in a folder of its own, gone when they end."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

UNPRIVILEGED = "postgres"  # the server refuses to run as root
# A server writes days and instants as its administrator set it, not as we do.
OF_ITS_OWN = "-c timezone=Asia/Kolkata -c datestyle=German,DMY"
UNSAFE = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c autovacuum=off"
FAST = f"{OF_ITS_OWN} {UNSAFE} -c max_connections=60"


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    user: str

    def url(self, database: str) -> str:
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template1") -> str:
        """A database made as a copy of another one; its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            admin.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def disconnect(self, database: str) -> None:
        """End every session of a database, as a server that goes down does."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,))

    def shut(self, database: str, *, again: bool = False) -> None:
        """Let nobody into a database any more, and whoever is there out; or, `again`, let them in."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS {again}')
        self.disconnect(database)


def binaries() -> Path | None:
    """Where initdb and pg_ctl are, the newest first; None where PostgreSQL is not installed."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    found = shutil.which("pg_ctl")
    places = [*newest, *([Path(found).resolve().parent] if found else [])]
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


def missing() -> str | None:
    """Why no server can be started here; None if one can."""
    if binaries() is None:
        return "PostgreSQL is not installed (initdb and pg_ctl)"
    if os.geteuid() == 0 and (
        shutil.which("runuser") is None or UNPRIVILEGED not in {u.pw_name for u in pwd.getpwall()}
    ):
        return "root cannot run PostgreSQL, and there is no user postgres to run it"
    return None


@contextmanager
def running(settings: str = FAST) -> Iterator[Server]:
    """A server for as long as it is needed."""
    place = Path(tempfile.mkdtemp(prefix="bonus-malus-postgresql-"))
    programs, root = binaries(), os.geteuid() == 0
    assert programs is not None
    if root:
        shutil.chown(place, UNPRIVILEGED)
    become = ("runuser", "-u", UNPRIVILEGED, "--") if root else ()

    def call(program: str, *arguments: str) -> None:
        subprocess.run(
            [*become, str(programs / program), "-D", str(place / "data"), *arguments],
            cwd=place, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    try:
        call("initdb", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--username=test")
        with socket.socket() as free:  # just before it is taken: whatever else runs here takes free ones, too
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = f"-h 127.0.0.1 -p {port} -k {place} {settings}"
        call("pg_ctl", "start", "--wait", "--silent", "-l", str(place / "log"), "-o", options)
        try:
            yield Server(port, "test")
        finally:
            call("pg_ctl", "stop", "--mode=immediate", "--silent")
    finally:
        shutil.rmtree(place)
