"""Conditions of a rule: equality and membership on an event's fields, nothing that could run for long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

Scalar = str | int | bool | None
_SEVERAL = (tuple, list, frozenset)


@dataclass(frozen=True, slots=True)
class Condition:
    """A field's value is one of `values`; of a field that holds a list, at least one of its members is.

    `path` leads from the event's data to the field, `("assignee", "role")`. A value along the way that is
    absent counts as null.
    """

    path: tuple[str, ...]
    values: frozenset[tuple[type, Scalar]]

    def holds(self, data: object) -> bool:
        value = value_at(data, self.path)
        if isinstance(value, _SEVERAL):
            return any(_kept(member) in self.values for member in value)
        return _kept(value) in self.values


def all_hold(conditions: Sequence[Condition], data: object) -> bool:
    """Tell whether every condition holds of an event's data; none always do."""
    for each in conditions:  # noqa: SIM110  (a generator for each rule and event took a third of matching)
        if not each.holds(data):
            return False
    return True


def condition(field: str, values: Sequence[Scalar]) -> Condition:
    """Make a condition on a dotted field name; equality is membership in one value."""
    return Condition(tuple(field.split(".")), frozenset(_kept(value) for value in values))


def value_at(data: object, path: Sequence[str]) -> Any:
    """Follow field names into an event's data; None as soon as one is absent."""
    for name in path:
        data = getattr(data, name, None)
        if data is None:
            return None
    return data


def _kept(value: Any) -> tuple[type, Scalar]:
    """Keep the type beside the value: to Python 1 and True are equal, to a reader of a rule they are not."""
    if isinstance(value, UUID):
        return str, str(value)
    if isinstance(value, datetime):
        return str, value.isoformat()
    return type(value), value
