"""Something that happens in a CRM, told as plain JSON: how time brings orders, decisions and merges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sandbox.told import Told, ToldError

if TYPE_CHECKING:
    from sandbox.app import World

# What an act is told besides "crm" and "do", and the act itself; one that answers no id keeps the one it was told.
_Acts = Mapping[str, tuple[tuple[str, ...], Callable[["World", Told], str | None]]]


def apply(world: World, event: object) -> str:
    """Let one event happen; the id of its record (of the survivor after a merge), "" for what happens to none.

    An event is `{"crm": …, "do": …, "object": …, "id": …, "values": {…}, "at": …}`; the tables below say what each act
    needs. Raises ValueError with one line that says what is wrong.
    """
    told = Told(event)
    crm = told.word("crm")
    if crm not in _ACTS:
        raise ToldError(f'"crm" is one of {", ".join(_ACTS)}, not {crm!r}')
    do = told.word("do")
    if do not in _ACTS[crm]:
        raise ToldError(f'"do" is one of {", ".join(_ACTS[crm])} in {crm}, not {do!r}')
    needs, act = _ACTS[crm][do]
    told.only(["crm", "do", *needs])
    return act(world, told) or told.word_or_none("id") or ""


_SALESFORCE: _Acts = {
    "insert": (
        ("object", "values", "id", "at"),
        lambda world, told: world.org.insert(
            told.word("object"), told.values(), id=told.word_or_none("id"), at=told.instant_or_none("at")
        ),
    ),
    "update": (
        ("object", "id", "values", "at"),
        lambda world, told: world.org.update(
            told.word("object"), told.word("id"), told.values(), at=told.instant_or_none("at")
        ),
    ),
    "delete": (("object", "id"), lambda world, told: world.org.delete(told.word("object"), told.word("id"))),
    "undelete": (("object", "id"), lambda world, told: world.org.undelete(told.word("object"), told.word("id"))),
    "archive": (("object", "id"), lambda world, told: world.org.archive(told.word("object"), told.word("id"))),
    "alter": (
        ("object", "id", "values"),
        lambda world, told: world.org.alter(told.word("object"), told.word("id"), told.values()),
    ),
    "convert": (
        ("id", "contact", "account"),
        lambda world, told: world.org.convert(
            told.word("id"), contact=told.word_or_none("contact"), account=told.word_or_none("account")
        ),
    ),
    "merge": (
        ("object", "id", "losers"),
        lambda world, told: world.org.merge(told.word("object"), told.word("id"), told.words("losers")),
    ),
    "empty_bin": ((), lambda world, _told: world.org.bin.empty()),
    "hide_field": (
        ("object", "field"),
        lambda world, told: world.org.hide_field(told.word("object"), told.word("field")),
    ),
    "remove_field": (
        ("object", "field"),
        lambda world, told: world.org.drop_field(told.word("object"), told.word("field")),
    ),
    "add_record_type": (
        ("object", "name", "label"),
        lambda world, told: world.org.add_record_type(told.word("object"), told.word("name"), told.word("label")),
    ),
    "withdraw": (("object",), lambda world, told: world.org.withdraw(told.word("object"))),
    "share_activities": ((), lambda world, _told: world.org.shared_activities.switch_on()),
    "fail_jobs": (("message",), lambda world, told: world.org.bulk.fail(told.word("message"))),
    "sign_out": ((), lambda world, _told: world.org.sessions.revoke_all()),
    "spend": (("calls",), lambda world, told: world.org.usage.add(int(told.number("calls")))),
    "trust": (
        ("client", "certificate"),
        lambda world, told: world.org.sessions.trust(told.word("client"), told.word("certificate")),
    ),
    "authorize": (("client",), lambda world, told: world.org.sessions.authorize(told.word("client"))),
}
_HUBSPOT: _Acts = {
    "create": (
        ("object", "values", "id", "at"),
        lambda world, told: world.portal.create(
            told.word("object"), told.texts(), id=told.word_or_none("id"), at=told.instant_or_none("at")
        ),
    ),
    "update": (
        ("object", "id", "values", "at"),
        lambda world, told: world.portal.update(
            told.word("object"), told.word("id"), told.texts(), at=told.instant_or_none("at")
        ),
    ),
    "archive": (("object", "id"), lambda world, told: world.portal.archive(told.word("object"), told.word("id"))),
    "restore": (("object", "id"), lambda world, told: world.portal.restore(told.word("object"), told.word("id"))),
    "merge": (
        ("object", "id", "other"),
        lambda world, told: world.portal.merge(told.word("object"), told.word("id"), told.word("other")),
    ),
    "associate": (
        ("object", "id", "to_object", "to_id", "label"),
        lambda world, told: world.portal.associate(
            told.word("object"),
            told.word("id"),
            told.word("to_object"),
            told.word("to_id"),
            label=told.word_or_none("label"),
        ),
    ),
    "gdpr_delete": (("id",), lambda world, told: world.portal.gdpr_delete(told.word("id"))),
    "alter": (
        ("object", "id", "values"),
        lambda world, told: world.portal.alter(told.word("object"), told.word("id"), told.texts()),
    ),
    "crowd": (
        ("object", "count", "at"),
        lambda world, told: world.portal.crowd(
            told.word("object"), int(told.number("count")), at=told.instant_or_none("at")
        ),
    ),
    "hide_property": (
        ("object", "property"),
        lambda world, told: world.portal.hide(told.word("object"), told.word("property")),
    ),
    "add_pipeline": (
        ("object", "id", "label"),
        lambda world, told: world.portal.add_pipeline(told.word("object"), told.word("id"), told.word("label")),
    ),
    "withdraw_scope": (("scope",), lambda world, told: world.portal.scopes.discard(told.word("scope"))),
    "grant_scope": (("scope",), lambda world, told: world.portal.scopes.add(told.word("scope"))),
    "spend": (("calls",), lambda world, told: world.portal.spend(int(told.number("calls")))),
    "install": ((), lambda world, _told: world.portal.tokens.install()),
    "uninstall": ((), lambda world, _told: world.portal.tokens.revoke()),
    "expire": ((), lambda world, _told: world.portal.tokens.expire(world.portal.now)),
    "subscription": (
        ("email", "subscription", "status"),
        lambda world, told: world.portal.preferences.choose(
            told.word("email"),
            int(told.number("subscription")),
            told.word("status"),
            stamp=world.portal.now,
        ),
    ),
}
_ACTS: Mapping[str, _Acts] = {"salesforce": _SALESFORCE, "hubspot": _HUBSPOT}
