"""Which names an endpoint's code uses: documentation follows from the code, and from no list beside it."""

from collections.abc import Callable
from types import CodeType, FunctionType, ModuleType
from typing import Any


def names_used(endpoint: Callable[..., Any]) -> frozenset[str]:
    """Collect globals and attributes used by an endpoint and by the functions of its package below it."""
    package = f"{endpoint.__module__.rpartition('.')[0]}."
    assert isinstance(endpoint, FunctionType)
    found: set[str] = set()
    seen: set[CodeType] = set()
    waiting = [(endpoint.__code__, endpoint.__globals__)]
    while waiting:
        code, known = waiting.pop()
        if code in seen:
            continue
        seen.add(code)
        found.update(code.co_names)
        waiting += [(inner, known) for inner in code.co_consts if isinstance(inner, CodeType)]
        waiting += [
            (function.__code__, function.__globals__)
            for function in _named(code, known)
            if function.__module__.startswith(package)
        ]
    return frozenset(found)


def _named(code: CodeType, known: dict[str, Any]) -> list[FunctionType]:
    """Find the functions that a piece of code names, by themselves or as a module's."""
    values = [known.get(name) for name in code.co_names]
    modules = [value for value in values if isinstance(value, ModuleType)]
    values += [getattr(module, name, None) for module in modules for name in code.co_names]
    return [value for value in values if isinstance(value, FunctionType)]
