"""`python -m tests.simulation.mutations`: removes each guard; the simulation must notice.

What its processes run is in `noticing.py`: they cannot import from here.
"""

import sys

from tests.simulation.mutations.noticing import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
