"""A collection of garbage does not hold up every request for what is there for good."""

import json
import subprocess
import sys

SCRIPT = """
import gc, json
import kubernetes.client
import waas_api.main
from waas_api.serving import look_for_garbage_less_often

before = len(gc.get_objects())
look_for_garbage_less_often()
print(json.dumps([before, len(gc.get_objects()), gc.get_threshold()[2]]))
"""


def test_a_whole_collection_goes_through_what_was_made_since_the_start_alone() -> None:
    # Objects are counted, not milliseconds: there are as many of them on a busy machine.
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True)

    before, after, rounds = json.loads(run.stdout)
    assert before > 50_000
    assert after < before / 100
    assert rounds >= 100
