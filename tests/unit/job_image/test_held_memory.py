"""What a process holds does not grow with what it did."""

import os
import platform
import subprocess
import sys

import pytest

from waas_job.engine.device import multiplies_bfloat16
from waas_job.engine.held_memory import limit_prepared_products

_READ_RESIDENT_BYTES = """
from pathlib import Path

def resident_bytes():
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * int(next(each for each in lines if each.startswith("VmRSS:")).split()[1])
"""

_FREE_EVERY_OTHER_BLOCK = (
    _READ_RESIDENT_BYTES
    + """
from waas_job.engine.held_memory import give_back_freed_memory

blocks = [bytearray(b"x") * 100_000 for _ in range(1000)]
kept = blocks[::2]
del blocks
before = resident_bytes()
give_back_freed_memory()
print(before - resident_bytes())
"""
)

# Shapes as a batch has them: a query for each head, and so many entries of a text.
_MULTIPLY_MANY_SHAPES = (
    _READ_RESIDENT_BYTES
    + """
import os, sys
import torch
from waas_job.engine.held_memory import limit_prepared_products

def multiply(entries):
    query = torch.ones(1, 6, 1, 64, dtype=torch.bfloat16)
    query @ torch.ones(1, 6, 64, entries, dtype=torch.bfloat16)

if sys.argv[1] == "limited":
    limit_prepared_products(os.environ)
for entries in range(16, 66):
    multiply(entries)
before = resident_bytes()
for entries in range(66, 316):
    multiply(entries)
print(resident_bytes() - before)
"""
)


def answer(program: str, *arguments: str) -> int:
    """Return the number that a program prints: a process of its own has done nothing before."""
    command = [sys.executable, "-c", program, *arguments]
    environment = {
        name: value for name, value in os.environ.items() if not name.endswith("CACHE_CAPACITY")
    }
    return int(subprocess.check_output(command, text=True, env=environment))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has malloc_trim")
def test_what_is_free_between_blocks_in_use_goes_back_to_the_system() -> None:
    assert answer(_FREE_EVERY_OTHER_BLOCK) > 25_000_000


@pytest.mark.skipif(not multiplies_bfloat16(), reason="oneDNN multiplies bfloat16 alone for us")
def test_products_of_many_shapes_are_not_all_kept() -> None:
    without, limited = (answer(_MULTIPLY_MANY_SHAPES, how) for how in ("unlimited", "limited"))

    assert limited < without / 3


def test_what_an_administrator_has_set_stays() -> None:
    variables = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "7"}

    limit_prepared_products(variables)

    assert variables == {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "7", "LRU_CACHE_CAPACITY": "24"}
