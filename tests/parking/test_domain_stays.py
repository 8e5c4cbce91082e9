"""The fold, device time, limits, watermark and verdict: any order and repetition, the same state."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from hypothesis import example, given
from hypothesis import strategies as st

from services.parking.domain.device_time import TOLERANCE, DeviceClock, believed
from services.parking.domain.limits import Cover, Limit, LimitRule, limit_of, rule_at
from services.parking.domain.overstay import Change, Verdict, change_of, judge
from services.parking.domain.stays import GateRead, Stay, StayState, fold, going_on, stay_id
from services.parking.domain.watermark import Lane, watermark

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
GATES = [uuid5(UUID(int=0), name) for name in ("north", "south")]
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return NOON + minutes * MINUTE


reads = st.lists(
    st.builds(
        lambda minute, outwards, gate, number: GateRead(at(minute), outwards, gate, f"{minute}-{number}"),
        st.integers(0, 12),
        st.booleans(),
        st.sampled_from(GATES),
        st.integers(0, 1),
    ),
    max_size=12,
    unique_by=lambda read: (read.device, read.read),
)


@given(reads, st.data())
def test_any_permutation_and_repetition_of_reads_makes_the_same_stays(
    found: list[GateRead], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(found))) if found else []
    assert fold(data.draw(st.permutations(found + again))) == fold(found)


@given(reads)
def test_every_read_is_accounted_for(found: list[GateRead]) -> None:
    stays = fold(found)
    assert len({stay.id for stay in stays}) == len(stays)
    assert {stay.id for stay in stays if stay.entered_at} == {stay_id(r) for r in found if not r.outwards}
    exits = [stay for stay in stays if stay.state in {StayState.exited, StayState.entry_missed}]
    assert sorted(stay.exited_at or NOON for stay in exits) == sorted(r.at for r in found if r.outwards)
    assert sum(stay.state is StayState.open for stay in stays) <= 1


@given(reads, reads)
def test_a_late_read_makes_no_stay_of_an_entry_vanish_or_last_longer(
    early: list[GateRead], late: list[GateRead]
) -> None:
    known = {(read.device, read.read): read for read in early + late}
    after = {stay.id: stay for stay in fold(known.values())}
    for stay in fold([known[read.device, read.read] for read in early]):
        if stay.entered_at and stay.exited_at:
            end = after[stay.id].exited_at
            assert end is not None
            assert end <= stay.exited_at


@given(reads, reads)
def test_going_on_from_the_last_stay_is_the_same_as_folding_everything(
    early: list[GateRead], late: list[GateRead]
) -> None:
    before = fold(early)
    known = {(read.device, read.read) for read in early}
    new = [read for read in late if (read.device, read.read) not in known]
    last = before[-1] if before else None
    going = going_on(last, new) if new else []
    if going is None:
        ends = [each for each in (last and last.first.at, last and last.exited_at) if each]
        assert min(read.at for read in new) <= max(ends) or (last and last.entered_at is None)
    else:
        kept = before[:-1] if last and new and last.state is StayState.open else before
        assert kept + going == fold(early + new)


def test_a_missed_exit_and_a_missed_entry_say_so() -> None:
    entries = [GateRead(at(minute), outwards=False, device=GATES[0], read=str(minute)) for minute in (0, 5)]
    exits = [GateRead(at(minute), outwards=True, device=GATES[1], read=str(minute)) for minute in (9, 10)]
    stays = fold([*exits, *entries])
    assert [stay.state for stay in stays] == [
        StayState.exit_missed,
        StayState.exited,
        StayState.entry_missed,
    ]
    assert stays[0].exited_at == at(5)


SECOND = timedelta(seconds=1)
NEW = DeviceClock(0 * SECOND, 0 * SECOND, NOON)


def sent(clock: DeviceClock, minute: float, ahead: float, delay: float = 0) -> DeviceClock:
    """A sending that arrives at this minute, of a clock so many seconds ahead."""
    return clock.heard(at(minute) + (ahead - delay) * SECOND, at(minute), at(minute))


@given(
    st.integers(-10_000, 10_000),
    st.lists(st.integers(0, 299), min_size=20, max_size=20),
    st.integers(0, 10_000_000),
)
@example(-385, [*[0] * 12, 216, *[0] * 7], 0)  # late just when what a new clock is taken for is given up,
@example(-385, [*[0] * 11, 216, 216, *[0] * 7], 0)  # and just before
def test_times_are_right_however_wrong_the_clock_late_the_sending_and_old_the_read(
    ahead: int, delays: list[int], age: int
) -> None:
    clock = NEW
    for minute, delay in enumerate(delays):
        late = delay if minute % 5 else 0  # some sending of each few minutes is prompt
        clock = sent(clock, minute, ahead, late)
        sent_at = at(minute) + (ahead - late) * SECOND
        seen = believed(sent_at - age * SECOND, sent_at, clock.skew)
        # One that seems a little behind may be late; it is corrected when nothing else has come for a while.
        if minute > 11 or not -600 <= ahead < 0:
            assert abs(seen - (at(minute) - (late + age) * SECOND)) <= TOLERANCE
        assert believed(sent_at + timedelta(days=1), sent_at, clock.skew) == believed(
            sent_at, sent_at, clock.skew
        )


def test_a_sending_that_comes_again_or_late_moves_no_time() -> None:
    for ahead in (0, 110, 10_800):
        clock = sent(NEW, 0, ahead)
        assert sent(clock, 3, ahead, delay=180) == clock
        assert sent(clock, 4.9, ahead, delay=294) == clock
        assert sent(clock, 6, ahead, delay=290).skew == clock.skew


def test_a_clock_that_is_set_is_believed_anew() -> None:
    right = sent(NEW, 0, 0)
    assert sent(right, 1, 240).skew == 240 * SECOND
    assert sent(right, 1, -3600).skew == -3600 * SECOND
    assert sent(sent(right, 1, 10_800), 2, 0).skew == 0 * SECOND
    ahead = sent(right, 1, 240)
    for minute in range(2, 14):  # it might only be late, but not for ever
        ahead = sent(ahead, minute, 0)
    assert ahead.skew == 0 * SECOND


def test_two_clocks_a_little_wrong_tear_no_short_stay_apart() -> None:
    entry, way_out = NEW, NEW
    for minute in range(24):
        entry, way_out = sent(entry, minute, 110), sent(way_out, minute, -110)
    fast, slow = at(20) + 110 * SECOND, at(23) - 110 * SECOND
    inwards, outwards = believed(fast, fast, entry.skew), believed(slow, slow, way_out.skew)
    taxi = [GateRead(inwards, False, GATES[0], "in"), GateRead(outwards, True, GATES[1], "out")]
    assert [(stay.state, stay.entered_at, stay.exited_at) for stay in fold(taxi)] == [
        (StayState.exited, at(20), at(23))
    ]


def rule(version: int, minutes: int | None, since: float = -1000) -> LimitRule:
    return LimitRule(version, at(since), minutes)


def test_the_rule_at_the_entry_holds_and_the_newer_of_one_date() -> None:
    rules = [rule(1, 60), rule(2, 120, 0), rule(3, 30, 0), rule(4, 10, 5)]
    assert rule_at(rules, at(-1)) == rules[0]
    assert rule_at(rules, at(0)) == rules[2]
    assert rule_at(rules, at(-2000)) is None
    assert limit_of(NOON, [rule(1, None)], []).due_at is None


def test_covers_carry_the_free_time_on() -> None:
    rules = [rule(1, 60)]
    visit = Cover(at(30), at(90), by_pass=True, contact="host")
    too_late = Cover(at(61), at(200), by_pass=True, contact="late")
    limit = limit_of(NOON, rules, [visit])
    assert (limit.due_at, limit.contact) == (at(150), "host")
    assert limit_of(NOON, rules, [too_late]).due_at == at(60)
    assert limit_of(NOON, rules, [Cover(at(10), None, by_pass=False)]).due_at is None
    ended = Cover(at(-90), NOON, by_pass=True, contact="earlier")
    assert limit_of(NOON, rules, [ended]) == Limit(at(60), 60)
    assert limit_of(NOON, rules, [ended._replace(until=at(1))]).contact == "earlier"
    strict = [LimitRule(1, at(-9), 60, households_exempt=False, passes_exempt=False)]
    assert limit_of(NOON, strict, [visit, Cover(at(0), None, by_pass=False)]).due_at == at(60)


@given(
    st.lists(st.tuples(st.integers(-100, 300), st.integers(1, 200)), max_size=6),
    st.integers(0, 120),
    st.data(),
)
def test_more_cover_never_shortens_a_stay(
    periods: list[tuple[int, int]], free: int, data: st.DataObject
) -> None:
    covers = [Cover(at(start), at(start + length), by_pass=True) for start, length in periods]
    full = limit_of(NOON, [rule(1, free)], data.draw(st.permutations(covers))).due_at
    part = limit_of(NOON, [rule(1, free)], covers[1:]).due_at
    assert full == limit_of(NOON, [rule(1, free)], covers).due_at
    assert full is not None
    assert part is not None
    assert full >= part >= at(free)


LATE, SILENT = timedelta(minutes=5), timedelta(minutes=10)


def mark(*lanes: Lane, now: datetime = NOON) -> tuple[datetime | None, bool]:
    found = watermark(lanes, lateness=LATE, silent_after=SILENT, now=now, wall=NOON)
    return found.at, found.provisional


def test_the_watermark_is_the_slowest_lane_that_is_heard() -> None:
    slow, fast = Lane(at(-30), NOON), Lane(at(-1), NOON)
    silent, new = Lane(at(-500), at(-11)), Lane(None, at(-1))
    assert mark() == (NOON, False)
    assert mark(slow, fast) == (at(-35), False)
    assert mark(fast, silent) == (at(-6), True)
    assert mark(fast, new) == (None, False)
    assert mark(silent) == (at(-5), True)


minutes = st.integers(-60, 0)
lanes_of = st.lists(st.builds(Lane, st.none() | minutes.map(at), minutes.map(at)), min_size=1, max_size=5)


@given(lanes_of, st.integers(0, 60), st.data())
def test_the_watermark_never_falls_as_lanes_deliver_and_is_beyond_none_that_is_heard(
    lanes: list[Lane], more: int, data: st.DataObject
) -> None:
    before, provisional = mark(*lanes)
    assert mark(*data.draw(st.permutations(lanes))) == (before, provisional)
    heard = [lane for lane in lanes if NOON - lane.advanced_at <= SILENT]
    assert provisional == (len(heard) < len(lanes))
    if before is not None:
        assert all(lane.delivered_up_to and before <= lane.delivered_up_to - LATE for lane in heard)
    chosen = data.draw(st.integers(0, len(lanes) - 1))
    stated = (lanes[chosen].delivered_up_to or at(-60)) + more * MINUTE
    after, _ = mark(*lanes[:chosen], replace(lanes[chosen], delivered_up_to=stated), *lanes[chosen + 1 :])
    assert before is None or (after is not None and after >= before)


def stay_of(*minutes: tuple[float, bool]) -> list[GateRead]:
    return [GateRead(at(m), outwards, GATES[0], f"{m}") for m, outwards in minutes]


def test_exactly_the_free_time_is_free_and_a_second_more_is_not() -> None:
    (exact,) = fold(stay_of((0, False), (60, True)))
    (longer,) = fold(stay_of((0, False), (60 + 1 / 60, True)))
    assert judge(exact, at(60), None).verdict is Verdict.within
    assert judge(longer, at(60), None).verdict is Verdict.overstayed


def test_an_open_stay_waits_for_the_watermark_and_a_missed_exit_for_the_entry_after_it() -> None:
    (stay,) = fold(stay_of((0, False)))
    assert judge(stay, at(60), at(59)).again_at == at(60)
    assert judge(stay, at(60), at(60)).verdict is Verdict.overstayed
    missed = fold(stay_of((0, False), (90, False)))[0]
    assert judge(missed, at(60), at(89)).again_at == at(90)
    assert judge(missed, at(60), at(90)).verdict is Verdict.overstayed
    assert judge(missed, at(90), None).verdict is Verdict.within


def settled(deliveries: Iterable[GateRead], chance: random.Random) -> tuple[list[Stay], set[UUID]]:
    """What single deliveries come to, each judged by a watermark that may be far too early: stays, alarms."""
    stays: list[Stay] = []
    known: dict[tuple[UUID, str], GateRead] = {}
    standing: set[UUID] = set()

    def judged(by: datetime) -> None:
        for stay in stays:
            verdict = judge(stay, stay.entered_at and stay.entered_at + 60 * MINUTE, by).verdict
            change = change_of(standing=stay.id in standing, same_due=True, verdict=verdict)
            if change is not None:
                standing.symmetric_difference_update({stay.id})

    for read in deliveries:
        if known.setdefault((read.device, read.read), read) is read:
            last = stays[-1] if stays else None
            going = going_on(last, [read])
            kept = stays[:-1] if last and last.state is StayState.open else stays
            stays = fold(known.values()) if going is None else [*kept, *going]
        judged(at(chance.randrange(3_000)))
    judged(at(10_000))
    return stays, standing


def test_a_hundred_orders_with_repeats_end_in_the_same_stays_and_alarms() -> None:
    for seed in range(100):
        chance = random.Random(seed)
        found, minute = [], 0
        for number in range(30):
            minute += chance.choice([0, 30, 60, 61, 120])
            found.append(GateRead(at(minute), chance.random() < 0.4, chance.choice(GATES), str(number)))
        mixed = found + chance.sample(found, 3)
        chance.shuffle(mixed)
        stays, standing = settled(mixed, chance)
        assert (stays, standing) == settled(found, chance)
        long = {
            s.id for s in stays if s.entered_at and (s.exited_at or at(10_000)) - s.entered_at > 60 * MINUTE
        }
        assert standing == long, seed


def test_what_was_said_stands_until_it_is_wrong() -> None:
    pending, within, over = Verdict.pending, Verdict.within, Verdict.overstayed
    assert change_of(standing=True, same_due=True, verdict=pending) is None
    assert change_of(standing=True, same_due=False, verdict=pending) is Change.retracted
    assert change_of(standing=True, same_due=True, verdict=within) is Change.retracted
    assert change_of(standing=True, same_due=False, verdict=over) is None
    assert change_of(standing=False, same_due=False, verdict=over) is Change.raised
    assert change_of(standing=False, same_due=True, verdict=pending) is None
