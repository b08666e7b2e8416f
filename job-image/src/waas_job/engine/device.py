"""Where the model runs, and in which precision."""

from functools import cache
from pathlib import Path

import torch

from waas_job.errors import BadConfiguration

_CPU_DESCRIPTION = Path("/proc/cpuinfo")
_TILES = "amx_bf16"
_TILES_OR_DOT_PRODUCTS = {_TILES, "avx512_bf16"}


def choose_device(asked: str) -> torch.device:
    """Return the device of that name; auto is the GPU where there is one.

    Raises:
        BadConfiguration: there is no such device.
    """
    if asked not in ("auto", "cpu", "cuda"):
        raise BadConfiguration(f"WAAS_DEVICE is '{asked}'; it can be auto, cpu or cuda.")
    has_gpu = torch.cuda.is_available()
    if asked == "cuda" and not has_gpu:
        raise BadConfiguration("WAAS_DEVICE is cuda, but there is no GPU that torch can use.")
    return torch.device("cuda" if has_gpu and asked != "cpu" else "cpu")


def choose_precision(asked: str, device: torch.device) -> torch.dtype:
    """Return the precision of that name; auto is the shortest that the device is made for.

    Raises:
        BadConfiguration: there is no such precision.
    """
    if asked not in ("auto", "float32", "bfloat16"):
        raise BadConfiguration(f"WAAS_PRECISION is '{asked}'; it can be auto, float32 or bfloat16.")
    if asked != "auto":
        return torch.float32 if asked == "float32" else torch.bfloat16
    if device.type == "cuda":
        return torch.float16
    return torch.bfloat16 if multiplies_bfloat16() else torch.float32


def multiplies_bfloat16(cpu_description: Path = _CPU_DESCRIPTION) -> bool:
    """Tell whether the processor has instructions for it: elsewhere it loses."""
    return not _TILES_OR_DOT_PRODUCTS.isdisjoint(_read_flags(cpu_description))


def multiplies_by_dot_products(device: torch.device, dtype: torch.dtype) -> bool:
    """Tell whether that is bfloat16 without tiles, for which other ways are the fast ones."""
    return device.type == "cpu" and dtype is torch.bfloat16 and not has_tiles()


@cache
def has_tiles(cpu_description: Path = _CPU_DESCRIPTION) -> bool:
    """Tell whether it has tiles for it (AMX), which multiply as fast as the memory can be read."""
    return _TILES in _read_flags(cpu_description)


def _read_flags(cpu_description: Path) -> set[str]:
    try:
        lines = cpu_description.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return set()
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())


def describe_precision(dtype: torch.dtype) -> str:
    """Return what the manifest says of it."""
    return str(dtype).removeprefix("torch.")


def describe_device(device: torch.device) -> str:
    """Return what the manifest says of it."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return device.type
