"""Compiled loops are kept for as long as no line of any of them changes: a loop holds those that it calls."""

import os
import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("numba")

from scoring import kernel_cache
from scoring.kernel_cache import HERE, homes, keep, kept, named, place

FILES = sorted(path.name for path in [*HERE.glob("kernel*.py"), HERE / "automaton.py"])


@pytest.mark.parametrize("changed", FILES)
def test_a_line_that_changes_in_any_file_gives_all_loops_another_place(changed: str, tmp_path: Path):
    for name in FILES:
        shutil.copy(HERE / name, tmp_path)
    assert named(tmp_path) == named(HERE)
    with (tmp_path / changed).open("a", encoding="utf-8") as file:
        file.write("# one more\n")
    assert named(tmp_path) != named(HERE)


def test_only_what_compiles_them_knows_numba():
    for path in HERE.glob("*.py"):
        if path.name != "kernel_compile.py":
            assert not re.search(r"^\s*(import|from) numba", path.read_text("utf-8"), re.MULTILINE), path.name


def test_what_is_kept_is_there_for_the_next_process_and_a_full_disk_is_no_failure(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(kernel_cache, "_PLACE", tmp_path)
    assert kept("some.o") is None
    keep("some.o", b"code")
    assert kept("some.o") == b"code"
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    assert kept("some.o") is None, "half of it would bring the process down"
    monkeypatch.setattr(kernel_cache, "_PLACE", tmp_path / "gone")
    keep("some.o", b"code")
    monkeypatch.setattr(kernel_cache, "_PLACE", None)
    keep("some.o", b"code")
    assert kept("some.o") is None


def test_they_are_kept_in_the_first_place_that_lets_us_or_nowhere(tmp_path: Path):
    (tmp_path / "file").write_text("", "utf-8")
    shut, free = tmp_path / "file" / "below", tmp_path / "free"
    assert place([shut, free]) == free / named(HERE)
    assert place([shut]) is None


def test_a_place_that_the_system_does_not_even_let_us_look_at_is_passed_over(tmp_path: Path):
    unseen = tmp_path / ("x" * 300)  # to ask whether it is there is an error, as it is in another user's home
    assert place([unseen, tmp_path / "free"]) == tmp_path / "free" / named(HERE)


def test_a_user_without_a_home_has_one_place_less(monkeypatch):
    for name in ("HOME", "NUMBA_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda uid: (_ for _ in ()).throw(KeyError(uid)))
    assert homes() == [HERE / "__pycache__"]


@pytest.mark.parametrize("unfit", [".", "x" * 300], ids=["a folder", "nothing that one may look at"])
def test_what_cannot_be_read_or_kept_is_as_if_it_were_not_there(monkeypatch, tmp_path: Path, unfit: str):
    monkeypatch.setattr(kernel_cache, "_PLACE", tmp_path)
    assert kept(unfit) is None
    keep(unfit, b"code")
    assert kept(unfit) is None


def made(home: Path, number: int, *, used: int) -> Path:
    """The folder of another version, with some code, last used at that instant."""
    folder = home / f"kernel-{number:016x}"
    folder.mkdir(parents=True)
    (folder / "some.o").write_bytes(b"code")
    os.utime(folder, (used, used))
    return folder


def test_a_new_version_takes_the_folders_of_those_before_away_but_for_the_two_used_last(tmp_path: Path):
    old = [made(tmp_path, number, used=used) for number, used in enumerate((50, 10, 40, 30))]
    mine = place([tmp_path])
    assert [each.exists() for each in old] == [True, False, True, False]
    assert mine is not None
    assert mine.stat().st_mtime > 50
    late = made(tmp_path, 9, used=1)
    assert place([tmp_path]) == mine
    assert late.exists(), "only whoever makes a folder looks for old ones"


def test_what_is_not_a_folder_of_loops_or_has_more_in_it_stays(tmp_path: Path):
    for number, used in enumerate((90, 91)):
        made(tmp_path / "home", number, used=used)
    others = [tmp_path / "home" / name for name in ("kernel-short", "kernel-0123456789abcdeX", "numba")]
    for each in others:
        each.mkdir()
    elsewhere = made(tmp_path, 7, used=1)
    (tmp_path / "home" / elsewhere.name).symlink_to(elsewhere)
    fuller = made(tmp_path / "home", 8, used=1)
    (fuller / "folder").mkdir()
    assert place([tmp_path / "home"]) is not None
    assert all(each.exists() for each in (*others, elsewhere, elsewhere / "some.o", fuller / "folder"))
