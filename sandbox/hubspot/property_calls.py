"""Calls about property definitions and their groups."""

import re
from collections.abc import Sequence
from dataclasses import replace

from sandbox.hubspot import bodies, shape, writing
from sandbox.hubspot.call import Answer, Call
from sandbox.hubspot.errors import Json, Refusal, validation
from sandbox.hubspot.kind import Group, Kind
from sandbox.hubspot.property import FIELD_TYPES, Definition, Option

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


def list_(call: Call) -> Answer:
    """GET: every definition of a kind, or with `archived` the archived ones."""
    found = [each for each in call.kind().properties.values() if (each.archived is not None) == call.flag("archived")]
    return 200, {"results": [each.shape() for each in found]}


def read(call: Call) -> Answer:
    """GET one."""
    return 200, _one(call, archived=call.flag("archived")).shape()


def create(call: Call) -> Answer:
    """POST: a new property; 409 when the name is taken (HW08)."""
    return 201, _create(call, call.kind(), call.body(bodies.PropertyCreate)).shape()


def update(call: Call) -> Answer:
    """PATCH: label, options and such; HubSpot's own keep their definition, and the type stays."""
    before = _one(call)
    given = call.body(bodies.PropertyUpdate)
    if before.hubspot:
        raise validation(f"The definition of {before.name} is read only.", name=[before.name])
    field_type = given.field_type or before.field_type
    if given.type not in (None, before.type) or field_type not in FIELD_TYPES[before.type]:
        raise validation(f"The type of {before.name} cannot be changed from {before.type}.", name=[before.name])
    kind = call.kind()
    after = replace(
        before,
        label=given.label or before.label,
        field_type=field_type,
        group=_group(kind, given.group_name) if given.group_name else before.group,
        description=before.description if given.description is None else given.description,
        options=before.options if given.options is None else _options(before.type, given.options),
        display_order=before.display_order if given.display_order is None else given.display_order,
        hidden=before.hidden if given.hidden is None else given.hidden,
        form_field=before.form_field if given.form_field is None else given.form_field,
        updated=call.now,
    )
    call.store.define(kind, after)
    return 200, after.shape()


def archive(call: Call) -> Answer:
    """DELETE: out of sight with its values."""
    found = _one(call)
    if found.hubspot:
        raise validation(f"{found.name} is defined by HubSpot and cannot be archived.", name=[found.name])
    call.store.undefine(call.kind(), found.name, call.now)
    return 204, None


def batch_read(call: Call) -> Answer:
    """POST batch/read: by names."""
    kind = call.kind()
    wanted = call.body(bodies.BatchNames)
    writing.few_enough(wanted.inputs)
    results, errors = [], []
    for each in wanted.inputs:
        found = kind.properties.get(each.name)
        if found is None or (found.archived is not None) != wanted.archived:
            errors.append(_unknown(kind, each.name).row())
        else:
            results.append(found.shape())
    return shape.batch(results, errors, call.now)


def batch_create(call: Call) -> Answer:
    """POST batch/create: each for itself."""
    kind = call.kind()
    wanted = call.body(bodies.BatchPropertyCreate)
    writing.few_enough(wanted.inputs)
    results: list[Json] = []
    errors: list[Json] = []
    for each in wanted.inputs:
        try:
            results.append(_create(call, kind, each).shape())
        except Refusal as refusal:
            errors.append(refusal.row())
    return shape.batch(results, errors, call.now, status=200 if call.dated else 201)


def batch_archive(call: Call) -> Answer:
    """POST batch/archive: 204, whatever was there; HubSpot's own stay."""
    kind = call.kind()
    wanted = call.body(bodies.BatchNames)
    writing.few_enough(wanted.inputs)
    for each in wanted.inputs:
        found = kind.living(each.name)
        if found is not None and not found.hubspot:
            call.store.undefine(kind, found.name, call.now)
    return 204, None


def list_groups(call: Call) -> Answer:
    """GET groups."""
    return 200, {"results": [_group_shape(each) for each in call.kind().groups.values()]}


def read_group(call: Call) -> Answer:
    """GET one group."""
    kind, name = call.kind(), call.word("name")
    if name not in kind.groups:
        raise Refusal(404, f'The property group "{name}" does not exist.', category="OBJECT_NOT_FOUND")
    return 200, _group_shape(kind.groups[name])


def create_group(call: Call) -> Answer:
    """POST a group: 409 when the name is taken."""
    kind = call.kind()
    given = call.body(bodies.GroupCreate)
    if given.name in kind.groups:
        raise Refusal(
            409,
            f"A property group named '{given.name}' already exists.",
            category="OBJECT_ALREADY_EXISTS",
            context={"name": [given.name]},
        )
    if not _NAME.fullmatch(given.name):
        raise _bad_name(given.name)
    kind.groups[given.name] = Group(given.name, given.label, given.display_order)
    return 201, _group_shape(kind.groups[given.name])


def archive_group(call: Call) -> Answer:
    """DELETE a group that holds no property."""
    kind, name = call.kind(), call.word("name")
    if name not in kind.groups:
        raise Refusal(404, f'The property group "{name}" does not exist.', category="OBJECT_NOT_FOUND")
    if any(each.group == name and each.archived is None for each in kind.properties.values()):
        raise validation(f"The property group '{name}' still holds properties.", name=[name])
    del kind.groups[name]
    return 204, None


def _one(call: Call, *, archived: bool = False) -> Definition:
    kind, name = call.kind(), call.word("name")
    found = kind.properties.get(name)
    if found is None or (found.archived is not None) != archived:
        raise _unknown(kind, name)
    return found


def _create(call: Call, kind: Kind, given: bodies.PropertyCreate) -> Definition:
    if kind.living(given.name) is not None:
        raise Refusal(
            409,
            f"A property named '{given.name}' already exists.",
            category="OBJECT_ALREADY_EXISTS",
            context={"name": [given.name]},
        )
    if not _NAME.fullmatch(given.name):
        raise _bad_name(given.name)
    if given.field_type not in FIELD_TYPES.get(given.type, ()):
        raise validation(
            f"Property type {given.type} does not go with field type {given.field_type}.",
            type=[given.type],
            fieldType=[given.field_type],
        )
    made = Definition(
        given.name,
        given.label,
        given.type,
        given.field_type,
        _group(kind, given.group_name),
        options=_options(given.type, given.options),
        description=given.description,
        display_order=given.display_order,
        hidden=given.hidden,
        form_field=given.form_field,
        unique=given.has_unique_value,
        created=call.now,
        updated=call.now,
    )
    call.store.define(kind, made)
    return made


def _group(kind: Kind, name: str) -> str:
    if name not in kind.groups:
        raise validation(f"The property group '{name}' does not exist.", groupName=[name])
    return name


def _options(type_: str, given: Sequence[bodies.OptionBody] | None) -> tuple[Option, ...]:
    options = tuple(
        Option(each.value, each.label, each.display_order, each.hidden, each.description or "") for each in given or ()
    )
    values = [option.value for option in options]
    if len(set(values)) != len(values):
        raise validation("Property option values must be unique.", options=values)
    if type_ == "enumeration" and not options:
        raise validation("Enumeration properties must have at least one option.")
    if type_ == "bool" and sorted(values) != ["false", "true"]:
        raise validation("Boolean properties must have exactly the two options true and false.")
    return options


def _unknown(kind: Kind, name: str) -> Refusal:
    return Refusal(
        404,
        f'The property "{name}" does not exist on object type {kind.singular.upper()}.',
        category="OBJECT_NOT_FOUND",
        context={"name": [name]},
    )


def _bad_name(name: str) -> Refusal:
    return validation(
        f"'{name}' is not a valid name: a lower case letter, then lower case letters, digits and underscores.",
        name=[name],
    )


def _group_shape(group: Group) -> Json:
    return {"name": group.name, "label": group.label, "displayOrder": group.display_order, "archived": False}
