"""Does postmedic refuse to start with settings that are wrong or unsafe, and say what to correct?"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from bot.config import FOR_EVER, Settings, load, shown
from bot.errors import ConfigError
from tests.support.bound_by_modes import bound_by_modes


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "postmedic.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(environment={}) == Settings()


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "absent.toml", {})
    with pytest.raises(ConfigError, match="No such file"):
        load(environment={"POSTMEDIC_SETTINGS": str(tmp_path / "absent.toml")})


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path, 'inventory = "hosts.toml"\nknowledge_paths = ["ours", "/srv/theirs"]\nlang = "zh"\nchannels = ["C1"]\n'
    )
    given = load(path, {})
    assert given.inventory == tmp_path / "hosts.toml"
    assert given.database == str(tmp_path / "postmedic.db")
    assert given.knowledge_paths == (tmp_path / "ours", Path("/srv/theirs"))
    assert (given.lang, given.channels) == ("zh", ("C1",))


def test_the_environment_wins(tmp_path: Path) -> None:
    path = write(tmp_path, 'lang = "en"\nplan_minutes = 20\nchannels = ["C1"]\n')
    environment = {
        "POSTMEDIC_LANG": "zh", "POSTMEDIC_PLAN_MINUTES": "45", "POSTMEDIC_CHANNELS": "C2, C3",
        "POSTMEDIC_SLACK_BOT_TOKEN": "xoxb-1",
    }  # fmt: skip
    given = load(path, environment)
    assert (given.lang, given.plan_minutes, given.channels, given.slack_bot_token) == ("zh", 45, ("C2", "C3"), "xoxb-1")


@pytest.mark.parametrize("name", [one.name for one in fields(Settings)])
def test_every_setting_can_come_from_the_environment(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    values = {
        "lang": "zh", "plan_minutes": "7", "keep_days": "7", "host_changes_per_hour": "7", "changes_per_hour": "7",
        "slack_bot_token": "xoxb-7", "slack_app_token": "xapp-7",
        "slack_api_url": "http://127.0.0.1:7/api/", "knowledge_digest": "7" * 64, "addresses": "pseudonyms",
        "audit_syslog": "false",
    }  # fmt: skip
    given = load(environment={f"POSTMEDIC_{name.upper()}": values.get(name, "seven")})
    assert getattr(given, name) != getattr(Settings(), name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = 1\n", "'colour' is not known; known are"),
        ("lang = \n", "it is not TOML"),
        ('lang = "fr"\n', "lang is one of en, zh"),
        ("lang = 5\n", "lang is one of"),
        ('addresses = "hidden"\n', "addresses is shown or pseudonyms"),
        ('audit_syslog = "maybe"\n', "audit_syslog is true or false"),
        ("audit_syslog = 1\n", "audit_syslog is true or false"),
        ("inventory = 5\n", "inventory is the path of a file"),
        ('database = ""\n', "database is a path or an address"),
        ('database = "mysql://me@db/postmedic"\n', "database is the path of a file, or postgresql://"),
        ('database = "postgresql://me@db"\n', "database is the path of a file, or postgresql://"),
        ('database = "postgresql://me@db:nine/postmedic"\n', "database is the path of a file, or postgresql://"),
        ("channels = 5\n", "channels is a list of texts"),
        ("channels = [5]\n", "channels is a list of texts"),
        ('channels = [""]\n', "channels is a list of texts"),
        ("knowledge_paths = [[]]\n", "knowledge_paths is a list of texts"),
        ('knowledge_digest = "abc"\n', "knowledge_digest is 64 hexadecimal digits"),
        ("plan_minutes = 0\n", "plan_minutes is a number from 1 to 240"),
        ("keep_days = 6\n", "keep_days is a number from 7 to 3650: what Slack delivers again must still be known; 0 keeps"),
        ("keep_days = 3651\n", "keep_days is a number from 7 to 3650"),
        ("keep_days = -1\n", "keep_days is a number from 7 to 3650"),
        ("keep_days = false\n", "keep_days is a number from 7 to 3650"),
        ("plan_minutes = 241\n", "plan_minutes is a number"),
        ('plan_minutes = "soon"\n', "plan_minutes is a number"),
        ("plan_minutes = 1.5\n", "plan_minutes is a number"),
        ("plan_minutes = true\n", "plan_minutes is a number"),
        ("changes_per_hour = 0\n", "changes_per_hour is a number from 1 to 1000"),
        ('slack_bot_token = "xoxp-1"\n', "a token that begins with xoxb-"),
        ('slack_app_token = "xoxb-1"\n', "a token that begins with xapp-"),
        ("slack_bot_token = 5\n", "slack_bot_token is a text"),
        ('slack_api_url = "http://slack.example/api/"\n', "slack_api_url is an https address"),
        ('slack_api_url = "http://127.0.0.1.example/api/"\n', "slack_api_url is an https address"),
        ('slack_api_url = "ftp://127.0.0.1/"\n', "slack_api_url is an https address"),
        ('slack_api_url = "https://[/"\n', "slack_api_url is an https address"),
        ('slack_api_url = "https:///api/"\n', "slack_api_url is an https address"),
        ('slack_api_url = "http://127.0.0.1:99999/"\n', "slack_api_url is an https address"),
        ('inventory = "a\\u0000b"\n', "'inventory' holds a NUL"),
        (f"channels = {'[' * 5000}\n", "nested too deeply"),
        (f"keep_days = {'9' * 5000}\n", "it is not TOML: Exceeds the limit"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text), {})
    assert said in str(caught.value)
    assert str(tmp_path / "postmedic.toml") in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LANG", "fr", "lang is one of"),
        ("KEEP_DAYS", "9" * 5000, "keep_days is a number"),
        ("SLACK_API_URL", "https://[", "slack_api_url is"),
        ("DATABASE", "", "database is a path"),
    ],
)
def test_what_is_wrong_in_the_environment_is_looked_for_there(tmp_path: Path, name: str, value: str, said: str) -> None:
    variable = f"POSTMEDIC_{name}"
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, ""), {variable: value})
    assert str(caught.value).startswith(f"The settings in {variable} cannot be used: {said}")


@pytest.mark.parametrize("name", ["CHANNEL", "KNOWLEDGE_SIGNER", "ALARM_CHANEL", "ADDRESS", "SETTING"])
def test_a_variable_that_is_misspelt_does_not_leave_the_default(tmp_path: Path, name: str) -> None:
    """Without `channels` every channel would be served."""
    with pytest.raises(ConfigError, match=f"POSTMEDIC_{name} cannot be used: there is no such setting; POSTMEDIC_"):
        load(write(tmp_path, ""), {f"POSTMEDIC_{name}": "C1"})


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    """Kubernetes tells each container of the services around, one of which may have this program's name."""
    others = ("SERVICE_HOST", "SERVICE_PORT", "PORT", "PORT_80_TCP", "PORT_80_TCP_ADDR", "REQUIRE_LAB")
    load(write(tmp_path, ""), {f"POSTMEDIC_{name}": "1" for name in others})


def test_a_file_that_cannot_be_looked_at_is_not_taken_for_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, "plan_minutes = 20\n")
    path.rename(tmp_path / "there.toml")
    path.symlink_to("there.toml")
    assert load(environment={}).plan_minutes == 20
    (tmp_path / "there.toml").rename(tmp_path / "gone.toml")
    with pytest.raises(ConfigError, match="No such file"):
        load(environment={})
    tmp_path.chmod(0)
    try:
        with bound_by_modes(), pytest.raises(ConfigError, match="Permission denied"):
            load(environment={})
    finally:
        tmp_path.chmod(0o700)


def test_a_mark_at_the_beginning_is_no_part_of_it(tmp_path: Path) -> None:
    assert load(write(tmp_path, '\ufefflang = "zh"\n'), {}).lang == "zh"


def test_everything_may_be_kept_for_ever(tmp_path: Path) -> None:
    assert load(write(tmp_path, "keep_days = 0\n"), {}).keep_days == FOR_EVER
    assert load(write(tmp_path, ""), {"POSTMEDIC_KEEP_DAYS": "0"}).keep_days == FOR_EVER


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="it is not TOML"):
        load(path, {})


def test_tokens_are_never_shown(tmp_path: Path) -> None:
    given = load(write(tmp_path, 'slack_bot_token = "xoxb-secret"\nslack_app_token = "xapp-secret"\n'), {})
    assert "secret" not in repr(given)
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, 'slack_bot_token = "xoxp-secret"\n'), {})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("postgresql://me:hunter2@db/postmedic", True),
        ("postgresql://me@db/postmedic?password=hunter2", True),
        ("postgresql://me@db:5432/postmedic", False),
    ],
)
def test_the_password_of_a_database_is_guarded_and_never_shown(tmp_path: Path, address: str, private: bool) -> None:
    file = write(tmp_path, f'database = "{address}"\n')
    file.chmod(0o600)
    given = load(file, {})
    assert given.database == address
    assert "hunter2" not in repr(given) + shown(given.database)
    assert shown(given.database).startswith("postgresql://me@db")
    file.chmod(0o644)
    if private:
        with pytest.raises(ConfigError, match="password") as caught:
            load(file, {})
        assert "hunter2" not in str(caught.value)
    else:
        assert load(file, {}) == given
