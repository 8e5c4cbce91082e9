"""The riders' replay: who is where, who is free, and how they answer, for a day made by hand."""

import io
import tarfile
from pathlib import Path

from deploy.replay.helping import ACCEPTS, degrees_of, minute_of, moment, reaction
from deploy.replay.riders import Leg, Rider, read_day

FILES = {
    "couriers.txt": "courier\tx\ty\ton_time\toff_time\nc1\t0\t0\t0\t120\nc2\t9000\t0\t0\t120\n",
    "orders.txt": "order\tx\ty\tplacement_time\trestaurant\tready_time\n"
    "o1\t3200\t0\t5\tr1\t10\no2\t9000\t640\t6\tr2\t12\no3\t0\t0\t8\tr1\t15\n",
    "restaurants.txt": "restaurant\tx\ty\nr1\t1600\t0\nr2\t9000\t320\n",
    "instance_parameters.txt": "meters_per_minute\tpickup service minutes\tdropoff service minutes\n"
    "320\t4\t4\n",
}


def test_the_nearest_free_rider_brings_each_order_at_the_recorded_speed(tmp_path: Path) -> None:
    path = tmp_path / "days.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        for name, text in FILES.items():
            member = tarfile.TarInfo(f"rider-days/0o100/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    day = read_day(path, 0)
    one, other = day.riders
    assert one.legs == [Leg(10, 28, (0, 0), (3200, 0))]
    assert other.legs == [Leg(12, 22, (9000, 0), (9000, 640))]  # the third was brought by nobody of these
    assert (one.at(9), one.at(19), one.at(60)) == ((0, 0), (1600, 0), (3200, 0))
    assert [minute for minute, _ in day.drop_offs] == [5, 6, 8]


def test_a_gap_lasts_long_enough_and_ends_with_the_next_order_or_the_duty() -> None:
    rider = Rider("c1", 0, 60, (0, 0), [Leg(15, 30, (0, 0), (1, 1)), Leg(35, 45, (1, 1), (2, 2))])
    assert rider.gap_from(-10) == (0, 15)
    assert rider.gap_from(6) == (45, 60)  # nine minutes, and then five, are none
    assert rider.gap_from(51) is None
    for turn in range(200):
        answer = reaction(rider, 6, 50, turn)
        assert answer is None or 45 < answer.minute < 50
        assert reaction(rider, 6, 45, turn) is None
    answers = [answer for turn in range(2000) if (answer := reaction(rider, 0, 60, turn))]
    assert abs(sum(one.accepts for one in answers) / len(answers) - ACCEPTS) < 0.05
    seconds = sorted(60 * one.minute for one in answers)
    assert 18 < seconds[len(seconds) // 2] < 22


def test_the_plane_becomes_a_town_and_minutes_a_day() -> None:
    (south, west), (north, east) = degrees_of((0, 0)), degrees_of((1000, 1000))
    assert abs((north - south) * 111_195 - 1000) < 1
    assert abs((east - west) * 96_300 - 1000) < 5
    assert minute_of(moment(12.5)) == 12.5
