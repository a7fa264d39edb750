"""UPI payment links."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.upi import reference, upi_uri, validate

VECTOR = (
    "upi://pay?pa=ramkirana@okaxis&pn=Ram%20%26%20Sons%20Kirana&am=1180.00&cu=INR&tr=INV26270001"
    "&tn=INV%2F2026-27%2F0001"
)


def test_the_vector() -> None:
    assert upi_uri("ramkirana@okaxis", "Ram & Sons Kirana", 118000, tr="INV26270001", tn="INV/2026-27/0001") == VECTOR


def test_after_a_part_payment_only_the_rest_is_asked() -> None:
    assert "&am=180.05&" in upi_uri("ramkirana@okaxis", "Ram", 118000 - 99995, tr="A1", tn="x")
    assert "&am=0.01&" in upi_uri("ramkirana@okaxis", "Ram", 1, tr="A1")


def test_empty_reference_and_note_are_left_out() -> None:
    assert upi_uri("ram@ybl", "Ram", 100) == "upi://pay?pa=ram@ybl&pn=Ram&am=1.00&cu=INR"


def test_a_long_note_is_cut() -> None:
    assert upi_uri("ram@ybl", "Ram", 100, tn="n" * 51).endswith("&tn=" + "n" * 50)
    assert upi_uri("ram@ybl", "Ram", 100, tn="n" * 49 + " n").endswith("&tn=" + "n" * 49)


@given(st.text(min_size=1, max_size=60).filter(str.strip), st.integers(1, 10**12), st.text(max_size=80))
def test_names_and_notes_cannot_add_fields(name: str, paise: int, note: str) -> None:
    uri = upi_uri("ram@ybl", name, paise, tr="INV1", tn=note)
    fields = parse_qsl(urlsplit(uri).query, strict_parsing=True)
    expected = [
        ("pa", "ram@ybl"),
        ("pn", name.strip()),
        ("am", f"{paise // 100}.{paise % 100:02d}"),
        ("cu", "INR"),
        ("tr", "INV1"),
    ]
    if note.strip()[:50].strip():
        expected.append(("tn", note.strip()[:50].strip()))
    assert fields == expected
    assert uri.isascii()


@pytest.mark.parametrize("paise", [0, -1])
def test_nothing_due_has_no_link(paise: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        upi_uri("ram@ybl", "Ram", paise, tr="A1")


def test_a_payee_needs_a_name() -> None:
    with pytest.raises(ValueError, match="name"):
        upi_uri("ram@ybl", "  ", 100)


@pytest.mark.parametrize("tr", ["INV/1", "INV-1", "A" * 36, "१", "A1\n", "A&am=1"])
def test_references_are_letters_and_digits(tr: str) -> None:
    with pytest.raises(ValueError, match="at most 35 letters and digits"):
        upi_uri("ram@ybl", "Ram", 100, tr=tr)


def test_a_document_number_as_reference() -> None:
    assert reference("INV/26-27/0001") == "INV26270001"
    assert reference("é१/-") == ""
    assert reference("A" * 40) == "A" * 35


@pytest.mark.parametrize(
    "upi_id",
    [
        "ramkirana@okaxis",
        "ram.kirana-1_2@ybl",
        "9876543210@paytm",
        "Ram@OkHdfcBank",
        "1234567890@HDFC0001234.ifsc.npci",
        " ram@ybl ",
    ],
)
def test_upi_ids(upi_id: str) -> None:
    assert validate(upi_id) == upi_id.strip()


@pytest.mark.parametrize(
    "upi_id",
    [
        "",
        "ram",
        "@ybl",
        "r@ybl",
        "ram@",
        "ram@y",
        "ram@@ybl",
        "ram kirana@ybl",
        "ram@ybl&am=1",
        "ram@ybl\nx",
        "ram@gmail.com",
        "राम@ybl",
        "ram@1ybl",
        "a" * 101 + "@ybl",
    ],
)
def test_what_is_no_upi_id_is_refused(upi_id: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        validate(upi_id)
    assert str(refused.value) == "A UPI id looks like ramkirana@okaxis."
    with pytest.raises(ValueError, match="UPI id"):
        upi_uri(upi_id, "Ram", 100)
