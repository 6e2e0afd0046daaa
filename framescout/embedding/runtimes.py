"""The packages that compute towers, without what they would note and send about whoever uses them.

Both write an identifier of the user into the home folder when they are imported (findings/), and onnxruntime sends what
it noted to its maker when it can.
"""

from __future__ import annotations

import os
import sys
from typing import Any


def onnxruntime() -> Any:
    """onnxruntime, which reads the variable when it is imported."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime as package

    return package


def openvino() -> Any:
    """OpenVINO without its telemetry package."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino as package

    return package
