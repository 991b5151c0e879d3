"""What the service refuses: a whole request (`Refusal`) or one row of it (`RowError`)."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was refused; Collections call the code `statusCode`, single rows `errorCode`."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    def in_row(self) -> dict[str, Any]:
        """As an entry of `errors` in a Collections answer."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}

    def in_body(self) -> dict[str, Any]:
        """As an entry of the error body of a single-row call."""
        return {"message": self.message, "errorCode": self.code, "fields": list(self.fields)}


class Refusal(Exception):
    """The whole request is refused with this status and error body."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> list[dict[str, Any]]:
        """The JSON error body: always a list."""
        return [{"message": self.message, "errorCode": self.code}]


class RowRefusal(Exception):
    """One row is refused; a single-row call turns it into its answer, Collections into a result."""

    def __init__(self, error: RowError, *, status: int = 400) -> None:
        super().__init__(f"{error.code}: {error.message}")
        self.error = error
        self.status = status


def not_found() -> Refusal:
    """The answer to any address the service does not know."""
    return Refusal(404, "NOT_FOUND", "The requested resource does not exist")
