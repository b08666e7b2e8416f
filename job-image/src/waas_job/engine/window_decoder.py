"""Loads a model from the cache and makes a WindowDecoder of it; nothing is ever downloaded."""

from importlib.metadata import version

import torch

from waas_contract.manifest import EngineFacts
from waas_job.engine.batched_whisper import BatchedWhisper
from waas_job.engine.device import (
    choose_device,
    choose_precision,
    describe_device,
    describe_precision,
)
from waas_job.engine.model import WhisperModel, build_model
from waas_job.engine.protocol import EngineSettings
from waas_job.engine.sizing import BatchSize, size_for_cpu, size_for_gpu
from waas_job.engine.weights import read_weights
from waas_job.engine.windows import WindowDecoder
from waas_job.errors import OutOfMemory


def load_window_decoder(settings: EngineSettings) -> WindowDecoder:
    """Load the model from the cache, in whichever layout.

    Raises:
        ModelNotFound: a file of it is missing, broken or not what the catalogue says.
        BadConfiguration: the device is not there, or there is no such precision.
        OutOfMemory: the device is too small for the model.
    """
    cached = settings.find_model()
    device = choose_device(settings.device)
    dtype = choose_precision(settings.precision, device)
    torch.set_num_threads(settings.threads)
    sha256 = cached.verify()
    try:
        model = build_model(read_weights(cached), device, dtype)
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(
            f"The GPU has not enough memory for the model '{settings.model}'."
        ) from error
    facts = EngineFacts(
        name="waas",
        version=version("waas-job"),
        model=settings.model,
        checkpoint_sha256=sha256,
        device=describe_device(device),
        precision=describe_precision(dtype),
    )
    return BatchedWhisper(model, facts, _choose_size(model, settings.threads))


def _choose_size(model: WhisperModel, threads: int) -> BatchSize:
    if model.device.type != "cuda":
        return size_for_cpu(model.dimensions, threads)
    free, _ = torch.cuda.mem_get_info(model.device)
    return size_for_gpu(model.dimensions, free, threads)
