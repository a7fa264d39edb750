"""The command that measures papers beside other makers; here only what does not depend on the clock."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Business
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.drawn]
SHORT = {"rounds": 1, "renders": 1, "lines": [2], "rows": [4], "no_limits": True, "here": True}


def test_it_draws_each_paper_with_each_maker() -> None:
    out = StringIO()
    call_command("bench_pdf", **SHORT, stdout=out)
    said = out.getvalue().splitlines()
    assert re.fullmatch(r"background job, 4 rows: \d+\.\d s, peak \d+ MiB of its process, 0\.\d MiB of PDF", said[0])
    assert re.fullmatch(r"memory over 1 renders: \d+ MiB, 1: \d+", said[1])
    assert [line.split("  ")[0] for line in said[3:]] == ["invoice, 2 lines", "statement, 4 rows"]
    assert all(len(line.split()) == 12 for line in said[3:])


def test_it_does_not_write_into_a_book_that_is_in_use() -> None:
    factories.make_business("Ram Kirana")
    with pytest.raises(CommandError, match="holds a business"):
        call_command("bench_pdf", **SHORT)
    assert Business.objects.get().name == "Ram Kirana"
