"""Where settings come from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from framescout import settings
from framescout.errors import NotAvailableError, UsageError


def test_a_flag_beats_the_environment_and_the_environment_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.toml"
    file.write_text('density = "fast"\nworkers = 3\nbatch = 5\n')
    monkeypatch.setenv("FRAMESCOUT_WORKERS", "4")
    monkeypatch.setenv("FRAMESCOUT_BATCH", "6")
    loaded = settings.load(file, batch=7)
    assert (loaded.density, loaded.workers, loaded.batch) == ("fast", 4, 7)


@pytest.mark.parametrize("name", ["gpu.toml", "cluster.toml"])
def test_a_shipped_profile_is_found_by_its_name(name: str) -> None:
    assert settings.load(Path(name)) != settings.load()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('densty = "fast"', "did you mean density"),
        ('density = "often"', "balanced"),
        ("workers = -1", "negative"),
        ('workers = "many"', "workers"),
        ('timezone = "Mars/Olympus"', "Europe/Berlin"),
        ('camera_pattern = "("', "regular expression"),
        ('camera_pattern = "cam"', r"\(\?P<camera>"),
        ("density = ", "end of document"),
        ('[ray_sites]\nnas = "berlin"', "absolute paths, not 'nas'"),
        ('[ray_sites]\n"/nas" = "!berlin"', "'!berlin' is no label"),
        ('[ray_sites]\n"/nas" = 3', "ray_sites"),
        ("ray_gpus_per_video = 2", "from 0.01 to 1, not 2"),
        ("ray_gpus_per_video = nan", "from 0.01 to 1, not nan"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=said) as error:
        settings.load(file)
    assert "bad.toml" in str(error.value)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(NotAvailableError, match="nowhere"):
        settings.load(Path("nowhere.toml"))
