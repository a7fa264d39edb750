"""The command that measures long ledgers beside short ones; here only what does not depend on the clock."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Business
from ledger.models import Entry
from tests import factories

pytestmark = pytest.mark.django_db
SIZES = {"small": 60, "large": 400, "rounds": 2, "limit": 0, "here": True}


def test_a_page_of_a_long_ledger_takes_the_same_queries_as_one_of_a_short_ledger() -> None:
    out = StringIO()
    call_command("bench_ledger", **SIZES, stdout=out)
    said = out.getvalue()
    for name, cost in (("first page of all years", "2 = 2"), ("page in the middle", "3 = 3"), ("last page", "3 = 3")):
        assert f"{name:<30}{'25 = 25':>10}{cost:>10}" in said
    over_http = next(line for line in said.splitlines() if line.startswith("the whole page over HTTP"))
    before, after = over_http.split(" = ")[1:]
    assert before.split()[-1] == after.split()[0], "as many queries for the long ledger"
    assert "The book is right" in said
    assert Entry.objects.filter(party__name="Short").count() == 60
    assert Entry.objects.filter(party__name="Long").count() == 400


def test_it_does_not_write_into_a_book_that_is_in_use() -> None:
    factories.make_business("Ram Kirana")
    with pytest.raises(CommandError, match="holds a business"):
        call_command("bench_ledger", **SIZES)
    assert Business.objects.get().name == "Ram Kirana"


def test_sizes_that_measure_nothing_are_refused() -> None:
    with pytest.raises(CommandError, match="at least 4 entries"):
        call_command("bench_ledger", **SIZES | {"small": 2})
