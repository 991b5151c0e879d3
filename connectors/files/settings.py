"""What one must say to read exports from a folder."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

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
