"""Numbers of papers stay on one line of a sentence."""

import pytest

from accounts.templatetags.numbers import unbroken


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Invoice INV/26-27/00012", 'Invoice <span class="nowrap">INV/26-27/00012</span>'),
        (
            "A/1, ₹5.00 of B/26-27/2.",
            '<span class="nowrap">A/1</span>, ₹5.00 of <span class="nowrap">B/26-27/2</span>.',
        ),
        ("INV/26-27/00241-இல் ₹8.00", '<span class="nowrap">INV/26-27/00241</span>-இல் ₹8.00'),
        ("Payment, UPI · 421355086612 · a-b", "Payment, UPI · 421355086612 · a-b"),
        ("<b>1/2</b> & x", '&lt;b&gt;<span class="nowrap">1/2</span>&lt;/b&gt; &amp; x'),
        ("x" * 16 + "/1", "x" * 16 + "/1"),
    ],
)
def test_a_number_stays_whole_and_all_else_is_escaped(text: str, shown: str) -> None:
    assert unbroken(text) == shown
