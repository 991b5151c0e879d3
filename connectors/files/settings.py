"""What one must say to read exports from a folder."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

Kind = Literal["number", "text", "date", "datetime", "bool"]


class Settings(BaseModel):
    """A folder of CSV files, one per object, called as the object is: `Contact.csv`, `deals.csv`.

    Results go into `results`, a folder of their own. Exports have no types: they are seen from the cells, and `types`
    says what cannot be seen (`"Order.OrderNumber" = "text"`). Times without a zone are those of `time_zone`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path
    results: Path
    time_zone: str = "Europe/Paris"
    language: Literal["en", "fr"] = "en"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    types: dict[str, Kind] = Field(default_factory=dict)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is no time zone; give one such as Europe/Paris, or UTC")
        return name
