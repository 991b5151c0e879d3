"""OAuth with a portal: tokens refreshed by their expiry, one at a time, rotated ones kept at once."""

import threading
from errno import ENOSPC, EROFS
from pathlib import Path
from typing import Any

import pytest

from connectors import settings_model
from connectors.errors import Fatal, SignInRefused, Unreachable
from connectors.hubspot.signin import SignIn
from connectors.redaction import Redactor
from connectors.secretfile import FileSecrets, MemorySecrets

APP = {"token": None, "client_id": "app", "client_secret": "app-secret", "refresh_token": "given"}
OAUTH = "POST /oauth/2026-09/token"


def answer(**words: Any) -> dict[str, Any]:
    return {"access_token": "sandbox-token", "expires_in": 1800, "token_type": "bearer", **words}


def test_an_access_token_is_fetched_once_and_used_until_shortly_before_its_end(hubspot: Any, faults: Any, asked: Any):
    portal = hubspot.again(**APP)
    faults(OAUTH, 200, answer())
    portal.connector.account()
    portal.remote.sleep(1400)
    portal.connector.account()
    assert asked(OAUTH) == 1
    portal.remote.sleep(150)
    portal.connector.account()
    assert asked(OAUTH) == 2


def test_hw18_a_401_brings_one_new_token_and_the_second_one_is_a_matter_for_a_person(
    hubspot: Any, faults: Any, asked: Any
):
    portal = hubspot.again(**APP)
    faults(OAUTH, 200, answer())
    refused = {"status": "error", "message": "expired", "category": "EXPIRED_AUTHENTICATION"}
    faults("/account-info", 401, refused, times=1)
    assert portal.connector.account().id
    assert asked(OAUTH) == 2
    fault = faults("/account-info", 401, refused)
    with pytest.raises(SignInRefused):
        portal.connector.account()
    assert (asked(OAUTH), fault.met) == (3, 2)


def test_sr34_a_rotated_refresh_token_is_in_the_store_before_the_new_access_token_is_used(hubspot: Any, faults: Any):
    kept: list[str] = []

    class Store(MemorySecrets):
        def put(self, name: str, secret: str) -> None:
            kept.append(secret)
            super().put(name, secret)
            if secret == "second":
                raise Fatal("the disk is full")

    store = Store()
    faults(OAUTH, 200, answer(refresh_token="first"), times=1)
    faults(OAUTH, 200, answer(refresh_token="second"))
    portal = hubspot.again(secrets=store, **APP)
    portal.connector.account()
    assert kept == ["first"]
    portal.remote.sleep(1800)
    with pytest.raises(Fatal, match="disk"):
        portal.connector.account()


def test_sr34_the_kept_refresh_token_is_used_and_one_it_no_longer_takes_gives_way_to_the_settings(
    hubspot: Any, faults: Any, asked: Any
):
    store = MemorySecrets()
    store.put("hubspot/app/refresh_token", "old")
    faults(OAUTH, 400, {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"}, times=1)
    faults(OAUTH, 200, answer(refresh_token="new"))
    hubspot.again(secrets=store, **APP).connector.account()
    assert store.get("hubspot/app/refresh_token") == "new"
    assert asked(OAUTH) == 2


def test_a_refused_refresh_token_is_a_matter_for_a_person_and_stands_in_no_error(hubspot: Any, faults: Any):
    faults(OAUTH, 400, {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token: given"})
    with pytest.raises(SignInRefused, match="install the app") as refused:
        hubspot.again(**APP).connector.account()
    assert "given" not in str(refused.value).replace("given anew", "")


@pytest.mark.parametrize(("status", "kind"), [(503, "application/json"), (200, "text/html")])
def test_a_failing_token_server_is_tried_again_and_then_unreachable(hubspot: Any, faults: Any, status: int, kind: str):
    fault = faults(OAUTH, status, "{}" if status == 503 else "<html>", times=2, kind=kind)
    faults(OAUTH, 200, answer(), times=1)
    portal = hubspot.again(**APP)
    assert portal.connector.account().id
    assert fault.met == 2
    fault.times = 1_000_000
    with pytest.raises(Unreachable):
        hubspot.again(**APP).connector.account()


def test_a_refresh_token_that_stays_needs_no_place_to_be_kept_in(hubspot: Any, faults: Any):
    """HubSpot's stay, and the folder of the settings may be read-only, as in a container."""

    class Nowhere(MemorySecrets):
        def put(self, name: str, secret: str) -> None:
            raise OSError(EROFS, "Read-only file system")

    faults(OAUTH, 200, answer(refresh_token="given"))
    assert hubspot.again(secrets=Nowhere(), **APP).connector.account().id


def test_hw18_many_threads_fetch_one_token(time: Any, monkeypatch: pytest.MonkeyPatch):
    settings = settings_model("hubspot")(**APP)
    entry = SignIn(settings, MemorySecrets(), Redactor(()), time=time)
    fetched: list[int] = []
    monkeypatch.setattr(entry, "_post", lambda _refresh: fetched.append(1) or answer())
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        entry.bearer()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fetched == [1]


def test_sr34_secrets_are_in_a_file_of_their_owner_alone(tmp_path: Path):
    file = tmp_path / "secrets.json"
    FileSecrets(file).put("a", "one")
    FileSecrets(file).put("b", "two")
    FileSecrets(file).put("a", "three")
    assert (FileSecrets(file).get("a"), FileSecrets(file).get("b"), FileSecrets(file).get("c")) == (
        "three",
        "two",
        None,
    )
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["secrets.json"]
    file.chmod(0o644)
    with pytest.raises(Fatal, match="chmod 600"):
        FileSecrets(file).get("a")
    file.chmod(0o600)
    file.write_text("not ours")
    with pytest.raises(Fatal, match="not what we wrote"):
        FileSecrets(file).get("a")


def test_sr34_a_write_that_fails_leaves_the_old_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "secrets.json"
    FileSecrets(file).put("a", "one")

    def fail(*_: Any) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr("connectors.replacing.os.fsync", fail)
    with pytest.raises(OSError, match=r"No space left on device: .*secrets\.json"):
        FileSecrets(file).put("a", "two")
    assert FileSecrets(file).get("a") == "one"
    assert [one.name for one in tmp_path.iterdir()] == ["secrets.json"]


@pytest.mark.parametrize("given", [{}, {"token": "t", "client_id": "app"}, {"client_id": "app", "client_secret": "s"}])
def test_a_portal_has_exactly_one_way_in(given: dict[str, str]):
    with pytest.raises(ValueError, match="either token"):
        settings_model("hubspot")(**given)


@pytest.mark.parametrize("version", ["2026-09", "legacy"])
def test_hw18_sr34_a_portal_that_rotates_refresh_tokens_is_reached_day_after_day(
    hubspot: Any, doorstep: Any, version: str
):
    tokens = doorstep[0].world.portal.tokens
    tokens.rotates = True
    store = MemorySecrets()
    app = APP | {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "refresh_token": tokens.install()}
    for _ in range(3):
        portal = hubspot.again(secrets=store, api_version=version, **app)
        assert portal.connector.account().id
        portal.remote.sleep(3600)
        assert portal.connector.account().id
        portal.remote.sleep(86_400)
