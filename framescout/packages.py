"""Names the package to add where a small install (requirements-small.txt) lacks what a step needs."""

from __future__ import annotations

from importlib.util import find_spec

_TO_EXPORT = ("torch", "torchvision", "open_clip_torch", "timm", "transformers", "onnx", "huggingface_hub")
"""What makes a model ready that is not exported yet."""
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
}
"""Module -> the packages that a step with it needs."""


def is_installed(module: str) -> bool:
    """Whether a module can be imported; nothing is."""
    return find_spec(module) is not None


def way_out(module: str | None) -> str | None:
    """A sentence that says which packages to add for a module that isn't there; None where every install needs it."""
    packages = _PACKAGES.get((module or "").partition(".")[0])
    if packages is None:
        return None
    return f"this needs packages that a small install leaves out; run: python3 -m pip install {' '.join(packages)}"
