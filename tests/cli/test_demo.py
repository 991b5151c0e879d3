"""The first thing that anybody sees."""


def test_the_demo_shows_a_first_sync_what_moved_in_three_weeks_and_that_nothing_is_left_to_write(command):
    told = command("demo", "--customers", "300", "--folder", "there")
    assert (told.code, told.err) == (0, "")
    assert "try later" not in told.out
    assert "and an hour later: 0 records written" in told.out
    runs = command("--settings", "there/bonus-malus.toml", "runs", "--json")
    assert [each["state"] for each in runs.json] == ["done"] * 3
    assert runs.json[0]["written"] == 0
    assert all(each["written"] for each in runs.json[1:])


def test_a_company_too_small_for_the_story_is_synced_and_shown_all_the_same(command):
    told = command("demo", "--customers", "3", "--folder", "there")
    assert (told.code, told.err) == (0, "")
    assert "too small for a story of three weeks: --customers 500 or more has one" in " ".join(told.out.split())
    (run,) = command("--settings", "there/bonus-malus.toml", "runs", "--json").json
    assert (run["state"], run["written"] > 0) == ("done", True)
