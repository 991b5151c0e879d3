"""What one must say to reach a HubSpot portal."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.loopback import is_loopback, origin

Version = Literal["2026-09", "2026-03", "legacy"]
API = "https://api.hubapi.com"


class Settings(BaseModel):
    """One portal, reached with the bearer token of a Service Key (or of a legacy private app).

    `api_version` is the date in the paths; `legacy` stands for v1 to v4, which HubSpot stops supporting in 2027 (HW21).
    `url` is for a sandbox on this machine. A portal does not say its `language`, so it is said here.
    `share_of_burst` and `share_of_day` are the parts of the token's ten-second and daily limits that one run may spend.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    token: SecretStr
    api_version: Version = "2026-09"
    url: str = API
    language: Literal["en", "fr"] = "en"
    share_of_burst: Annotated[float, Field(gt=0, le=1)] = 0.5
    share_of_day: Annotated[float, Field(gt=0, le=1)] = 0.25

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        address = origin(url)
        if address != API and not is_loopback(address):
            raise ValueError(f"url must be {API}, or an address of this machine")
        return address
