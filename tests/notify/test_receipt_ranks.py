"""News of a message may come in any order and more than once: the final state is the same."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.states import OPEN, RANK, RECEIPT_STATES, State, settled

SETTLED = [state for state in State if RANK[state] != OPEN]


def after(start: State, news: list[State]) -> State:
    for said in news:
        start = settled(start, said)
    return start


@given(st.lists(st.sampled_from(list(RECEIPT_STATES.values())), min_size=1, max_size=6), st.data())
def test_receipts_in_any_order_and_repetition_end_alike(news: list[State], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(news + news))
    assert after(State.ACCEPTED, news) == after(State.ACCEPTED, list(shuffled))


def test_delivered_beats_everything() -> None:
    for order in permutations(SETTLED, 3):
        if State.DELIVERED in order:
            assert after(State.SUBMITTING, list(order)) is State.DELIVERED


@given(st.sampled_from(SETTLED), st.sampled_from(list(State)))
def test_a_settled_message_never_falls_back(current: State, said: State) -> None:
    assert RANK[settled(current, said)] >= RANK[current]


def test_every_state_has_a_rank() -> None:
    assert set(RANK) == set(State)
