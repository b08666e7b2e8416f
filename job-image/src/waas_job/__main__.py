"""Environment in; exit code and termination message out."""

import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from waas_contract.exit_codes import ExitCode, FailureReason
from waas_contract.job_environment import JobEnvironment, JobItem, exit_code_of
from waas_contract.log_lines import log_fields
from waas_job.cpu_quota import count_processors, thread_variables
from waas_job.engine.held_memory import limit_prepared_products
from waas_job.environment import item_names, read_environment, termination_message_path
from waas_job.errors import BadConfiguration, JobError
from waas_job.last_words import LastWords
from waas_job.log_lines import start_logging
from waas_job.stopping import stop_on_sigterm
from waas_job.tracing import AttemptSpans
from waas_job.unfinished import UnfinishedWork

if TYPE_CHECKING:
    from waas_job.engine.protocol import Engine
    from waas_job.pipeline import Tools
    from waas_job.storage.objects import ItemObjects

logger = logging.getLogger("waas_job")

Stage = Callable[[str], AbstractContextManager[None]]
"""Gives what holds for as long as a stage of that name takes."""


def main() -> None:
    """Run the program on the process's own environment."""
    start_logging(sys.stderr)
    unfinished = UnfinishedWork()
    last_words = LastWords(termination_message_path(os.environ), item_names(os.environ))
    with ExitStack() as clean_up:

        def stop() -> None:
            logger.warning("stopped by SIGTERM")
            unfinished.keep()
            last_words.record_rest(
                FailureReason.INTERRUPTED,
                "Stopped before it was done; another attempt goes on from what was heard.",
            )
            last_words.write()
            clean_up.close()

        stop_on_sigterm(stop)
        exit_code = run(os.environ, last_words, clean_up, unfinished)
    sys.exit(exit_code)


def run(
    variables: Mapping[str, str],
    last_words: LastWords,
    clean_up: ExitStack,
    unfinished: UnfinishedWork,
) -> ExitCode:
    """Run the program; leave its last words and return its exit code."""
    try:
        environment = read_environment(variables)
        # Before there are threads, any of which may read the environment.
        os.environ.update(thread_variables(count_processors()))
        limit_prepared_products(os.environ)
        scratch_directory = _make_scratch_directory(environment, clean_up)
        stage = _trace(variables, environment, clean_up)
        _transcribe(environment, scratch_directory, last_words, unfinished, stage)
    except JobError as error:
        logger.error("nothing could be done", extra=log_fields(error=error.message))
        last_words.record_rest(error.reason, error.message)
    except Exception as error:
        logger.exception("the program failed unexpectedly")
        last_words.record_rest(FailureReason.INTERNAL_ERROR, f"{type(error).__name__}: {error}")
    last_words.write()
    return exit_code_of(last_words.outcomes)


def _transcribe(
    environment: JobEnvironment,
    scratch_directory: Path,
    last_words: LastWords,
    unfinished: UnfinishedWork,
    stage: Stage,
) -> None:
    # Imported here, for it takes a while: a broken environment is told about before.
    from waas_job.pipeline import Pipeline

    tools = _build_tools(environment, scratch_directory, unfinished, stage)
    Pipeline(tools).run(environment.items, last_words.record)


def _build_tools(
    environment: JobEnvironment,
    scratch_directory: Path,
    unfinished: UnfinishedWork,
    stage: Stage,
) -> "Tools":
    from waas_job.engine.protocol import EngineSettings
    from waas_job.pipeline import Tools
    from waas_job.storage.file_transport import FileTransport
    from waas_job.storage.http_transport import HttpTransport
    from waas_job.storage.objects import StoredObjects
    from waas_job.storage.retrying import Waiting
    from waas_job.storage.transport import TransportByScheme
    from waas_job.storage.urls import UrlFolder

    settings = EngineSettings(
        model=environment.model,
        model_directory=Path(environment.model_directory),
        device=environment.device,
        threads=count_processors(),
        precision=environment.precision,
    )
    http = HttpTransport()
    transport = TransportByScheme({"http": http, "https": http, "file": FileTransport()})
    urls = UrlFolder(Path(environment.urls_directory))

    def open_objects(item: JobItem) -> "ItemObjects":
        return StoredObjects(
            lambda: urls.read(item.name),
            transport,
            patience_seconds=environment.storage_patience_seconds,
            waiting=Waiting(),
        )

    def load_engine() -> "Engine":
        # torch: seconds and hundreds of megabytes, which broken audio need not cost.
        from waas_job.engine.transcriber import load_engine as load

        return load(settings)

    return Tools(
        open_objects=open_objects,
        require_checkpoint=settings.require_checkpoint,
        load_engine=load_engine,
        scratch_directory=scratch_directory,
        unfinished=unfinished,
        progress_interval_seconds=environment.progress_interval_seconds,
        checkpoint_interval_seconds=environment.checkpoint_interval_seconds,
        clock=time.monotonic,
        now=lambda: datetime.now(UTC),
        stage=stage,
    )


def _trace(variables: Mapping[str, str], environment: JobEnvironment, clean_up: ExitStack) -> Stage:
    """Return what is told of each stage; what it sends is sent after the last words."""
    spans = AttemptSpans.connect(variables, environment)
    if spans is None:
        return lambda _: nullcontext()
    clean_up.callback(spans.close)
    return spans.stage


def _make_scratch_directory(environment: JobEnvironment, clean_up: ExitStack) -> Path:
    parent = environment.scratch_directory
    try:
        directory = Path(tempfile.mkdtemp(dir=parent, prefix="waas-job-"))
    except OSError as error:
        raise BadConfiguration(
            f"WAAS_SCRATCH_DIRECTORY: no folder can be made in {parent}: {error.strerror}."
        ) from error
    clean_up.callback(shutil.rmtree, directory, ignore_errors=True)
    return directory


if __name__ == "__main__":
    main()
