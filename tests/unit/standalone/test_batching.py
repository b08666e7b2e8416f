from typing import Any

from waas_contract.formats import OutputFormat
from waas_contract.job_environment import Device, JobEnvironment, JobItem
from waas_standalone.batching import BatchLimits, WaitingPod, choose_batch

LIMITS = BatchLimits(most_items=4, most_audio_bytes=100)


def make_pod(
    name: str, place: int, *, model: str = "tiny", device: Device = "auto", **facts: Any
) -> WaitingPod:
    item = JobItem(
        namespace="default",
        name=name,
        spec_digest="",
        file_name="a.mp3",
        formats=(OutputFormat.JSON,),
    )
    environment = JobEnvironment(items=(item,), model=model, device=device)
    return WaitingPod(
        name=name, environment=environment, place=place, **{"audio_bytes": 10, **facts}
    )


def names(batch: tuple[WaitingPod, ...]) -> list[str]:
    return [pod.name for pod in batch]


def test_nobody_waits() -> None:
    assert choose_batch([], LIMITS) == ()


def test_who_came_first_is_first() -> None:
    assert names(choose_batch([make_pod("b", 2), make_pod("a", 1)], LIMITS)) == ["a", "b"]


def test_priority_goes_before_age() -> None:
    waiting = [make_pod("old", 1), make_pod("urgent", 2, rank=1)]
    assert names(choose_batch(waiting, LIMITS)) == ["urgent"]


def test_nobody_goes_past_a_higher_priority_in_anothers_program() -> None:
    waiting = [
        make_pod("low", 1, rank=-1),
        make_pod("normal", 2),
        make_pod("high", 3, rank=1, model="base"),
        make_pod("high too", 4, rank=1),
    ]
    assert names(choose_batch(waiting, LIMITS)) == ["high"]
    assert names(choose_batch(waiting[:2], LIMITS)) == ["normal"]


def test_only_equal_models_and_devices_share_a_program() -> None:
    waiting = [
        make_pod("a", 1),
        make_pod("b", 2, model="base"),
        make_pod("c", 3),
        make_pod("d", 4, device="cpu"),
    ]
    assert names(choose_batch(waiting, LIMITS)) == ["a", "c"]


def test_a_batch_ends_at_the_most_items() -> None:
    waiting = [make_pod(str(number), number) for number in range(9)]
    assert names(choose_batch(waiting, LIMITS)) == ["0", "1", "2", "3"]


def test_a_batch_ends_where_the_audio_gets_too_much() -> None:
    waiting = [make_pod("a", 1, audio_bytes=60), make_pod("b", 2, audio_bytes=60)]
    assert names(choose_batch(waiting, LIMITS)) == ["a"]


def test_a_large_recording_runs_alone_rather_than_never() -> None:
    waiting = [make_pod("a", 1, audio_bytes=1000), make_pod("b", 2)]
    assert names(choose_batch(waiting, LIMITS)) == ["a"]


def test_what_has_failed_before_takes_nobody_with_it() -> None:
    failed = make_pod("failed", 1, has_failed_before=True)
    assert names(choose_batch([failed, make_pod("a", 2)], LIMITS)) == ["failed"]
    failed = make_pod("failed", 2, has_failed_before=True)
    assert names(choose_batch([make_pod("a", 1), failed, make_pod("b", 3)], LIMITS)) == ["a", "b"]


def test_free_slots_share_what_waits() -> None:
    waiting = [make_pod(str(number), number) for number in range(5)]
    assert names(choose_batch(waiting, LIMITS, free_slots=2)) == ["0", "1", "2"]
