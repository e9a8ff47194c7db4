"""Ids are Salesforce's: 15 characters, and three that repair their case."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.ids import canonical, checksum, record_id

SHORT = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=15, max_size=15)


def test_the_checksum_is_the_documented_one() -> None:
    # Pairs that Salesforce's own documentation shows.
    assert checksum("001A0000006Vm9u") == "IAC"
    assert checksum("00570000001ZwTi") == "AAK"


@given(SHORT)
def test_a_short_id_and_its_long_form_name_the_same_record(short: str) -> None:
    long = canonical(short)
    assert long is not None
    assert len(long) == 18
    assert canonical(long) == long


@given(SHORT, st.integers(0, 14))
def test_a_letter_of_the_wrong_case_spoils_the_checksum(short: str, at: int) -> None:
    swapped = short[:at] + short[at].swapcase() + short[at + 1 :]
    if swapped != short:
        assert canonical(swapped + checksum(short)) is None


@given(st.integers(0, 62**9 - 2))
def test_ids_sort_by_number(number: int) -> None:
    assert record_id("001", number) < record_id("001", number + 1)


def test_what_is_no_id_has_no_long_form() -> None:
    for text in ("", "001", "001A0000006Vm9u!AC", "001A0000006Vm9uIAD", None, 5, "001A0000006Vm9é"):
        assert canonical(text) is None
