"""The api as it would be without its watch: each look at a job is a GET, each list a LIST."""

import sys

from waas_api.jobs.index import JobIndex, parse_job
from waas_api.jobs.summaries import parse_version
from waas_api.kubernetes import transcription_jobs as kubernetes_transcription_jobs
from waas_api.kubernetes.job_feed import KubernetesJobFeed
from waas_api.main import main
from waas_contract.transcription_job import TranscriptionJob


class UncachedTranscriptionJobs(kubernetes_transcription_jobs.KubernetesTranscriptionJobs):
    """Remembers nothing."""

    async def get(self, name: str) -> TranscriptionJob:
        return parse_job(
            await self._connection.ask(
                self._api.get_namespaced_custom_object(**self._where, name=name)
            )
        )

    async def index(self) -> JobIndex:
        index, feed = JobIndex(), KubernetesJobFeed(self._connection, self._where)
        index.begin_list()
        cursor = None
        while True:
            page = await feed.list_page(cursor)
            index.take_page(page.resources)
            cursor = page.cursor
            if cursor is None:
                index.end_list(parse_version(page.version))
                return index

    async def is_ready(self) -> bool:
        return True


if __name__ == "__main__":
    kubernetes_transcription_jobs.KubernetesTranscriptionJobs = (  # type: ignore[misc]
        UncachedTranscriptionJobs
    )
    sys.exit(main())
