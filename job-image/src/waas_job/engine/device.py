"""Where the model runs, and in which precision."""

import torch

from waas_job.errors import BadConfiguration


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


def precision_of(device: torch.device) -> torch.dtype:
    """Return the precision that the model runs in: half where the device is made for it."""
    return torch.float16 if device.type == "cuda" else torch.float32


def describe_device(device: torch.device) -> str:
    """Return what the manifest says of it."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return device.type
