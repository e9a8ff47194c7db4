"""Whether arithmetic can leave the range of a double. Databases differ in what they do then, so rules may not.

Every number that rules read lies between 1e-9 and 1e18 in size, or is 0 or empty: whoever fills the facts sees to it.
"""

from __future__ import annotations

from rules import tree

SMALLEST = -9
LARGEST = 18
"""Powers of ten between which a field's number may lie."""
_LIMIT = 290
_GRAIN = 17
"""A difference of two doubles is 0 or at least this many powers of ten below the smaller one."""


def kept(value: float | None) -> float | None:
    """A field's number as facts keep it, so that rules may count with it: smaller ones are 0, larger ones are empty."""
    if value is None or not abs(value) <= 10.0**LARGEST:  # NaN is in no range
        return None
    return 0.0 if abs(value) < 10.0**SMALLEST else value


def overflows(value: tree.Value) -> bool:
    """True when some number in the allowed range would leave a double's range."""
    low, high = _range(value)
    return low < -_LIMIT or high > _LIMIT


def _range(value: tree.Value) -> tuple[int, int]:
    """Bounds of the value's size, as powers of ten."""
    match value:
        case tree.Arithmetic(operator=operator, left=left, right=right):
            return _combined(operator, _range(left), _range(right))
        case tree.Negative(value=inner):
            return _range(inner)
        case tree.Coalesce(values=values):
            ranges = [_range(inner) for inner in values]
            return min(low for low, _ in ranges), max(high for _, high in ranges)
        case tree.Constant():
            return -15, 15
        case _:
            return SMALLEST, LARGEST


def _combined(operator: tree.Operator, left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    match operator:
        case tree.Operator.MULTIPLY:
            return left[0] + right[0], left[1] + right[1]
        case tree.Operator.DIVIDE:
            return left[0] - right[1], left[1] - right[0]
        case _:
            return min(left[0], right[0]) - _GRAIN, max(left[1], right[1]) + 1
