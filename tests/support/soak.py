"""The long form of the tests that nothing is lost and nothing doubled: the same code, many more kills and examples.

Run as `python -m tests.support.soak`, or `make soak SOAK_ARGS='--kills 300 --seed 7'`. It prints the seed first and the
figures of each test; the same seed strikes in the same order at the same kind of moments, as far as the machine lets.
"""

import argparse
import os
import random
import sys

import pytest

#: What is made longer by kills, by rounds, by examples.
_FILES = (
    "tests/acceptance/test_killed_under_load.py",
    "tests/acceptance/test_schedulers_killed.py",
    "tests/acceptance/test_schedulers_cut_off.py",
    "tests/acceptance/test_server_away.py",
    "tests/acceptance/test_no_room.py",
    "tests/acceptance/test_serial_order.py",
    "tests/acceptance/test_everything_together.py",
    "tests/acceptance/test_random_acts.py",
)


def main() -> int:
    """Soak; the exit code of pytest."""
    parser = argparse.ArgumentParser(prog="make soak", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=150, help="kill −9 in each test that kills, on each database")
    parser.add_argument("--rounds", type=int, default=20, help="histories of many clients, on each database and way")
    parser.add_argument("--examples", type=int, default=200, help="sequences of random acts, on each database")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--only", default="", help="which tests, as pytest's -k")
    given = parser.parse_args()
    for name in ("kills", "rounds", "examples", "seed"):
        os.environ[f"HUYING_TEST_{name.upper()}"] = str(getattr(given, name))
    print(f"seed {given.seed}", flush=True)
    return pytest.main([*_FILES, "--capture=no", "--quiet", "-k", given.only, f"--hypothesis-seed={given.seed}"])


if __name__ == "__main__":
    sys.exit(main())
