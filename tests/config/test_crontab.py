"""When a job runs is what cron would make of the same five fields: cron counts a week from Sunday on, APScheduler from
Monday on."""

from datetime import UTC, datetime, timedelta

import pytest

from config import crontab
from config.operations import ScheduleSettings
from config.reading import ConfigError
from config.settings import load_settings

WEEK = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
SUNDAY = datetime(2026, 11, 22, tzinfo=UTC)


def days(field):
    """On which days of a week it runs."""
    trigger, last, found = crontab.trigger(f"30 2 * * {field}"), None, []
    while (last := trigger.get_next_fire_time(last, last or SUNDAY)) < SUNDAY + timedelta(7):
        found.append(f"{last:%A}")
    return found


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("*", WEEK),
        ("0", WEEK[:1]),
        ("7", WEEK[:1]),
        ("sun", WEEK[:1]),
        ("1-5", WEEK[1:6]),
        ("Mon-Fri", WEEK[1:6]),
        ("0-6", WEEK),
        ("1-7", WEEK),
        ("5-7", (WEEK[0], *WEEK[5:])),
        ("sat-sun", (WEEK[0], WEEK[6])),
        ("6,0", (WEEK[0], WEEK[6])),
        ("*/2", WEEK[::2]),
        ("1-5/2", WEEK[1:6:2]),
        ("2/2", WEEK[2::2]),
    ],
)
def test_days_of_the_week_are_those_of_a_crontab(field, expected):
    assert tuple(days(field)) == expected


def test_a_reconciliation_of_the_defaults_is_on_sundays_as_the_cronjob_of_kubernetes_is():
    reconcile = crontab.trigger(ScheduleSettings().reconcile)
    assert f"{reconcile.get_next_fire_time(None, SUNDAY):%A %H:%M}" == "Sunday 03:07"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("30 2 * * 8", "8 is no day of the week; write 0 (Sunday) to 6, or sun to sat"),
        ("30 2 * * sunday", "sunday is no day of the week"),
        ("30 2 * * 1-", "1- is no day of the week"),
        ("30 2 1 * 1", "names days of the month and of the week, and cron would run on either; give one of them"),
        ("30 2 * *", "got 4, expected 5"),
        ("", "got 0, expected 5"),
        ("30 25 * * *", "25"),
    ],
)
def test_what_is_no_time_of_a_crontab_is_one_line_with_its_place(tmp_path, field, words):
    file = tmp_path / "s.toml"
    file.write_text(f'[schedule]\npurge = "{field}"\n[connections.salesforce]\n', "utf-8")
    with pytest.raises(ConfigError) as refused:
        load_settings(file)
    assert f"{file}: schedule.purge: " in str(refused.value)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
