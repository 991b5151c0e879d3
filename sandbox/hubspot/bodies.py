"""What callers send: the border, where JSON becomes values. Optional parts may be left out, as in the service."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel


def _text(value: Any) -> Any:
    """Scalars become text, as the service's own reader does; objects and lists stay what they are and are refused."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_text)]
Values = dict[str, Text | None]
Operator = Literal[
    "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
]  # fmt: skip


class Body(BaseModel):
    """Camel case outside, ours inside; what is not known is ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Id(Body):
    """A record by its id or by a unique value."""

    id: Text


class BatchRead(Body):
    """Which records, which properties."""

    inputs: tuple[Id, ...] = ()
    properties: tuple[str, ...] | None = None
    properties_with_history: tuple[str, ...] | None = None
    id_property: str | None = None


class BatchIds(Body):
    """Which records."""

    inputs: tuple[Id, ...] = ()


class Addresses(Body):
    """Whose subscriptions: e-mail addresses."""

    inputs: tuple[Text, ...] = ()


class Properties(Body):
    """Values for one record."""

    properties: Values


class Row(Properties):
    """Values for one record of a batch."""

    id: Text
    id_property: str | None = None
    object_write_trace_id: Text | None = None


class BatchRows(Body):
    """A batch of updates or upserts. Without `inputs` the service does nothing and says COMPLETE (HW02)."""

    inputs: tuple[Row, ...] = ()


class Spec(Body):
    """One association type."""

    association_category: str
    association_type_id: int


class CreatedLink(Body):
    """What a new record is associated with."""

    to: Id
    types: tuple[Spec, ...]


class Create(Properties):
    """A new record."""

    associations: tuple[CreatedLink, ...] | None = None
    object_write_trace_id: Text | None = None


class BatchCreate(Body):
    """New records."""

    inputs: tuple[Create, ...] = ()


class Merge(Body):
    """Which record survives, which is merged into it."""

    primary_object_id: Text
    object_id_to_merge: Text


class GdprDelete(Body):
    """Whom to purge."""

    object_id: Text
    id_property: str | None = None


class Filter(Body):
    """One condition."""

    property_name: str
    operator: Operator
    value: Text | None = None
    high_value: Text | None = None
    values: tuple[Text, ...] | None = None


class FilterGroup(Body):
    """Conditions that must hold together."""

    filters: tuple[Filter, ...] = ()


class Sort(Body):
    """One order."""

    property_name: str
    direction: Literal["ASCENDING", "DESCENDING"] = "ASCENDING"


class Search(Body):
    """A search: any group of filters, one order, a page."""

    filter_groups: tuple[FilterGroup, ...] | None = None
    filters: tuple[Filter, ...] | None = None
    sorts: tuple[Sort | str, ...] | None = None
    query: str | None = None
    properties: tuple[str, ...] | None = None
    limit: int | None = None
    after: int | Literal[""] | None = None

    def groups(self) -> tuple[tuple[Filter, ...], ...]:
        """The filter groups; filters at the top are one more."""
        groups = tuple(group.filters for group in self.filter_groups or () if group.filters)
        return (*groups, self.filters) if self.filters else groups

    def sorting(self) -> tuple[Sort, ...]:
        """The orders; a bare name is ascending, with a dash descending."""
        return tuple(_sort(sort) for sort in self.sorts or ())


def _sort(given: Sort | str) -> Sort:
    if isinstance(given, Sort):
        return given
    direction: Literal["ASCENDING", "DESCENDING"] = "DESCENDING" if given.startswith("-") else "ASCENDING"
    return Sort(property_name=given.removeprefix("-"), direction=direction)


class LinksOf(Body):
    """Whose associations, and from where on."""

    id: Text
    after: Text | None = None


class BatchLinksOf(Body):
    """Whose associations."""

    inputs: tuple[LinksOf, ...] = ()


class LinkRow(Body):
    """One association to make, or labels of it to take away."""

    from_: Id = Field(alias="from")
    to: Id
    types: tuple[Spec, ...] = ()


class BatchLinks(Body):
    """Associations to make."""

    inputs: tuple[LinkRow, ...] = ()


class UnlinkRow(Body):
    """Associations of one record to break."""

    from_: Id = Field(alias="from")
    to: tuple[Id, ...]


class BatchUnlinks(Body):
    """Associations to break."""

    inputs: tuple[UnlinkRow, ...] = ()


class OptionBody(Body):
    """An option of an enumeration."""

    label: str
    value: Text
    display_order: int = -1
    hidden: bool = False
    description: str | None = None


class PropertyCreate(Body):
    """A new property. Type and field type are text here: what does not fit is refused in the service's words."""

    name: str
    label: str
    type: str
    field_type: str
    group_name: str
    description: str = ""
    options: tuple[OptionBody, ...] | None = None
    display_order: int = -1
    has_unique_value: bool = False
    hidden: bool = False
    form_field: bool = False


class PropertyUpdate(Body):
    """What of a property is to change."""

    label: str | None = None
    type: str | None = None
    field_type: str | None = None
    group_name: str | None = None
    description: str | None = None
    options: tuple[OptionBody, ...] | None = None
    display_order: int | None = None
    hidden: bool | None = None
    form_field: bool | None = None


class BatchPropertyCreate(Body):
    """New properties."""

    inputs: tuple[PropertyCreate, ...] = ()


class Name(Body):
    """A property by its name."""

    name: str


class BatchNames(Body):
    """Which properties; `archived` asks for archived ones."""

    inputs: tuple[Name, ...] = ()
    archived: bool = False


class GroupCreate(Body):
    """A new property group."""

    name: str
    label: str
    display_order: int = -1
