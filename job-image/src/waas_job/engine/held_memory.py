"""Keeps what the process holds, and does not use, from growing with the length of a recording."""

import ctypes
from collections.abc import Callable, MutableMapping

_PREPARED_PRODUCTS = {"LRU_CACHE_CAPACITY": "24", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "32"}
"""How many are kept: of each thread by torch, and of all by oneDNN. A step needs ten. They would
keep a thousand each, of 0.3 MB on both sides."""


def limit_prepared_products(variables: MutableMapping[str, str]) -> None:
    """Let torch and oneDNN forget products of shapes that were not used lately.

    They generate code for each shape, and in hours of sound a batch comes to have every one: so
    many windows, so long a text, so long a prompt. They read the environment at the first product.
    What an administrator has set stays.
    """
    for name, most in _PREPARED_PRODUCTS.items():
        variables.setdefault(name, most)


def _find_malloc_trim() -> Callable[[int], int] | None:
    """Return malloc_trim(3) of glibc; other C libraries have none."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return trim


_malloc_trim = _find_malloc_trim()


def give_back_freed_memory() -> None:
    """Return to the system what is free within the allocator's pools: takes milliseconds.

    Each thread has a pool of its own, with blocks of many sizes, and would keep what lies between
    those that are in use.
    """
    if _malloc_trim is not None:
        _malloc_trim(0)
