"""Names the package to add where an install lacks what a step needs: a small one, or one without an extra."""

from __future__ import annotations

from importlib.util import find_spec

_TO_EXPORT = ("torch", "torchvision", "open_clip_torch", "timm", "transformers", "onnx", "huggingface_hub")
"""What makes a model ready that is not exported yet."""
_FOR_LANCE = ("'pylance>=14,<15'", "'pyroaring>=1,<2'")
_PACKAGES = {
    "torch": _TO_EXPORT,
    "open_clip": _TO_EXPORT,
    "huggingface_hub": ("huggingface_hub",),
    "fastapi": ("fastapi", "uvicorn", "jinja2"),
    "uvicorn": ("fastapi", "uvicorn", "jinja2"),
    "jinja2": ("fastapi", "uvicorn", "jinja2"),
    "opentimelineio": ("opentimelineio",),
    "imageio_ffmpeg": ("imageio-ffmpeg",),
    "openvino": ("openvino",),
    "ray": ("'ray>=2.60,<3'",),
    "lance": _FOR_LANCE,
    "pyarrow": _FOR_LANCE,
    "pyroaring": _FOR_LANCE,
    "psycopg": ("'psycopg[binary]>=3.2,<4'",),
}
"""Module -> the packages that a step with it needs; versions as in pyproject.toml's extras."""


def is_installed(module: str) -> bool:
    """Whether a module is installed; looks without importing it."""
    return find_spec(module) is not None


def way_out(module: str | None) -> str | None:
    """A sentence that says which packages to add for a module that isn't there; None where every install needs it."""
    command = install_command(module)
    return f"this needs packages that are not installed; run: {command}" if command else None


def install_command(module: str | None) -> str | None:
    """What adds the packages for a module; None where every install needs it."""
    packages = _PACKAGES.get((module or "").partition(".")[0])
    return f"python3 -m pip install {' '.join(packages)}" if packages else None
