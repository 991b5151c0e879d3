"""Machines read what people read."""

from collections.abc import Iterator

import click

from cli.commands import Commands

WITHOUT = {
    "demo": "a story, told to people",
    "init": "a conversation; what comes of it is a file",
    "package": "copies a folder; what comes of it is the folder",
    "sandbox": "runs until it is ended",
    "schedule": "runs until it is ended; its log is lines of JSON",
    "uninstall": "asks twice, people only",
}


def commands(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for each in group.list_commands(context):
        found = group.get_command(context, each)
        assert found is not None
        if isinstance(found, click.Group):
            yield from commands(found, f"{name}{each} ")
        else:
            yield f"{name}{each}", found


def test_every_command_that_tells_something_tells_it_as_json_too():
    silent = {name for name, each in commands(Commands()) if all("--json" not in option.opts for option in each.params)}
    assert silent == set(WITHOUT)


def test_what_a_check_finds_is_json_and_the_exit_code_says_the_same(command):
    said = command("rules", "check", "fr-motor", "--json")
    assert (said.code, said.json) == (0, {"name": "fr-motor", "wrong": []})
