"""Lighthouse on the invoice behind a link and on the dashboard: a phone and its network as Lighthouse simulates them.

The demo shop is made in a folder of its own and served as in production. Prints every run and the medians; exits 1 when
a median is below performance 98, accessibility 100 or best practices 100. Performance is a figure of the machine too:
run it where nothing else runs. axe-core and the Nu checker look at all pages in tests/browser/test_audits.py.
"""

import argparse
import sys
from statistics import median

from tests.audits import lighthouse


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.audits", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="of each page (3)")
    return measured(parser.parse_args().runs)


def measured(runs: int) -> int:
    """Prints every run and the medians; 1 when a median falls short of LEAST."""
    failed = 0
    with lighthouse.demo_site() as visits:
        for visit in visits:
            print(f"\n{visit.name}: performance, accessibility, best practices | FCP, LCP, TBT, speed index (ms) | CLS")
            found = [lighthouse.audit(visit) for _ in range(runs)]
            for figures in found:
                print("  ", _row([figures]))
            print("  median", _row(found))
            short = lighthouse.fallen_short(found)
            failed |= bool(short)
            for said in short:
                print("   short:", said)
    return int(failed)


def _row(found: list[lighthouse.Figures]) -> str:
    scores = " ".join(f"{median(one.scores[name] for one in found):5.0f}" for name in lighthouse.CATEGORIES)
    times = " ".join(f"{median(one.times[name] for one in found):6.0f}" for name in lighthouse.TIMES)
    return f"{scores} | {times} | {median(one.shift for one in found):.3f}"


if __name__ == "__main__":
    sys.exit(main())
