"""Pages of a list by keyset: no OFFSET and no count, so that page 1 and page 1000 cost the same."""

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict

SIZE = 50
BATCH = 2_000  # rows read at once for a file


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page and the addresses of its neighbours ("?..." or "" at an end)."""

    rows: list[Any]
    newer: str
    older: str


def page(
    queryset: QuerySet, query: QueryDict, order: tuple[str, ...], *, key: str = "public_id", size: int = SIZE
) -> Page:
    """The page that `query` (request.GET) asks for, in `order`: names of fields without nulls, the last one unique.

    `?after=<key>` and `?before=<key>` name the row beyond which the page begins; an unknown one gives the first page.
    """
    edge = None
    back = "before" in query
    name = query.get("before" if back else "after", "")
    if name and "\x00" not in name:
        fields = [field.lstrip("-") for field in order]
        edge = _edge(queryset, key, name, fields)
    ordered = queryset.order_by(*(_turned(order) if back and edge else order))
    if edge:
        ordered = ordered.filter(_beyond(_turned(order) if back else order, edge))
    rows = list(ordered[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if back and edge:
        rows.reverse()
    has_newer, has_older = ((more, True) if back else (True, more)) if edge else (False, more)
    return Page(
        rows,
        newer=_address(query, "before", str(getattr(rows[0], key))) if rows and has_newer else "",
        older=_address(query, "after", str(getattr(rows[-1], key))) if rows and has_older else "",
    )


def stream(queryset: QuerySet, order: tuple[str, ...], columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Every row as a tuple: the fields of `order` (as for `page`), then `columns`.

    One query for each batch by keyset; the first is small, for readers who stop after a page.
    """
    names = [field.lstrip("-") for field in order]
    ordered = queryset.order_by(*order).values_list(*names, *columns)
    edge: tuple[Any, ...] | None = None
    size = SIZE
    while True:
        rows = list((ordered.filter(_beyond(order, edge)) if edge else ordered)[:size])
        yield from rows
        if len(rows) < size:
            return
        edge, size = rows[-1][: len(names)], BATCH


def _edge(queryset: QuerySet, key: str, name: str, fields: list[str]) -> tuple[Any, ...] | None:
    try:
        return queryset.order_by().filter(**{key: name}).values_list(*fields).first()
    except (ValueError, ValidationError):
        return None


def _turned(order: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(field[1:] if field.startswith("-") else f"-{field}" for field in order)


def _beyond(order: tuple[str, ...], edge: tuple[Any, ...]) -> Q:
    """Rows after `edge`: (a > x) or (a = x and b > y) ..., with a bound on the first column for the index."""
    steps = []
    for place, field in enumerate(order):
        same = {name.lstrip("-"): value for name, value in zip(order[:place], edge[:place], strict=True)}
        comparison = "lt" if field.startswith("-") else "gt"
        steps.append(Q(**same, **{f"{field.lstrip('-')}__{comparison}": edge[place]}))
    first = order[0]
    bound = Q(**{f"{first.lstrip('-')}__{'lte' if first.startswith('-') else 'gte'}": edge[0]})
    return bound & reduce(operator.or_, steps)


def _address(query: QueryDict, side: str, name: str) -> str:
    kept = [
        (key, value) for key, values in query.lists() for value in values if key not in {"before", "after"} and value
    ]
    return "?" + urlencode([*kept, (side, name)])
