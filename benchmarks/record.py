"""Writes what a benchmark prints into a file, with how it was measured.

    if __name__ == "__main__":
        with recorded(__file__):
            main()

The file is `benchmarks/results/SCRIPT.md`, or `SCRIPT-ARGUMENTS.md` where arguments were given. The next run with
the same arguments replaces it. Nobody edits these files; README.md and docs/ quote them.
"""

from __future__ import annotations

import io
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import metadata
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
STEPS = ("--step", "--one")
"""First arguments by which a script starts a part of itself in a process of its own."""
PACKAGES = ("numpy", "av", "onnxruntime", "torch", "faiss-gpu", "faiss-cpu", "sqlalchemy")
INSTRUCTIONS = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_vnni": "VNNI", "avx512_bf16": "AVX512-BF16",
                "amx_tile": "AMX", "asimd": "NEON"}  # fmt: skip
"""Flag in /proc/cpuinfo -> name of the instruction set."""


class Both(io.TextIOBase):
    """Writes to the terminal and keeps a copy."""

    def __init__(self, terminal: io.TextIOBase) -> None:
        self.terminal = terminal
        self.copy = io.StringIO()

    def write(self, text: str) -> int:
        self.copy.write(text)
        return self.terminal.write(text)

    def flush(self) -> None:
        self.terminal.flush()


@contextmanager
def recorded(script: str) -> Iterator[None]:
    """Record what the script prints to stdout, unless it fails, is asked for help, or is a step of another run."""
    given = sys.argv[1:]
    if (given[:1] and given[0] in STEPS) or {"-h", "--help"} & set(given):
        yield
        return
    began, load = time.localtime(), os.getloadavg()[0]
    both = Both(sys.stdout)  # type: ignore[arg-type]
    try:
        with redirect_stdout(both):
            yield
    except SystemExit:
        save(script, given, head(script, given, began, load), both.copy.getvalue())
        raise
    save(script, given, head(script, given, began, load), both.copy.getvalue())


def save(script: str, given: list[str], how: dict[str, str], printed: str) -> None:
    """Write the file, unless nothing was printed."""
    if not printed.strip():
        return
    RESULTS.mkdir(exist_ok=True)
    rows = "\n".join(f"| {name} | {value} |" for name, value in how.items())
    text = f"# {Path(script).stem}\n\n| | |\n|---|---|\n{rows}\n\n{printed.strip()}\n"
    (RESULTS / f"{name_of(script, given)}.md").write_text(text, encoding="utf-8")


def name_of(script: str, given: list[str]) -> str:
    """The file's name: the script and its arguments, of paths only the last part."""
    words = [Path(script).stem, *(Path(each).stem if "/" in each else each for each in given)]
    return "-".join(re.sub(r"[^\w.]+", "-", word).strip("-") for word in words)


def head(script: str, given: list[str], began: time.struct_time, load: float) -> dict[str, str]:
    """How it was measured: date, command, machine, versions. Of paths only the end is told."""
    shown = [f"…/{'/'.join(Path(each).parts[-2:])}" if each.startswith("/") else each for each in given]
    return {
        "date": time.strftime("%Y-%m-%d %H:%M", began),
        "command": f"`{' '.join(['python', f'benchmarks/{Path(script).name}', *shown])}`",
        "processor": processor(),
        "load when it began": f"{load:.1f} (1.0 is one busy core)",
        "versions": ", ".join([f"Python {platform.python_version()}", *versions()]),
        "commit": commit(),
    }


def processor() -> str:
    """Model, cores that may be used, instruction sets."""
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        said = ""
    model = re.search(r"^model name\s*: (.+)$", said, re.MULTILINE)
    flags = set((re.search(r"^(?:flags|Features)\s*: (.+)$", said, re.MULTILINE) or [""])[0].split())
    sets = [name for flag, name in INSTRUCTIONS.items() if flag in flags]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return ", ".join([model[1] if model else platform.machine(), f"{cores} cores", *sets])


def versions() -> Iterator[str]:
    """Of the packages that do the work, as far as they are installed."""
    for name in PACKAGES:
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue


def commit() -> str:
    """The code's commit, with `-dirty` where files were changed since."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=RESULTS.parent, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"
