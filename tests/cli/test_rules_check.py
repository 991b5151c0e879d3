from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import cli
from config.reading import ConfigError

SHIPPED = Path(__file__).parents[2] / "config"


def check(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["rules", "check", *arguments], standalone_mode=False)


@pytest.mark.parametrize("name", ["customers", "motor", "fr-motor", "be-1992"])
def test_what_comes_with_the_product_holds(name: str):
    result = check(name)
    assert (result.return_value, result.output) == (0, f"{name}: every example holds\n")


def test_each_example_that_does_not_hold_is_one_line(tmp_path: Path):
    text = (SHIPPED / "rules" / "fr-motor.toml").read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(text.replace("expect = [1.56]", "expect = [1.57]").replace("expect = [1.06]", "expect = [1.07]"))
    result = check(str(path))
    assert result.return_value == 2
    assert result.output.splitlines() == [
        "fr-motor: ABE Infoservice (Banque de France, ACPR, AMF): 1.56, not 1.57",
        "fr-motor: service-public F2655: 1.06, not 1.07",
    ]


def test_a_mistake_in_the_file_is_the_one_line(tmp_path: Path):
    (tmp_path / "own.toml").write_text('name = "own"\ninherits = "fr-motor"\n[flor]\n')
    assert isinstance(check(str(tmp_path / "own.toml")).exception, ConfigError)


def test_the_numbers_of_another_day_can_be_checked(tmp_path: Path):
    path = tmp_path / "own.toml"
    path.write_text(
        'name = "own"\ninherits = "fr-motor"\n[cap]\nreference = "x"\nsince.2000-01-01 = 3.50\n'
        'since.2020-01-01 = 2.00\n[[example]]\nsource = "capped"\nstart = 1.90\nyears = ["F"]\nexpect = [2.00]\n'
    )
    assert check(str(path)).return_value == 0
    assert "2.37, not 2.00" in check(str(path), "--at", "2019-12-31").output


@pytest.mark.parametrize(
    ("signal", "expect", "line"),
    [
        ("order_payd", "coefficient = 0.95", "shop: ours: there is no signal 'order_payd'; allowed: order_paid, "),
        ("order_paid", "coefficient = 0.90", "shop: ours: coefficient is 0.95, not 0.90"),
    ],
)
def test_a_programmes_example_says_coefficients_as_people_write_them(tmp_path: Path, signal, expect, line):
    path = tmp_path / "shop.toml"
    path.write_text(
        'name = "shop"\ninherits = "customers"\n[[example]]\nsource = "ours"\nday = 2026-01-01\n'
        f'signals = [{{ name = "{signal}", on = 2025-01-01 }}]\nexpect = {{ {expect} }}\n'
    )
    result = check(str(path))
    assert result.return_value == 2
    assert result.output.startswith(line)
