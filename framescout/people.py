"""Who uses this computer."""

from __future__ import annotations

import getpass
import os


def user_of_this_process() -> str:
    """The name that the operating system has for who runs this."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"
