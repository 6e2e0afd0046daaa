"""What a new user gets: the wheel's size, what is installed beside it, how long the first index run and search take.

    python benchmarks/fresh_install.py [--whole]

Builds the wheel of this checkout and installs it with requirements-small.txt, or --whole with all its dependencies,
into an environment of its own. So it needs a package registry, and for --whole 8 GB. The archive is the demo's: 4
videos, 36 s. Times are of whole processes of the installed command, by the clock; its files have just been written, so
that they lie in the system's page cache.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.record import recorded
from framescout.commands.demo import QUESTION, make_archive

ROOT = Path(__file__).resolve().parents[1]
_LARGEST = 8
_LATER = 5
_SIZES = """
import importlib.metadata
for each in importlib.metadata.distributions():
    size = sum(os.stat(path).st_blocks * 512 for file in each.files or () if os.path.isfile(path := file.locate()))
    print(each.metadata["Name"], size)
"""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whole", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        base = Path(folder).resolve()
        wheel = build(base)
        seconds = install(base / "installed", wheel, whole=arguments.whole)
        print(f"the wheel: {wheel.stat().st_size / 1e6:.1f} MB ({wheel.stat().st_size:,} bytes)\n")
        tell_sizes(base / "installed")
        print(f"\ninstalled in {seconds:.0f} s, downloads and all\n")
        tell_times(base)


def build(base: Path) -> Path:
    """The wheel of this checkout."""
    run(sys.executable, "-m", "venv", base / "builder")
    python = base / "builder" / "bin" / "python"
    run(python, "-m", "pip", "wheel", "-q", "--no-deps", "-w", base, ROOT)
    (wheel,) = base.glob("framescout-*.whl")
    return wheel


def install(environment: Path, wheel: Path, *, whole: bool) -> float:
    """Seconds that it took."""
    started = time.perf_counter()
    run(sys.executable, "-m", "venv", environment)
    what = [wheel] if whole else ["--no-deps", wheel, "-r", ROOT / "requirements-small.txt"]
    run(environment / "bin" / "python", "-m", "pip", "install", "-q", *what)
    return time.perf_counter() - started


def tell_sizes(environment: Path) -> None:
    """Print what each of the largest packages fills on disk, and all together."""
    said = run(environment / "bin" / "python", "-c", "import os\n" + _SIZES).splitlines()
    sizes = {name: int(size) for name, size in (line.split() for line in said)}
    total = sum(path.lstat().st_blocks * 512 for path in environment.rglob("*"))
    print(f"| what is installed, of {len(sizes)} packages | MB on disk |\n|---|---|")
    for name in sorted(sizes, key=lambda name: -sizes[name])[:_LARGEST]:
        print(f"| {name} | {sizes[name] / 1e6:.1f} |")
    print(f"| the whole environment | {total / 1e6:.0f} |")


def tell_times(base: Path) -> None:
    """Print how long the first run, the first search and later ones take."""
    program, catalog = base / "installed" / "bin" / "framescout", base / "catalog"
    (base / "archive").mkdir()
    make_archive(base / "archive")
    index = timed(program, "--catalog", catalog, "index", base / "archive")
    first = timed(program, "--catalog", catalog, "search", QUESTION)
    later = [timed(program, "--catalog", catalog, "search", QUESTION) for _ in range(_LATER)]
    print("| | seconds |\n|---|---|")
    print(f"| the first index run, which gets the model ready | {index:.2f} |")
    print(f"| the first search | {first:.2f} |")
    print(f"| later searches, median of {_LATER} | {statistics.median(later):.2f} |")


def timed(*call: object) -> float:
    """Seconds of a process."""
    started = time.perf_counter()
    run(*call)
    return time.perf_counter() - started


def run(*call: object) -> str:
    """What it prints."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [*map(str, call)], env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=3600
    ).stdout


if __name__ == "__main__":
    with recorded(__file__):
        main()
