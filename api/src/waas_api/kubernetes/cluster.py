"""What the app has of Kubernetes where it is on its own.

The library takes most of a second to import, so this module is imported only where there is a
cluster: one machine alone does without.
"""

from waas_api.access.access_reviews import AccessReviews
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_api.kubernetes.access import KubernetesAccessReviews
from waas_api.kubernetes.connection import KubernetesConnection
from waas_api.kubernetes.transcription_jobs import KubernetesTranscriptionJobs
from waas_api.settings import Settings


class Cluster:
    """One connection to the API server, and the adapters on it."""

    def __init__(self, settings: Settings) -> None:
        """Connect when it is entered."""
        self.connection = KubernetesConnection(
            kubeconfig=settings.kubeconfig, timeout_seconds=settings.kubernetes_timeout_seconds
        )

    def transcription_jobs(self, namespace: str) -> TranscriptionJobs:
        """Return the jobs of a namespace."""
        return KubernetesTranscriptionJobs(namespace, self.connection)

    def access_reviews(self) -> AccessReviews:
        """Return who answers whether a token is good and what its holder may do."""
        return KubernetesAccessReviews(self.connection)
