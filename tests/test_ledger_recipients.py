import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import InputInvalid
from quarterdeck.ledger.recipients import hashed, normalised
from quarterdeck.redaction import masked, without_addresses

local_parts = st.text("aZé9ßſ._+-/", min_size=1, max_size=8)
domains = st.from_regex(r"[a-z0-9]{1,10}(\.[a-z]{2,6}){1,2}", fullmatch=True)
addresses = st.builds("{}@{}".format, local_parts, domains)


@pytest.mark.parametrize(
    "spelling",
    [
        "cfo@example.com",
        " CFO@Example.COM\n",
        "cfo@example.com.",
        "ｃｆｏ@example.com",
        "Jada Okafor <CFO@example.com>",
        '"Okafor, J." <cfo@example.com> ',
        "<cfo@example.com>",
    ],
)
def test_spellings_of_one_mailbox_are_one_recipient(spelling):
    """Case, a name before it, spaces around it, a final dot and full-width letters do not make a second recipient."""
    assert normalised(spelling) == "cfo@example.com"
    assert masked(spelling).casefold() in ("c•••@e•••.com", "ｃ•••@e•••.com")


def test_a_domain_is_written_as_dns_has_it():
    """An international domain is the same recipient in Unicode and in Punycode."""
    assert normalised("cfo@bücher.example") == normalised("cfo@xn--bcher-kva.example")


def test_a_domain_that_dns_cannot_have_is_still_one_recipient():
    """A label of more than 63 characters is kept as it is: the mail service will refuse it."""
    assert normalised(f"cfo@{'x' * 64}.example") == f"cfo@{'x' * 64}.example"


@pytest.mark.parametrize("text", ["", "cfo", "@example.com", "cfo@", "cfo@.", "a@b@example.com"])
def test_what_is_no_address_is_refused(text):
    """Without a mailbox and a domain there is no recipient, and the message shows what one looks like."""
    with pytest.raises(InputInvalid) as refusal:
        normalised(text)

    assert f"recipient: found {text!r}, expected one e-mail address such as cfo@example.com" in str(refusal.value)


@given(addresses)
def test_normalising_twice_changes_nothing(address):
    """What is normalised has one spelling."""
    once = normalised(address)

    assert normalised(once) == once


@given(addresses)
def test_the_hash_depends_on_the_ledger_and_says_nothing(address):
    """One address has one hash in a ledger and another in the next; the hash is a safe part of a key and a tag."""
    assert hashed(address, "salt") == hashed(f" {address} ", "salt")
    assert hashed(address, "salt") != hashed(address, "pepper")
    assert set(hashed(address, "salt")) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("cfo@example.com", "c•••@e•••.com"),
        ("a@b.co", "a•••@b•••.co"),
        ("root@localhost", "r•••@l•••"),
        ("finance@mail.example.com", "f•••@m•••.com"),
    ],
)
def test_a_masked_address_tells_recipients_apart(address, shown):
    """First letters and the top domain are left: enough for the operator, too little for anybody else."""
    assert masked(address) == shown


@given(addresses, st.text(max_size=20), st.text(max_size=20))
def test_no_address_survives_in_free_text(address, before, after):
    """A refusal that quotes the address is kept with a mask in its place, wherever it stands."""
    assert address not in without_addresses(f"{before} {address} {after}")


@pytest.mark.parametrize(
    "text",
    ["cfo@jada/2026-W48 differs from ceo@jada/2026-W48", "550 no such user", "to c•••@e•••.com", "at 12 @ 30"],
)
def test_what_is_no_address_stays(text):
    """Editions of a variant, masks and lone at-signs are no addresses."""
    assert without_addresses(text) == text


def test_addresses_between_brackets_and_quotes_are_found():
    """The forms in which mail servers quote addresses are all masked."""
    text = "550 5.1.1 <cfo@example.com>: no; identity 'ceo@example.com', cto@example.com."

    assert without_addresses(text) == "550 5.1.1 <c•••@e•••.com>: no; identity 'c•••@e•••.com', c•••@e•••.com"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("no mailbox o'neill@x.boats here", "o'neill"),
        ("'o'neill@x.boats' is unknown", "neill"),
        ('550 "jada okafor"@x.boats', "okafor"),
        ("relay to cfo@[192.0.2.17] denied", "192.0.2"),
    ],
)
def test_an_address_of_a_rare_form_is_masked_whole(text, left):
    """An apostrophe, a quoted local part, a domain that is a number: nothing of them stays."""
    assert left not in without_addresses(text)
