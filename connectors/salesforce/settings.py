"""What one must say to reach a Salesforce org."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.loopback import is_loopback, origin

_STEM = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_SUFFIX = ".salesforce.com"


class Settings(BaseModel):
    """One org, and who we are there.

    Through an External Client App: `client_id` with `client_secret` (client credentials) or with `username` and
    `private_key` (JWT bearer, a PEM). For a trial, a `session_id`. `domain` is the My Domain stem: `acme.my` of
    https://acme.my.salesforce.com, `acme--uat.sandbox.my` of a sandbox (AU05: `login` and `test` have no client
    credentials). `url` is the whole address instead; http for this machine only. `currency` is needed where the org
    keeps a single currency that is not its locale's. `save_duplicates` writes past duplicate rules that allow it.
    From `bulk_from` records on the Bulk API reads and writes. `share_of_day` is the part of the org's daily calls that
    one run may spend, `longest_run_hours` its deadline, `round_days` how often at most the slow round over all records
    begins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    domain: str | None = None
    url: str | None = None
    client_id: Annotated[str, Field(min_length=1)] | None = None
    client_secret: SecretStr | None = None
    username: str | None = None
    private_key: SecretStr | None = None
    session_id: SecretStr | None = None
    api_version: Literal["62.0", "63.0", "64.0", "65.0", "66.0"] = "66.0"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    save_duplicates: bool = False
    bulk_from: Annotated[int, Field(ge=200)] = 10_000
    share_of_day: Annotated[float, Field(gt=0, le=1)] = 0.25
    longest_run_hours: Annotated[float, Field(gt=0)] = 12.0
    round_days: Annotated[float, Field(ge=0)] = 7.0

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

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        ways = {
            "client_id and client_secret": (self.client_secret,),
            "client_id, username and private_key": (self.username, self.private_key),
            "session_id": (self.session_id,),
        }
        given = [name for name, parts in ways.items() if any(parts)]
        whole = [name for name, parts in ways.items() if all(parts) and (self.client_id or name == "session_id")]
        if len(given) != 1 or given != whole:
            raise ValueError(f"say who we are in exactly one of these ways: {'; '.join(ways)}")
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret in here, to be masked wherever a text is shown."""
        held = (self.client_secret, self.private_key, self.session_id)
        return tuple(secret.get_secret_value() for secret in held if secret is not None)

    @property
    def host(self) -> str:
        """The host of the org's My Domain."""
        return f"{self.stem}{_SUFFIX}"

    @property
    def audience(self) -> str:
        """Whom an assertion is for: the login server of production orgs, or that of sandboxes."""
        if self.loopback:
            return self.loopback
        return "https://test.salesforce.com" if ".sandbox." in self.stem else "https://login.salesforce.com"

    @property
    def loopback(self) -> str | None:
        """The address to send everything to, where the org is a sandbox on this machine."""
        return self.url if self.url and is_loopback(self.url) else None

    @property
    def stem(self) -> str:
        """The org's own part of its host. An org on this machine gets a name that nobody can register."""
        if self.loopback:
            return "loopback.invalid.my"
        return self.domain or (self.url or "").removeprefix("https://").removesuffix(_SUFFIX)
