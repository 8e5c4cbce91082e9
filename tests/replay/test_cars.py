"""The judge of the parking play: its reads and figures for a few rows, worked out by hand."""

from datetime import timedelta

from deploy.replay.cars import blocks, charged, gate_reads, shuffled, too_long
from deploy.replay.recorded import Row


def _row(session: int, vehicle: str, entered: str, left: str, fee: str = "0") -> Row:
    day = "2014-11-18T"
    times = {"entered_at": day + entered, "left_at": day + left}
    return {"session_id": str(session), "vehicle": vehicle, "bay": "1", "charged": fee, **times}


ROWS = [
    _row(1, "a", "08:00:00", "10:00:00"),
    _row(2, "b", "08:30:00", "10:30:01", "1.5"),
    _row(3, "a", "10:59:59", "11:00:00"),
]


def test_each_stay_is_two_reads_of_a_valid_plate_in_order_of_time() -> None:
    reads = gate_reads(ROWS)
    assert [read.id for read in reads] == ["1-in", "2-in", "1-out", "2-out", "3-in", "3-out"]
    assert [read.position for read in reads] == list(range(6))
    assert {read.plate for read in reads} == {"浙B00000", "浙B00001"}


def test_a_block_is_an_hour_up_to_its_last_second() -> None:
    found = list(blocks(gate_reads(ROWS)))
    assert [len(block.reads) for block in found] == [2, 3, 1]
    for block in found:
        assert all(block.last - timedelta(hours=1) < read.at <= block.last for read in block.reads)


def test_a_shuffled_block_holds_the_same_reads_some_twice_and_alike_each_time() -> None:
    many = [_row(number, str(number), f"08:{number:02d}:00", "09:00:00") for number in range(60)]
    block = next(blocks(gate_reads(many)))
    mixed = shuffled(block, 1)
    assert set(mixed) == set(block.reads)
    assert list(block.reads) != mixed == shuffled(block, 1) != shuffled(block, 2)
    assert 60 < len(mixed) < 80


def test_exactly_the_free_time_is_free() -> None:
    assert too_long(ROWS, 120).total() == 1
    assert too_long(ROWS, 119).total() == 2
    assert charged(ROWS) == too_long(ROWS, 120)
