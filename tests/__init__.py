"""Tests. Importing this comes first: what follows takes one thread, for there is a process of tests on every core."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
