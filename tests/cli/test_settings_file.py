"""The config file: what it may say, and what is said about a bad one."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from tutor.settings import Settings, SettingsError, default_text, load_settings

FULL = """
device = "cuda:1"
theme = "nord"
threads = 4
memory = "1.5 GiB"
time_factor = 2
animation = true
processes = 99
disk = "3 GiB"
file_size = 104857600
output = "1 MiB"
third_party = "strong-only"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path / "config.toml")
    assert (loaded.settings, loaded.warnings) == (Settings(), ())


def test_every_key_can_be_set(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, FULL)).settings
    assert settings == Settings(
        *("cuda:1", "nord", 4, 3 << 29, 2.0, True),
        *(99, 3 << 30, 100 << 20, 1 << 20, "strong-only"),
    )
    for field in fields(Settings):
        assert getattr(settings, field.name) != field.default


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('device = "gpu"', "cpu, cuda"),
        ("device = 1", "text in quotes"),
        ("threads = -1", "whole number from 0"),
        ("threads = 1.5", "whole number"),
        ("threads = true", "whole number"),
        ('memory = "lots"', "4 GiB"),
        ("memory = 1000", "512 MiB"),
        ("processes = -2", "whole number from 0"),
        ('disk = "12"', "4 GiB"),
        ("disk = 5000", "16 MiB"),
        ('file_size = "1 KiB"', "a small model"),
        ("file_size = true", "whole number"),
        ('output = "1 GiB"', "at most 16.0 MiB"),
        ("output = 100", "16 KiB"),
        ('third_party = "maybe"', '"ask", "strong-only", "never", "always"'),
        ("third_party = true", '"ask"'),
        ("time_factor = 0", "number from 0.1"),
        ("time_factor = nan", "number from 0.1"),
        ('animation = "yes"', "true or false"),
    ],
)
def test_a_bad_value_names_file_key_and_remedy(tmp_path: Path, line: str, words: str) -> None:
    path = written(tmp_path, line)
    with pytest.raises(SettingsError) as error:
        load_settings(path)
    assert str(path) in str(error.value)
    assert line.split(" = ")[0] in str(error.value)
    assert words in str(error.value)


def test_the_default_text_explains_every_key_and_changes_nothing(tmp_path: Path) -> None:
    loaded = load_settings(written(tmp_path, default_text()))
    assert (loaded.settings, loaded.warnings) == (Settings(), ())
    uncommented = re.sub(r"^#(?! )", "", default_text(), flags=re.MULTILINE)
    assert set(tomllib.loads(uncommented)) == {field.name for field in fields(Settings)}
    assert load_settings(written(tmp_path, uncommented)).settings == Settings()


def test_what_is_no_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"config\.toml is not valid TOML.*line 2"):
        load_settings(written(tmp_path, "threads = 1\ntheme = oh no\n"))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.mkdir()
    with pytest.raises(SettingsError, match="could not be read"):
        load_settings(path)


@pytest.mark.parametrize(("key", "near"), [("thread", "threads"), ("colour", "the keys are")])
def test_an_unknown_key_warns_and_the_rest_holds(tmp_path: Path, key: str, near: str) -> None:
    loaded = load_settings(written(tmp_path, f'{key} = 1\ntheme = "nord"'))
    assert loaded.settings.theme == "nord"
    (warning,) = loaded.warnings
    assert f"'{key}'" in warning
    assert near in warning
