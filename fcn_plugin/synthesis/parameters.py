"""Parameters as configs and command lines give them, checked by name and range."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from fcn_plugin.errors import InputError

T = TypeVar("T")


def build_parameters(cls: type[T], given: T | Mapping[str, Any] | None) -> T:
    """Makes a ``cls``, a dataclass, of its fields; passes one on; None gives the defaults.

    Raises:
        InputError: There is no such field, or a value is out of range.
    """
    if isinstance(given, cls):
        return given
    given = dict(given or {})
    names = [field.name for field in dataclasses.fields(cls)]
    unknown = sorted(given.keys() - names)
    if unknown:
        raise InputError(
            f"{cls.__name__} has no parameter {', '.join(unknown)}; its parameters are {', '.join(names)}."
        )
    # Configs and command lines write lists where the fields are tuples.
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return cls(**values)


def check_number(owner: object, name: str, low: float, high: float = float("inf")) -> None:
    """Makes sure that a field is a number from ``low`` to ``high``.

    Raises:
        InputError: It is not.
    """
    value = getattr(owner, name)
    if not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(f"{type(owner).__name__}'s {name} must be {_range(low, high)}, not {value!r}.")


def check_interval(owner: object, name: str, low: float, high: float = float("inf")) -> None:
    """Makes sure that a field is two numbers from ``low`` to ``high``, the smaller one first.

    Raises:
        InputError: It is not.
    """
    value = getattr(owner, name)
    fine = isinstance(value, tuple) and len(value) == 2
    fine = fine and all(isinstance(end, int | float) for end in value) and low <= value[0] <= value[1] <= high
    if not fine:
        raise InputError(
            f"{type(owner).__name__}'s {name} must be two numbers, the smaller one first, each "
            f"{_range(low, high)}, not {value!r}."
        )


def _range(low: float, high: float) -> str:
    return f"{low:g} or more" if high == float("inf") else f"from {low:g} to {high:g}"
