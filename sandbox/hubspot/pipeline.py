"""Pipelines: what sorts the records of a kind, each with stages of its own."""

from dataclasses import replace

from sandbox.hubspot import moment
from sandbox.hubspot.errors import Json
from sandbox.hubspot.kind import Kind
from sandbox.hubspot.property import Option
from sandbox.hubspot.store import Store

# The property that holds a record's pipeline, and the one that holds its stage.
PROPERTIES = {"deals": ("pipeline", "dealstage"), "tickets": ("hs_pipeline", "hs_pipeline_stage")}


def add(store: Store, kind: Kind, id_: str, label: str) -> None:
    """A further pipeline, whose stages are those of the first one under ids of its own: `renewals_closedwon`."""
    if kind.name not in PROPERTIES:
        raise ValueError(f"{kind.name} have no pipelines; {' and '.join(PROPERTIES)} do")
    pipelines, stages = (kind.properties[name] for name in PROPERTIES[kind.name])
    if id_ in pipelines.allowed:
        raise ValueError(f"there is a pipeline {id_} of {kind.name} already")
    first = _stages(kind, pipelines.options[0].value)
    store.define(kind, replace(pipelines, options=(*pipelines.options, Option(id_, label))))
    own = tuple(Option(f"{id_}_{stage.value}", stage.label) for stage in first)
    store.define(kind, replace(stages, options=(*stages.options, *own)))


def shapes(kind: Kind, created: int) -> list[Json]:
    """Every pipeline of a kind as the pipelines API answers it; none for kinds that have no pipelines."""
    if kind.name not in PROPERTIES:
        return []
    stamps: Json = {"createdAt": moment.iso(created), "updatedAt": moment.iso(created), "archived": False}
    return [
        stamps
        | {"id": found.value, "label": found.label, "displayOrder": place}
        | {
            "stages": [
                stamps | {"id": stage.value, "label": stage.label, "displayOrder": nth, "metadata": {}}
                for nth, stage in enumerate(_stages(kind, found.value))
            ]
        }
        for place, found in enumerate(kind.properties[PROPERTIES[kind.name][0]].options)
    ]


def _stages(kind: Kind, pipeline: str) -> list[Option]:
    """The stages of one pipeline; what bears no other pipeline's name is the first one's."""
    pipelines, stages = (kind.properties[name] for name in PROPERTIES[kind.name])
    owner = {
        stage.value: next(
            (each.value for each in pipelines.options[1:] if stage.value.startswith(f"{each.value}_")),
            pipelines.options[0].value,
        )
        for stage in stages.options
    }
    return [stage for stage in stages.options if owner[stage.value] == pipeline]
