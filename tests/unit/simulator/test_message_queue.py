"""The queue outlives its process, in order, whatever the moment of the process's end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinev.simulator.message_queue import MessageQueue


def waiting(queue: MessageQueue) -> list[dict]:
    found = []
    while (message := queue.first()) is not None:
        found.append(message.payload)
        queue.done(message)
    return found


@settings(deadline=None)
@given(st.lists(st.sampled_from(["put", "done", "restart"]), max_size=40))
def test_queue_is_the_same_after_any_history_with_restarts(tmp_path_factory, history):
    path = tmp_path_factory.mktemp("queue") / "q.jsonl"
    queue, expected, count = MessageQueue(path), [], 0
    for step in history:
        if step == "put":
            count += 1
            assert queue.put("MeterValues", {"value": count}, transaction="tx").number == count
            expected.append({"value": count})
        elif step == "done" and expected:
            queue.done(queue.first())
            expected.pop(0)
        elif step == "restart":
            queue.close()
            queue = MessageQueue(path)
        assert len(queue) == len(expected)
    assert queue.next_number == count + 1
    assert waiting(queue) == expected
    queue.close()


def test_line_that_was_cut_off_is_ignored(tmp_path):
    path = tmp_path / "q.jsonl"
    queue = MessageQueue(path)
    queue.put("StartTransaction", {"value": 1}, transaction="tx", must_arrive=False)
    queue.close()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-5])
    again = MessageQueue(path)
    (message,) = again._messages
    again.close()
    assert (message.action, message.payload, message.must_arrive) == ("StartTransaction", {"value": 1}, False)


def test_messages_are_confirmed_in_order():
    queue = MessageQueue()
    queue.put("A", {})
    second = queue.put("B", {})
    with pytest.raises(AssertionError, match="in order"):
        queue.done(second)
