"""What the options of a fault may be, as pydantic checks them where a plan is read."""

from typing import Annotated

from pydantic import Field

Seconds = Annotated[float, Field(ge=0, le=31_622_400)]
"""Up to a year."""
Share = Annotated[float, Field(ge=0, le=1)]
HttpStatus = Annotated[int, Field(ge=200, le=599)]
Refusing = Annotated[int, Field(ge=400, le=599)]
"""A status that says no."""
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Bytes = Annotated[int, Field(ge=0, le=10_000_000)]
HeaderText = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]
