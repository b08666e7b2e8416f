import threading

from support.waiting import wait_until
from waas_job.unfinished import UnfinishedWork


def test_the_item_at_hand_is_kept() -> None:
    unfinished, kept = UnfinishedWork(), list[str]()
    with unfinished.kept_by(lambda: kept.append("first")):
        unfinished.keep()
    with unfinished.kept_by(lambda: kept.append("second")):
        unfinished.keep()
    unfinished.keep()
    assert kept == ["first", "second"]


def test_an_item_that_is_being_finished_is_waited_for() -> None:
    unfinished, order = UnfinishedWork(), list[str]()
    with unfinished.kept_by(lambda: order.append("kept")):
        with unfinished.finishing():
            stopping = threading.Thread(target=unfinished.keep)
            stopping.start()
            order.append("finished")
        stopping.join()
    assert order == ["finished"]


def test_a_store_that_does_not_answer_holds_nothing_up() -> None:
    unfinished, answer = UnfinishedWork(), threading.Event()

    def wait() -> None:
        answer.wait()

    with unfinished.kept_by(wait):
        unfinished.keep(patience_seconds=0.01)
        answer.set()
    wait_until(lambda: threading.active_count() == 1, "the store has answered")


def test_what_cannot_be_kept_ends_nothing() -> None:
    unfinished = UnfinishedWork()

    def fail() -> None:
        raise OSError("no room")

    with unfinished.kept_by(fail):
        unfinished.keep()
