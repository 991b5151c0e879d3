import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import cli, main
from config.reading import ConfigError

VECTORS = json.loads(
    (Path(__file__).parents[1] / "scoring" / "coefficient-vectors.json").read_text(encoding="utf-8"),
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["calc", *arguments])


def coefficients(*arguments: str) -> list[str]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: list[str] = json.loads(result.stdout)["coefficients"]
    return found


def test_the_example_of_the_manual_comes_out_with_two_decimals():
    assert coefficients("--rules", "fr-motor", "--start", "1.00", "--history", ",,F,PF,") == [
        "0.95", "0.90", "1.12", "1.57", "1.49",
    ]  # fmt: skip


def test_an_empty_history_is_one_clean_period():
    assert coefficients("--history", "") == ["0.95"]


@pytest.mark.parametrize("vector", VECTORS[::6], ids=[vector["id"] for vector in VECTORS[::6]])
def test_published_examples_can_be_calculated(vector: dict[str, object]):
    start, years, use = int(str(vector["start"])), vector["years"], vector["use"]
    assert isinstance(years, list)
    found = coefficients(
        "--start", f"{start / 100:.2f}",
        "--history", ",".join(years),
        "--use", "normal" if use == "N" else "tournees",
        "--years-at-floor", str(vector.get("y50", 0)),
    )  # fmt: skip
    assert [int(text.replace(".", "")) for text in found] == vector["expect"]


def test_the_table_says_which_article_moved_it():
    result = run("--start", "0.50", "--years-at-floor", "3", "--history", "FF,")
    lines = result.stdout.splitlines()
    assert next(line for line in lines if "absorbed" in line).rstrip().endswith("art. 4")
    assert "art. 5" in next(line for line in lines if "×1.25 = 0.625" in line)
    assert any(line.rstrip().endswith("0.62") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--history", ",X,"], "period 2: 'X' is not possible; allowed: F"),
        (["--start", "0.49"], "between 0.50 and 3.50"),
        (["--start", "1.005"], "with two decimals"),
        (["--start", "one"], "'one' is no number"),
        (["--start", "NaN"], "NaN is not possible"),
        (["--rules", "fr-moto"], "nearest: fr-motor"),
        (["--years-at-floor", "3"], "only with --start 0.50"),
    ],
)
def test_bad_input_is_one_clear_line(arguments: list[str], words: str):
    error = run(*arguments).exception
    assert isinstance(error, ConfigError)
    assert words in str(error)
    assert "\n" not in str(error)


def test_bad_input_ends_with_exit_code_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("sys.argv", ["bonus-malus", "calc", "--history", "Q"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
