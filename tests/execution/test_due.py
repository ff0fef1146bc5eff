from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.execution.due import Line, Table, due

TIMES = st.integers(0, 40).map(lambda quarters: quarters / 4)
SIZES = st.sampled_from([0.5, 1.0, 2.0])


def line(start: float, weight: float, count: int, cost: float, order: int) -> Line:
    """One in which `count` tasks of `cost` wait."""
    made = Line(start, weight)
    made.count, made.cost, made.order = count, count * cost, order
    return made


LINES = st.lists(
    st.builds(line, TIMES, SIZES, st.integers(0, 12), SIZES, st.integers(-9, 9)), min_size=1, max_size=50
)


def turn_by_turn(lines: list[Line], start: float, turn: int, order: int) -> tuple[float, float]:
    """What `due` says, each turn of each line for itself, in fractions."""
    number = cost = 0.0
    for each in lines:
        for before in range(each.count):
            mean = Fraction(each.cost) / each.count
            at = Fraction(each.start) + before * mean / Fraction(each.weight)
            if (at, before, each.order) < (start, turn, order):
                number += 1
                cost += float(mean)
    return number, cost


@given(LINES, TIMES, st.integers(0, 12), st.integers(-9, 9))
def test_what_is_due_is_what_turn_by_turn_is(lines: list[Line], start: float, turn: int, order: int) -> None:
    assert due(lines, start, turn, order) == turn_by_turn(lines, start, turn, order)
    assert due(lines, start, turn, order, lines[0]) == turn_by_turn(lines[1:], start, turn, order)


def test_no_rounding_decides_who_of_two_is_first() -> None:
    three = [line(0.0, 1.0, 9, 0.1, order=1)]
    assert 3 * 0.1 > 0.3 and 0.7 - 0.4 < 0.3
    assert due(three, 3 * 0.1, 3, order=0)[0] == due(three, 0.7 - 0.4, 3, order=0)[0] == 3
    assert due(three, 3 * 0.1, 3, order=2)[0] == due(three, 0.7 - 0.4, 3, order=2)[0] == 4


@given(LINES, TIMES)
def test_a_table_differs_by_no_more_than_half_a_task_a_line(lines: list[Line], moment: float) -> None:
    halves = sum(each.cost / each.count / 2 for each in lines if each.count)
    assert Table(lines).before(moment) == pytest.approx(due(lines, moment, 0, 0)[1], abs=halves + 1e-9)


@given(LINES)
def test_before_the_first_nothing_is_in_a_table_and_after_the_last_everything(lines: list[Line]) -> None:
    table = Table(lines)
    assert table.before(-1.0) == 0.0
    assert table.before(1000.0) == pytest.approx(sum(each.cost for each in lines))
