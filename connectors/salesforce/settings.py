"""What one must say to reach a Salesforce org."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.loopback import is_loopback, origin

_STEM = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_SUFFIX = ".salesforce.com"


class Settings(BaseModel):
    """One org, reached as the user of an External Client App with the client credentials flow.

    `domain` is the My Domain stem: `acme.my` of https://acme.my.salesforce.com, `acme--uat.sandbox.my` of a sandbox
    (AU05: `login` and `test` have no client credentials). `url` is the whole address instead; http for this machine
    only. `currency` is needed where the org keeps a single currency that is not its locale's. `share_of_day` is the
    part of the org's daily calls that one run may spend.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    domain: str | None = None
    url: str | None = None
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: SecretStr
    api_version: Literal["62.0", "63.0", "64.0", "65.0", "66.0"] = "66.0"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    share_of_day: Annotated[float, Field(gt=0, le=1)] = 0.25

    @field_validator("domain")
    @classmethod
    def _my_domain(cls, domain: str | None) -> str | None:
        if domain is None:
            return None
        stem = domain.strip().lower().removeprefix("https://").rstrip("/").removesuffix(_SUFFIX)
        if not _STEM.fullmatch(stem) or not stem.endswith(".my"):
            raise ValueError(
                "domain must be the org's My Domain, such as acme.my or acme--uat.sandbox.my (Setup > My Domain); "
                "client credentials do not work on login, test or a lightning address"
            )
        return stem

    @field_validator("url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        address = origin(url)
        if not is_loopback(address) and not address.endswith(".my" + _SUFFIX):
            raise ValueError("url must be https://….my.salesforce.com, or an address of this machine")
        return address

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.domain is None) == (self.url is None):
            raise ValueError("give either domain (acme.my) or url (https://acme.my.salesforce.com)")
        return self

    @property
    def loopback(self) -> str | None:
        """The address to send everything to, where the org is a sandbox on this machine."""
        return self.url if self.url and is_loopback(self.url) else None

    @property
    def stem(self) -> str:
        """What simple-salesforce calls the domain. An org on this machine gets a name that nobody can register."""
        if self.loopback:
            return "loopback.invalid.my"
        return self.domain or (self.url or "").removeprefix("https://").removesuffix(_SUFFIX)
