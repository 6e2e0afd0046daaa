"""Holds the installed packages against the database of known holes: `make audit`.

Exit status 1 where a package has a known hole; 0 where none has, and where the database can't be asked: it says so.
"""

from __future__ import annotations

import json
import subprocess
import sys

import click


@click.command()
@click.option("--osv-url", help="The database [default: the public one].")
@click.option("--requirements", type=click.Path(), help="Audit what this file pins, not what is installed.")
def main(osv_url: str | None, requirements: str | None) -> None:
    """Audit the packages."""
    call = [sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", "--format", "json", "--desc", "off"]
    call += ["--osv-url", osv_url] if osv_url else []
    call += ["--requirement", requirements, "--no-deps", "--disable-pip"] if requirements else ["--skip-editable"]
    ended = subprocess.run([*call, "--progress-spinner", "off", "--timeout", "5"], capture_output=True, check=False)
    try:
        packages = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = ended.stderr.decode(errors="replace").strip().splitlines() or ["nothing was said"]
        click.echo(f"audit skipped: the database of known holes can't be asked ({said[-1][:200]})")
        return
    holes = [(package, hole) for package in packages for hole in package.get("vulns", ())]
    for package, hole in holes:
        fixed = ", ".join(hole["fix_versions"]) or "nothing yet"
        click.echo(f"{package['name']} {package['version']}: {hole['id']}, mended in {fixed}")
    click.echo(f"{len(packages)} packages, {len(holes)} known holes")
    sys.exit(bool(holes))


if __name__ == "__main__":
    main()
