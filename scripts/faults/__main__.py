"""Hurts sweeps in every way that is known, and counts what was lost, trained twice or changed.

    python3 scripts/faults ABLATE [--quick] [--only WORD]
"""

import argparse
import pathlib
import shutil
import sys
import time

import bench
import crashes  # noqa: F401  (each registers its faults)
import damage  # noqa: F401
import disks  # noqa: F401
import inputs  # noqa: F401
import trainings  # noqa: F401

HEAD = ("fault", "injected", "runs lost", "runs twice", "bits changed", "said as expected")


def run(inject, name, times):
    tally = bench.Tally(name, times)
    try:
        inject(tally)
    except Exception as error:  # whatever it is, the other faults are still to be injected
        tally.note(f"the campaign itself failed: {error!r}")
    return tally


def row(tally):
    if tally.skipped:
        return (tally.name, "SKIPPED", "", "", "", tally.skipped)
    said = f"{tally.said} of {tally.asked}"
    return (tally.name, *map(str, (tally.injected, tally.lost, tally.twice, tally.changed)), said)


def table(rows):
    widths = [max(len(line[i]) for line in rows if line[1] != "SKIPPED") for i in range(len(HEAD))]
    widths[0] = max(len(line[0]) for line in rows)
    widths[1] = max(widths[1], len("SKIPPED"))
    align = lambda line: "  ".join([line[0].ljust(widths[0])]
                                   + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])])
    head, *body = [align(line).rstrip() for line in rows]
    return "\n".join([head, "-" * len(head), *body])


def main():
    parser = argparse.ArgumentParser(prog="faults.sh")
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="each fault a few times only")
    parser.add_argument("--only", metavar="WORD", default="", help="faults with this word in their name")
    args = parser.parse_args()
    bench.Bench.program = args.program.resolve()
    began = time.monotonic()
    tallies = []
    try:
        for inject, name, full, quick in bench.FAULTS:
            if args.only in name:
                print(f"{time.monotonic() - began:6.0f} s  {name}", file=sys.stderr, flush=True)
                tallies.append(run(inject, name, quick if args.quick else full))
    except KeyboardInterrupt:
        print("stopped: the table has what was injected before", file=sys.stderr)
    finally:
        for folder in bench.Bench.made:
            shutil.rmtree(folder, ignore_errors=True)
    print(table([HEAD, *map(row, tallies)]))
    bad = [tally for tally in tallies if not tally.is_good]
    for tally in bad:
        for note in tally.notes[:5]:
            print(f"\n{tally.name}: {note}", file=sys.stderr)
    injected = sum(tally.injected for tally in tallies)
    verdict = f"{len(bad)} of them not as they should be" if bad else "all as they should be"
    print(f"\n{injected} faults injected in {time.monotonic() - began:.0f} s: {verdict}")
    return 1 if bad or not tallies else 0


sys.exit(main())
