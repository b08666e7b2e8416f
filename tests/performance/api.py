"""Measures the api: uploads beside the store's own PUT, and the status of many jobs.

    PYTHONPATH=tests python -m performance.api [--mebibytes 512] [--rounds 5] [--at-once 4]
                                               [--jobs 10000] [--per-second 200]

It starts a control plane without controllers and a MinIO of its own, and prints a line of JSON:
`uploads` is the throughput of each way in and its ratio to a plain PUT of the same file in the same
round, with the memory that one upload takes; `status` has p50 and p99 in milliseconds, from the
moment at which a request was due, of an api with its watch and of one that asks the API server each
time. Ratios hold on a busy machine as well; milliseconds are the machine's affair.

The old service is not beside it. It keeps its jobs in Redis and takes an upload into memory whole,
in a process that does nothing else meanwhile; a stand-in of ours would measure the stand-in. What
its design costs is `uncached`, an api that asks whoever keeps the jobs at every look.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from performance.status import Load, compare
from performance.uploads import measure_uploads
from support.bare_servers import running_servers
from support.service import Tenant

_FEW = Load(count=10, per_second=0.5, lists=5, lists_per_second=0.25)
"""What an api can answer that lists ten thousand jobs at every look."""


def measure_api(tenant: Tenant, folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return all figures."""
    rate = arguments.per_second
    load = Load(count=20 * rate, per_second=rate, lists=200, lists_per_second=10)
    return {
        "uploads": measure_uploads(
            tenant.storage_variables(),
            mebibytes=arguments.mebibytes,
            rounds=arguments.rounds,
            at_once=arguments.at_once,
        ),
        "status": compare(tenant, folder, jobs=arguments.jobs, load=load, uncached_load=_FEW),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mebibytes", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--per-second", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_servers() as (tenant, _):
        print(json.dumps(measure_api(tenant, Path(folder), arguments)))  # the program's result


if __name__ == "__main__":
    main()
