"""The rooms and the direction in which they know each other."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("connectors", "scoring", "config", "sync", "sandbox", "cli")

# cli → sync → connectors, config → scoring; the sandbox stands alone.
MAY_IMPORT = {
    "scoring": set(),
    "config": {"scoring"},
    "connectors": {"scoring"},
    "sync": {"connectors", "config", "scoring"},
    "cli": {"sync", "connectors", "config", "scoring", "sandbox"},
    "sandbox": set(),
}
PURE = {
    "__future__", "bisect", "calendar", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions",
    "functools", "hashlib", "heapq", "itertools", "json", "math", "numpy", "operator", "types", "typing",
}  # fmt: skip


# The engine's own: columns in, compiled code over all cores, columns out. Still no clock, no files (what it maps is
# memory alone), no network.
COMPILED = {
    "concurrent", "contextlib", "ctypes", "importlib", "llvmlite", "mmap", "numba", "numpy", "pyarrow", "re",
    "threading",
}  # fmt: skip
# What is compiled is kept in files; one module says where, and reads nothing but the loops' own text and their code.
KEEPS = {"os", "pathlib"}


def imports(path: Path) -> set[str]:
    """The top-level names a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_imports_between_rooms_point_one_way(room):
    strangers = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(room)
        for name in imports(path) & set(ROOMS) - {room} - MAY_IMPORT[room]
    }
    assert not strangers


def test_scoring_is_pure_it_knows_no_clock_no_files_no_network_no_logging():
    strangers = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("scoring")
        for name in imports(path)
        - PURE
        - {"scoring"}
        - (COMPILED if path.stem.startswith(("engine", "kernel")) else set())
        - (KEEPS if path.stem == "kernel_cache" else set())
    }
    assert not strangers
    builtins, methods = {"open", "print", "input"}, {"now", "today", "utcnow", "read_text", "write_text"}
    called = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules("scoring")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", "") in builtins or getattr(node.func, "attr", "") in methods)
    }
    assert not called


def test_only_connectors_talk_to_the_network():
    network = {"requests", "urllib3", "simple_salesforce", "hubspot", "socket", "http"}
    talkers = {
        f"{path.relative_to(ROOT)} imports {name}"
        for room in ("scoring", "config", "sync")
        for path in modules(room)
        for name in imports(path) & network
    }
    assert not talkers


def test_nobody_imports_the_command_line():
    assert not [p for room in ROOMS if room != "cli" for p in modules(room) if "cli" in imports(p)]


def test_no_package_below_tests_shadows_a_room():
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_the_sandbox_and_the_connectors_share_no_code():
    assert not [p for p in modules("sandbox") if "connectors" in imports(p)]
    assert not [p for p in modules("connectors") if "sandbox" in imports(p)]


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_says_first_what_it_is(room):
    silent = [str(path) for path in modules(room) if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert not silent
