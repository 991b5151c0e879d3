from pathlib import Path

import pytest

from config.reading import ConfigError
from config.rulefile import load_programme, load_rules, rule_names
from config.scalefile import FOLDER, failing_scale, find_scale, load_scale, read_scale, scale_names
from scoring.rules import Programme
from scoring.scale import CleanLimit
from scoring.scale_rules import ScaleRules
from tests.scoring.conftest import NUMBERS_OF

WANTED = {
    "be-1992", "nl-14", "ch-22", "br-7", "my-6", "hk-private", "xk-19", "uk-5",
    "textbook-1-top", "textbook-1-2", "textbook-1-3",
}  # fmt: skip
PARTIAL = {"de-sf", "it-18", "jp-20", "lu-25", "tw-10", "uk-policy"}
WHOLE = """\
name = "s"
scheme = "scale"
source = "a book"
start = "2"

[levels]
names = ["1", "2", "3"]
values = [50, 75, 100]

[steps]
better = 1
first = 2
further = 2

[[example]]
source = "by hand"
start = "2"
years = ["", "F"]
expect = ["1", "3"]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "s.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", [name for name in scale_names() if read_scale(find_scale(name)).has_moves])
def test_every_example_inside_a_shipped_scale_holds(name: str):
    assert read_scale(find_scale(name)).example
    assert failing_scale(find_scale(name)) == []


def test_every_complete_system_is_there_and_the_partial_ones_are_marked():
    assert set(scale_names()) >= WANTED
    assert {name for name in scale_names() if read_scale(find_scale(name)).partial} == PARTIAL


@pytest.mark.parametrize("name", scale_names())
def test_every_shipped_scale_is_named_as_its_file_and_names_its_source(name: str):
    assert read_scale(find_scale(name)).name == name
    assert len(read_scale(find_scale(name)).source) > 10


@pytest.mark.parametrize("name", ["de-sf", "tw-10"])
def test_a_scale_whose_moves_are_missing_can_be_read_but_not_computed(name: str):
    with pytest.raises(ConfigError, match=r"partial and cannot be computed; missing: "):
        load_scale(find_scale(name))


def test_the_scale_written_for_these_tests_is_right(tmp_path: Path):
    assert failing_scale(write(tmp_path, WHOLE)) == []


def test_an_example_that_does_not_hold_is_named(tmp_path: Path):
    assert failing_scale(write(tmp_path, WHOLE.replace('["1", "3"]', '["1", "2"]'))) == ["s: by hand: 1, 3, not 1, 2"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('start = "2"\n\n', 'start = "4"\n\n', ["start: there is no level '4'", "allowed: 1, 2, 3"]),
        (
            'start = "2"\n\n[levels]\nnames = ["1", "2", "3"]\nvalues = [50, 75, 100]',
            'start = "2"\nunit = "amount"\n\n[levels]\nnames = ["1", "2", "3"]\nvalues = [0, 0, 100]',
            ["start: 2 is worth 0", "start on a level that costs something"],
        ),
        ("values = [50, 75, 100]", "values = [50, 75]", ["levels", "3 names, but 2 values"]),
        ("values = [50, 75, 100]", "values = [100, 75, 50]", ["2 is cheaper than 1"]),
        ("values = [50, 75, 100]\n", "", ['unit = "level"']),
        ('names = ["1", "2", "3"]', 'names = ["1", "2", "2"]', ["two have the same name"]),
        ("further = 2\n", "", ["steps", "either first and further, or back_to"]),
        ("further = 2\n", 'further = 2\nback_to = "3"\n', ["either first and further, or back_to"]),
        ("further = 2\n", "furter = 2\n", ["furter", "nearest: further"]),
        ("first = 2", "first = 0", ["steps.first", "greater than or equal to 1"]),
        ("[steps]\nbetter = 1\nfirst = 2\nfurther = 2\n", "", ["there are no moves", "partial = true"]),
        ("[steps]", '[next]\n1 = ["1"]\n\n[steps]', ["either steps or next"]),
        ("[steps]\nbetter = 1\nfirst = 2\nfurther = 2\n", '[next]\n1 = ["1", "3"]\n', ["no row for level 2"]),
        (
            "[steps]\nbetter = 1\nfirst = 2\nfurther = 2\n",
            '[next]\n1 = ["1", "3"]\n2 = ["1", "4"]\n3 = ["2", "3"]\n',
            ["next.2", "no level '4'"],
        ),
        (
            "[steps]\nbetter = 1\nfirst = 2\nfurther = 2\n",
            '[next]\n1 = ["1", "3"]\n2 = ["3", "3"]\n3 = ["2", "3"]\n',
            ["moves of 2: a claim-free year leads to the worse level 3"],
        ),
        ('source = "a book"\n', "", ["source: is missing"]),
        ('start = "2"\n\n', 'start = "2"\npartial = true\n\n', ["partial = true needs missing"]),
        ('years = ["", "F"]', 'years = ["", "P"]', ["example[1].years[2]", "pattern"]),
        ("[[example]]", '[clean_limit]\nyears = 4\nnot_above = "9"\n\n[[example]]', ["clean_limit.not_above", "'9'"]),
    ],
)  # fmt: skip
def test_each_mistake_in_a_scale_is_one_line_with_place_and_cure(tmp_path: Path, old: str, new: str, words: list[str]):
    assert old in WHOLE
    path = write(tmp_path, WHOLE.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_scale(path)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert "\n" not in said
    assert all(word in said for word in words), said


def test_a_scale_is_not_taken_for_rules_of_another_scheme(tmp_path: Path):
    assert not set(scale_names()) & set(rule_names())
    assert find_scale("fr-motor") is None
    assert find_scale("be-1993") is None
    with pytest.raises(ConfigError, match="'scale' is not possible here"):
        load_rules("be-1992", at=NUMBERS_OF)


def programme_on(rules: str, tmp_path: Path) -> Programme:
    path = tmp_path / "shop.toml"
    path.write_text(f'name = "shop"\ninherits = "customers"\nrules = "{rules}"\n', encoding="utf-8")
    return load_programme(path, at=NUMBERS_OF)


COMPLETE = [name for name in scale_names() if read_scale(FOLDER / f"{name}.toml").has_moves]


@pytest.mark.parametrize("name", [name for name in COMPLETE if read_scale(FOLDER / f"{name}.toml").start])
def test_a_programme_may_run_on_every_scale_that_can_be_computed(name: str, tmp_path: Path):
    rules = programme_on(name, tmp_path).rules
    assert isinstance(rules, ScaleRules)
    assert rules.floor <= rules.origin <= rules.cap


def test_a_scale_without_a_level_for_newcomers_needs_one_to_carry_a_programme(tmp_path: Path):
    with pytest.raises(
        ConfigError, match=r"ross-4.toml: start: is missing; .* inherit from ross-4 and say start = one"
    ):
        programme_on("ross-4", tmp_path)
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\nscheme = "scale"\ninherits = "ross-4"\nstart = "2"\n', encoding="utf-8")
    rules = programme_on("own.toml", tmp_path).rules
    assert (rules.floor, rules.origin, rules.cap) == (80, 100, 240)  # amounts, as a share of the newcomers'


def test_a_scale_whose_moves_are_not_known_carries_no_programme(tmp_path: Path):
    with pytest.raises(ConfigError, match="tw-10 is partial and cannot be computed"):
        programme_on("tw-10", tmp_path)


def test_a_scale_of_ones_own_inherits_levels_and_says_what_differs(tmp_path: Path):
    own = tmp_path / "own.toml"
    own.write_text(
        'name = "be-business"\nscheme = "scale"\ninherits = "be-1992"\nstart = "14"\n[periods]\npartial = "held"\n',
        encoding="utf-8",
    )
    rules = programme_on("own.toml", tmp_path).rules
    assert isinstance(rules, ScaleRules)
    assert (rules.origin, rules.partial, rules.scale.clean_limit) == (100, "held", CleanLimit(4, 14))
    assert programme_on("own.toml", tmp_path).hash != programme_on("be-1992", tmp_path).hash


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('partial = "half"', "periods.partial: 'half' is not possible; allowed: claim, held, excused"),
        ("lag_months = 12", "periods.lag_months"),
        ("interuption_months = 2", "periods.interuption_months: unknown key; .*nearest: interruption_months"),
    ],
)
def test_a_mistake_in_how_periods_are_counted_is_one_line(line: str, message: str, tmp_path: Path):
    own = tmp_path / "own.toml"
    own.write_text(f'name = "own"\nscheme = "scale"\ninherits = "be-1992"\n[periods]\n{line}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        programme_on("own.toml", tmp_path)
