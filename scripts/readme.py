"""Holds what README.md shows against what the program prints, to the byte.

    scripts/readme.py target/release/ablate            says what differs; exit code 1
    scripts/readme.py target/release/ablate --write    writes what is printed into the page

It sweeps `experiments/first-look.toml` (a few minutes, once) into `results/ablate.db`, or where ABLATE_DB
says, and then runs every command of the page that is shown with what it prints.
"""

import difflib
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "README.md"
SWEEP = "ablate sweep experiments/first-look.toml"


def printed(command):
    """What a command line prints to stdout; `ablate` in it is the program."""
    line = re.sub(r"^ablate\b", f"'{PROGRAM}' --quiet", command)
    done = subprocess.run(["bash", "-c", line], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    return done.stdout.rstrip("\n") + "\n"


def shown(page):
    """The commands of the page that are shown with an answer, each with where the answer stands."""
    opening = "verdict:\n\n```text\n"
    start = page.index(opening) + len(opening)
    yield SWEEP, start, page.index("```", start)
    for block in re.finditer(r"```console\n\$ (ablate .*?[^\\])\n(.*?)```", page, re.DOTALL):
        if block.group(2) and "typo.toml" not in block.group(1):
            yield block.group(1), block.start(2), block.end(2)


def main():
    page = PAGE.read_text()
    answers = [(start, end, printed(command)) for command, start, end in shown(page)]
    true = page
    for start, end, answer in reversed(answers):
        true = true[:start] + answer + true[end:]
    if "--write" in sys.argv:
        PAGE.write_text(true)
        return 0
    differing = list(difflib.unified_diff(
        page.splitlines(), true.splitlines(), "README.md", "what is printed", lineterm=""
    ))
    print("\n".join(differing) or f"README.md is true: {len(answers)} commands")
    return 1 if differing else 0


PROGRAM = pathlib.Path(sys.argv[1]).resolve()
sys.exit(main())
