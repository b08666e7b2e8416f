"""The Python client of the service.

    from waas_client import Client

    with Client("http://127.0.0.1:3000") as client:
        job = client.submit("interview.mp3")
        client.wait(job.id)
        print(client.result(job.id, "txt").decode())

`AsyncClient` has the same methods to be awaited. Whatever they expect to go wrong is a `WaasError`;
the module `waas_client.errors` draws the tree.
"""

from waas_client.answers import Audio, Job, Model, Models, Service
from waas_client.async_client import AsyncClient
from waas_client.client import Client
from waas_client.connection import DEFAULT_SERVER
from waas_client.errors import WaasError
from waas_client.requests import JobOptions

__all__ = [
    "DEFAULT_SERVER",
    "AsyncClient",
    "Audio",
    "Client",
    "Job",
    "JobOptions",
    "Model",
    "Models",
    "Service",
    "WaasError",
]
