"""CRMs that are a table on this machine: the same things happen in them as in the sandbox's, for the same contract."""

import csv
import runpy
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connectors import CrmConnector, connect, settings_model
from connectors.protocol import FieldSet, ObjectQuery, Page, Window
from scoring.records import Problem, Record

LINK = "OpportunityContactRole"


class Local:
    """Rows by object and id, each with its stamp."""

    def __init__(self, name: str, words: Any, specs: Any, time: Any) -> None:
        self.name = name
        self.words = words
        self.remote = time
        self.fields = FieldSet(words.contact, "bonus malus", "Bonus-Malus", specs)
        self.rows: dict[str, dict[str, dict[str, str]]] = {words.contact: {}, words.deal: {}, LINK: {}}
        self.connector = self.connect()
        self.publish()

    def connect(self) -> CrmConnector:
        raise NotImplementedError

    def publish(self) -> None:
        """Make what happened visible."""

    @staticmethod
    def window(start: datetime | None, end: datetime) -> Window:
        return Window(start, end)

    def insert(self, object_: str, values: Mapping[str, Any], at: datetime | None = None) -> str:
        id_ = f"{object_[:3]}{sum(map(len, self.rows.values())):05d}"
        plain = {"Id": id_, "IsDeleted": "false", "MasterRecordId": ""}
        self.rows[object_][id_] = plain | {name: str(value) for name, value in values.items()}
        self._touch(object_, id_, at)
        return id_

    def insert_contacts(self, number: int, at: datetime | None = None) -> list[str]:
        publish, self.publish = self.publish, lambda: None
        names = [{"LastName": f"Person {each}", "Email": f"p{each}@example.org"} for each in range(number)]
        ids = [self.insert(self.words.contact, values, at) for values in names]
        self.publish = publish
        self.publish()
        return ids

    def contact(self, last_name: str, at: datetime | None = None) -> str:
        return self.insert(self.words.contact, {"LastName": last_name}, at)

    def update(self, object_: str, id_: str, values: Mapping[str, Any]) -> None:
        self.rows[object_][id_] |= {name: str(value) for name, value in values.items()}
        self._touch(object_, id_)

    def delete(self, object_: str, id_: str) -> None:
        self.update(object_, id_, {"IsDeleted": "true"})

    def restore(self, object_: str, id_: str) -> None:
        self.update(object_, id_, {"IsDeleted": "false"})

    def merge(self, object_: str, survivor: str, loser: str) -> str:
        self.update(object_, loser, {"IsDeleted": "true", "MasterRecordId": survivor})
        self._touch(object_, survivor)
        return survivor

    def link(self, deal: str, contact: str) -> None:
        self.insert(LINK, {"OpportunityId": deal, "ContactId": contact})

    def settle(self) -> datetime:
        self.remote.sleep(60)
        return self.remote.now()

    def query(self, object_: str | None = None, *fields: str, ours: bool = False, links: bool = False) -> ObjectQuery:
        asked = fields or (self.words.last_name, self.words.email)
        return ObjectQuery(
            object_ or self.words.contact, asked, (LINK,) if links else (), self.fields if ours else None
        )

    def pages(self, query: ObjectQuery, start: datetime | None, end: datetime | None = None) -> list[Page]:
        return list(self.connector.changes(query, Window(start, end or self.remote.now() + timedelta(seconds=1))))

    def read(
        self, query: ObjectQuery | None = None, start: datetime | None = None, end: datetime | None = None
    ) -> dict[str, Record]:
        pages = self.pages(query or self.query(), start, end)
        assert [problem for page in pages for problem in page.problems] == []
        return {record.id: record for page in pages for record in page.records}

    def problems(self, query: ObjectQuery) -> list[Problem]:
        return [problem for page in self.pages(query, None) for problem in page.problems]

    def live(self) -> int:
        return sum(not record.deleted for record in self.read().values())

    def _touch(self, object_: str, id_: str, at: datetime | None = None) -> None:
        self.rows[object_][id_]["SystemModstamp"] = (at or self.remote.now()).isoformat()
        self.publish()


class Exports(Local):
    """Exported again after everything that happens."""

    def __init__(self, words: Any, specs: Any, time: Any, folder: Path) -> None:
        self.folder = folder
        super().__init__("files", words, specs, time)

    def connect(self) -> CrmConnector:
        results = self.folder / "results"
        return connect("files", settings_model("files")(folder=self.folder, results=results), time=self.remote)

    def publish(self) -> None:
        plain = {
            self.words.contact: ("LastName", "Email"),
            self.words.deal: ("Amount", "CloseDate"),
            LINK: ("OpportunityId", "ContactId", "Role", "IsPrimary"),
        }
        for object_, rows in self.rows.items():
            known = dict.fromkeys(name for row in rows.values() for name in row)
            header = list(dict.fromkeys(["Id", "SystemModstamp", *known, *plain[object_]]))
            with (self.folder / f"{object_}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, header, restval="")
                writer.writeheader()
                writer.writerows(rows.values())


class Documented(Local):
    """The stub of the documentation, run as it is printed there."""

    def __init__(self, words: Any, specs: Any, time: Any, folder: Path, page: str) -> None:
        file = folder / "stub.py"
        file.write_text(stub(page), encoding="utf-8")
        self.made = runpy.run_path(str(file))["Connector"]
        super().__init__("stub", words, specs, time)

    def connect(self) -> CrmConnector:
        connector: CrmConnector = self.made(self.rows)
        return connector


def stub(page: str) -> str:
    """The Python of a page about connectors."""
    return "\n".join(blocks(page.splitlines()))


def blocks(lines: Sequence[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        if line.startswith("```"):
            inside = line == "```python"
        elif inside:
            yield line
