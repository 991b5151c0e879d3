"""What one must say to reach a HubSpot portal."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.loopback import is_loopback, origin

Version = Literal["2026-09", "2026-03", "legacy"]
API = "https://api.hubapi.com"


class Settings(BaseModel):
    """One portal, and who we are there.

    `token` is the bearer token of a Service Key (or of a legacy private app); instead of it, `client_id`,
    `client_secret` and `refresh_token` of an OAuth app. `api_version` is the date in the paths; `legacy` stands for v1
    to v4, which HubSpot stops supporting in 2027 (HW21). `url` is for a sandbox on this machine. A portal does not say
    its `language`, so it is said here. `share_of_burst` and `share_of_day` are the parts of the token's ten-second and
    daily limits that one run may spend, `calls_at_once` how many batches are under way together,
    `longest_run_hours` its deadline. A bin of several pages is listed every `bin_hours`, and the slow round over all
    records begins at most every `round_days`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None
    api_version: Version = "2026-09"
    url: str = API
    language: Literal["en", "fr"] = "en"
    share_of_burst: Annotated[float, Field(gt=0, le=1)] = 0.5
    share_of_day: Annotated[float, Field(gt=0, le=1)] = 0.25
    calls_at_once: Annotated[int, Field(ge=1, le=20)] = 4
    longest_run_hours: Annotated[float, Field(gt=0)] = 12.0
    bin_hours: Annotated[float, Field(ge=0)] = 6.0
    round_days: Annotated[float, Field(ge=0)] = 7.0

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        app = (self.client_id, self.client_secret, self.refresh_token)
        if (self.token is None) == (not any(app)) or (any(app) and not all(app)):
            raise ValueError("say who we are: either token, or client_id, client_secret and refresh_token")
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret in here, to be masked wherever a text is shown."""
        held = (self.token, self.client_secret, self.refresh_token)
        return tuple(secret.get_secret_value() for secret in held if secret is not None)

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        address = origin(url)
        if address != API and not is_loopback(address):
            raise ValueError(f"url must be {API}, or an address of this machine")
        return address
