#!/usr/bin/env python
"""Tries the lower bounds of setup.py: installs them in a fresh environment and runs the fast tests there.

    python tools/check_oldest.py --python python3.10

What was installed and what came of it goes to docs/oldest_versions.txt, once the tests have passed. On Linux
torch's CUDA packages come along, several GB, unless pip finds torch's CPU build.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
RECORD = PROJECT / "docs" / "oldest_versions.txt"
EXTRAS = ("standalone", "test")
# Left out are the tests that start whole processes or train through the Runner again and again.
SLOW = ("tests/tools", "tests/docs", "tests/engine/test_launch.py", "tests/test_configs.py")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default="python3.10", help="oldest interpreter allowed (%(default)s)")
    arguments = parser.parse_args()

    from fcn_plugin.files import write_atomically

    with tempfile.TemporaryDirectory() as folder:
        run(arguments.python, "-m", "venv", folder)
        python = f"{folder}/bin/python"
        constraints = Path(folder, "constraints.txt")
        constraints.write_text("\n".join(lower_bounds()))
        project = f"{PROJECT}[{','.join(EXTRAS)}]"
        run(python, "-m", "pip", "install", "--constraint", str(constraints), "--editable", project)
        tests = run(python, "-m", "pytest", "-p", "no:cacheprovider", *(f"--ignore={path}" for path in SLOW))
        summary = tests.splitlines()[-1].strip()
        platform = run(
            python, "-c", "import platform as p; print(p.python_version(), p.system(), p.machine())"
        )
        installed = run(python, "-m", "pip", "freeze", "--exclude-editable")
    write_atomically(RECORD, record(summary, platform.strip(), installed))
    print(f"{summary}\n{RECORD}")


def lower_bounds() -> list[str]:
    """``NAME==VERSION`` of every requirement, at the least version that setup.py allows."""
    from distutils.core import run_setup  # of setuptools, which has replaced the standard library's

    setup = run_setup(str(PROJECT / "setup.py"), stop_after="init")
    requirements = [
        *setup.install_requires,
        *(line for extra in EXTRAS for line in setup.extras_require[extra]),
    ]
    return sorted(line.replace(">=", "==") for line in requirements)


def record(summary: str, platform: str, installed: str) -> str:
    """The text of the record, in the form of a constraints file."""
    bounds = lower_bounds()
    names = {line.partition("==")[0].lower() for line in bounds}
    rest = [line for line in installed.splitlines() if line.partition("==")[0].lower() not in names]
    return "\n".join(
        [
            "# Written by tools/check_oldest.py.",
            f"# Python {platform}",
            f"# {summary}",
            f"# pytest {' '.join(f'--ignore={path}' for path in SLOW)}",
            "",
            "# The lower bounds of setup.py:",
            *bounds,
            "",
            "# What pip installed with them:",
            *rest,
            "",
        ]
    )


def run(*command: str) -> str:
    """Runs a command, shows what it prints and returns it; stops this program where it fails."""
    print("+", *command, flush=True)
    lines = []
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        raise SystemExit(f"error: {command[0]} failed; the bounds are not recorded")
    return "".join(lines)


if __name__ == "__main__":
    main()
