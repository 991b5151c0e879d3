"""Writes docs/traps.md from the tests: every trap by its id, what holds, and the tests that show it.

python tests/connectors/traps.py
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "traps.md"
SECTIONS = {
    "Reading Salesforce": [f"SR{number:02d}" for number in range(1, 40)],
    "Writing to Salesforce": [f"SW{number:02d}" for number in range(1, 21)],
    "Reading HubSpot": [f"HR{number:02d}" for number in range(1, 31)],
    "Writing to HubSpot": [f"HW{number:02d}" for number in range(1, 22)],
    "Credentials and set-up": [f"AU{number:02d}" for number in range(1, 7)],
    "Schedule, state, operation": [f"OP{number:02d}" for number in range(1, 13)],
    "Tests themselves": [f"TE{number:02d}" for number in range(1, 5)],
}
_IDS = re.compile(r"test_((?:(?:sr|sw|hr|hw|au|op|te)\d\d_)+)(.+)")
_HEAD = """# Traps

What well-known connectors were hurt by, and what ours does instead: each line is the sentence of a test, which runs
against the sandbox or against recorded answers. SR and SW are Salesforce's traps, HR and HW HubSpot's, in reading and
writing; AU those of credentials, OP those of whatever runs unattended for years, TE those that tests fall into. Where
both CRMs can do it, the same test asks both (`[both]`).

This page is written by `python tests/connectors/traps.py`, and a test compares it.
"""


def named() -> Iterator[tuple[str, str, str, bool]]:
    """Trap id, sentence, file and whether both CRMs are asked, for every test that names a trap."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        where = path.relative_to(ROOT)
        if where.parts[1] == "sandbox":  # shows what the services do, not what we do about it
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found = _IDS.fullmatch(node.name) if isinstance(node, ast.FunctionDef) else None
            if found and isinstance(node, ast.FunctionDef):
                both = any(argument.arg in ("crm", "online") for argument in node.args.args)
                for id_ in found[1].upper().strip("_").split("_"):
                    yield id_, found[2].replace("_", " "), str(where), both


def page() -> str:
    """The whole page."""
    known = list(named())
    lines = [_HEAD]
    for title, ids in SECTIONS.items():
        lines += [f"\n## {title}\n", "| trap | what holds | test |", "| --- | --- | --- |"]
        for id_ in ids:
            for first, (_, sentence, where, both) in enumerate(one for one in known if one[0] == id_):
                lines.append(f"| {'' if first else id_} | {sentence}{' [both]' if both else ''} | `{where}` |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
