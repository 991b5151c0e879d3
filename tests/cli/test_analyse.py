import json
import re
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Command, Site

DOCS = Path(__file__).parents[2] / "docs"
KEYS = {"levels", "stationary", "mean_level", "rsal", "cv", "elasticity", "evolution"}


def test_the_figures_for_machines_have_exactly_the_documented_keys(command: Command):
    said = command("rules", "analyse", "my-6", "--frequency", "0.1", "--json")
    assert said.code == 0
    assert said.json.keys() == KEYS
    assert said.json["levels"] == [45, 55, 61.67, 70, 75, 100]
    assert said.json["stationary"][0] == pytest.approx(0.6065307, abs=5e-8)
    assert len(said.json["evolution"]) == 20


def test_a_uniform_start_reproduces_the_published_evolution(command: Command):
    """Loss Data Analytics, ch. 15: Brazil, base 1000."""
    said = command("rules", "analyse", "br-7", "--frequency", "0.1", "--start", "uniform", "--years", "5", "--json")
    assert [10 * mean for mean in said.json["evolution"]] == pytest.approx(
        [766.9, 737.6, 713.1, 693.8, 679.2], abs=0.051
    )


def test_augmented_states_are_summed_to_the_levels_of_the_scale(command: Command):
    said = command("rules", "analyse", "be-1992", "--frequency", "0.1", "--json").json
    assert len(said["levels"]) == len(said["stationary"]) == 23
    assert sum(said["stationary"]) == pytest.approx(1)


def test_the_law_moves_as_its_calculator_does_where_nothing_happens(command: Command):
    said = command("rules", "analyse", "fr-motor", "--frequency", "0", "--years", "3", "--json").json
    assert said["evolution"] == pytest.approx([0.95, 0.90, 0.85])
    assert said["mean_level"] == 0.5


def test_use_and_partial_share_change_what_the_law_does(command: Command):
    def mean(*more: str) -> float:
        words = ("rules", "analyse", "fr-motor", "--frequency", "0.05", "--years", "1", "--json")
        return float(command(*words, *more).json["evolution"][0])

    assert mean("--use", "tournees") < mean("--partial-share", "1") < mean()


def test_details_add_what_was_assumed_and_how_long_an_incident_is_felt(command: Command):
    said = command("rules", "analyse", "be-1992", "--frequency", "0.1", "--details", "--json").json
    assert said.keys() > KEYS
    assert said["recovery"]["level 0"] == {"back": 4, "caught_up": 4, "extra": 22}
    assert said["names"][0] == "0"


def test_people_read_the_same_figures_in_tables(command: Command):
    said = command("rules", "analyse", "be-1992", "--frequency", "0.1")
    assert said.code == 0
    assert "RSAL" in said.out
    assert "4 years" in said.out


def test_a_file_of_ones_own_is_analysed_like_a_shipped_one(command: Command):
    Path("own.toml").write_text(
        'name = "own"\nscheme = "scale"\nsource = "a trial"\nstart = "a"\n'
        '[levels]\nnames = ["a", "b"]\nvalues = [100, 200]\n[steps]\nbetter = 1\nback_to = "b"\n',
        encoding="utf-8",
    )
    said = command("rules", "analyse", "own.toml", "--frequency", "0.6931471805599453", "--json").json
    assert said["stationary"] == pytest.approx([0.5, 0.5])
    assert said["mean_level"] == pytest.approx(150)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["be-1992"], "--frequency: say how many claims a year"),
        (["be-1992", "--frequency", "nan"], "--frequency: nan is not possible"),
        (["be-1992", "--frequency", "-1"], "--frequency: -1.0 is not possible"),
        (["be-1992", "--frequency", "1e9"], "takes a number from 0 to 50"),
        (["fr-motor", "--frequency", "1", "--partial-share", "1.5"], "--partial-share: 1.5"),
        (["be-1992", "--frequency", "1", "--partial-share", "0.5"], "a scale knows neither"),
        (["be-1992", "--frequency", "1", "--start", "23"], "be-1992 has no level '23'"),
        (["fr-motor", "--frequency", "1", "--start", "0.49"], "between 0.50 and 3.50"),
        (["fr-motor", "--frequency", "1", "--start", "x"], "'x' is no number"),
        (["ross-4", "--frequency", "1"], "names no level for newcomers"),
        (["de-sf", "--frequency", "1"], "partial and cannot be computed"),
        (["be-1993", "--frequency", "1"], "nearest: be-1992"),
    ],
)
def test_bad_input_is_one_line_with_the_place_and_exit_code_2(command: Command, words: list[str], said: str):
    found = command("rules", "analyse", *words)
    assert found.code == 2
    assert found.err.count("\n") == 1
    assert said in found.err


def test_without_a_frequency_it_is_measured_in_the_ledger(command: Command, site: Site):
    assert command("--settings", str(site.settings), "fields", "apply").code == 0
    assert command("--settings", str(site.settings), "sync", "--first-fill").code == 0
    said = command("--settings", str(site.settings), "rules", "analyse", "customers", "--details", "--json").json
    measured = said["assumed"]["measured"]
    assert measured["subjects"] >= 190
    assert 0 < measured["incidents"] < measured["periods"]
    assert said["assumed"]["frequency"] == measured["incidents"] / measured["periods"]
    assert 0 < said["assumed"]["partial_share"] < 1


@pytest.mark.parametrize(
    ("words", "coefficients", "levels"),
    [
        (["be-1992", "--start", "11", "--history", ",F,FF"], ["0.81", "1.00", "2.00"], ["10", "14", "22"]),
        (["my-6", "--history", ",,,F"], ["0.75", "0.70", "0.6167", "1.00"], ["1", "2", "3", "0"]),
        (["textbook-1-2", "--history", ",F"], ["4", "5"], ["4", "5"]),
        (["ross-4", "--start", "1", "--history", "FF"], ["400"], ["3"]),
    ],
)
def test_the_calculator_walks_any_scale(command: Command, words: list[str], coefficients: list[str], levels: list[str]):
    said = command("calc", "--rules", *words, "--json")
    assert json.loads(said.out) == {"coefficients": coefficients, "levels": levels}


def test_the_calculator_says_where_the_limit_of_clean_years_held(command: Command):
    said = command("calc", "--rules", "be-1992", "--start", "22", "--history", ",,,")
    assert "not above 14 after 4 claim-free years" in said.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["be-1992", "--history", "P"], "allowed on a scale: F (one claim)"),
        (["be-1992", "--use", "tournees"], "a scale knows neither"),
        (["be-1992", "--start", "1.00"], "has no level '1.00'"),
    ],
)
def test_what_a_scale_does_not_know_is_refused_in_one_line(command: Command, words: list[str], said: str):
    found = command("calc", "--rules", *words)
    assert (found.code, found.err.count("\n")) == (2, 1)
    assert said in found.err


def test_rules_show_prints_a_scale_and_what_is_missing_in_a_partial_one(command: Command):
    assert "63" in command("rules", "show", "be-1992").out
    assert "missing: the way back after claims" in command("rules", "show", "de-sf").out
    shown = command("rules", "show", "nl-14", "--json").json
    assert shown["rows"][0] == ["14", "30", "14", "9", "5", "1"]


@pytest.mark.parametrize("page", ["scales.md", "analysis.md"])
def test_the_commands_of_the_pages_run_as_they_stand(command: Command, page: str):
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(r"^bonus-malus (.*)$", text, flags=re.MULTILINE)
    offline = [line for line in found if not line.startswith("simulate")]
    assert len(offline) >= 3
    for line in offline:
        assert command(*shlex.split(line)).code == 0, line


def test_the_scales_and_the_programme_written_in_the_page_hold(command: Command):
    own = re.findall(r"```toml\n(.*?)```", (DOCS / "scales.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(own) == 3
    for text in own:
        name = re.findall(r'name = "(.*)"', text)[0] + ".toml"
        Path(name).write_text(text, encoding="utf-8")
        assert command("rules", "check", name).out == f"{name}: every example holds\n"
