"""What an install may lack is asked for in the versions that pyproject.toml demands."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from framescout.packages import install_command, way_out

PROJECT = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize(
    ("module", "extra"),
    [("ray", "cluster"), ("lance", "lance"), ("pyarrow", "lance"), ("pyroaring", "lance"), ("psycopg", "postgresql")],
)
def test_an_extra_is_named_with_its_versions(module: str, extra: str) -> None:
    wanted = " ".join(f"'{package}'" for package in PROJECT["optional-dependencies"][extra])
    assert install_command(module) == f"python3 -m pip install {wanted}"
    assert way_out(f"{module}.inner") == f"this needs packages that are not installed; run: {install_command(module)}"


def test_what_every_install_has_is_not_named() -> None:
    assert install_command("numpy") is None
    assert way_out("numpy") is None
    assert way_out(None) is None
