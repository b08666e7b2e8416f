"""OPTIONS on the old service's routes, and what is answered where nothing is served."""

import pytest

from support.api_builders import JOB_ID, Api, make_settings
from support.old_service import (
    DOWNLOAD_PARAMETERS,
    HTML,
    OLD_MODELS,
    detection_parameters,
    transcription_parameters,
)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/transcribe", transcription_parameters()),
        ("/v1/detect", detection_parameters()),
        (f"/v1/download/{JOB_ID}", DOWNLOAD_PARAMETERS),
        ("/v1/download/anything at all", DOWNLOAD_PARAMETERS),
    ],
)
async def test_parameters_are_listed_in_the_old_bytes(path: str, body: str) -> None:
    answer = await Api().request("OPTIONS", path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.text == body


async def test_models_come_in_the_old_order_and_ours_after_them() -> None:
    answer = (await Api().request("OPTIONS", "/v1/transcribe")).json()

    options = answer["queryParams"]["model"]["options"]
    assert tuple(options[: len(OLD_MODELS)]) == OLD_MODELS
    assert options[len(OLD_MODELS) :] == ["large-v3-turbo", "turbo"]


async def test_models_are_the_administrators() -> None:
    api = Api(settings=make_settings(models="base,house", default_model="house"))

    answer = await api.request("OPTIONS", "/v1/detect")

    assert answer.text == detection_parameters("house", '"base","house"')


@pytest.mark.parametrize("path", [f"/v1/jobs/{JOB_ID}", "/v1/queue", "/v1/stats"])
async def test_other_paths_tell_only_their_methods(path: str) -> None:
    answer = await Api().request("OPTIONS", path)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer.headers["content-type"] == HTML


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/transcribe", "OPTIONS, POST"),
        ("PUT", "/v1/detect", "OPTIONS, POST"),
        ("POST", f"/v1/download/{JOB_ID}", "GET, HEAD, OPTIONS"),
        ("DELETE", f"/v1/jobs/{JOB_ID}", "GET, HEAD, OPTIONS"),
        ("POST", "/v1/queue", "GET, HEAD, OPTIONS"),
        ("POST", "/v1/stats", "GET, HEAD, OPTIONS"),
    ],
)
async def test_another_method_is_a_405_that_names_all_that_there_are(
    method: str, path: str, allow: str
) -> None:
    answer = await Api().request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert answer.headers["content-type"] == HTML
    assert "<title>405 Method Not Allowed</title>" in answer.text


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/v1/queue/", "/v1/download/", "/v3/x"])
async def test_an_unknown_path_is_a_404_page(path: str) -> None:
    answer = await Api().get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (404, HTML)
    assert "<title>404 Not Found</title>" in answer.text
    assert path not in answer.text


async def test_the_native_api_names_all_methods_of_a_path_as_well() -> None:
    answer = await Api().request("PUT", "/v2/jobs")

    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert {"GET", "HEAD", "POST"} <= set(answer.headers["allow"].split(", "))
