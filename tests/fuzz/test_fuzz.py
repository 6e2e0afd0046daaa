"""Parsers end every input with a value or a sentence, and soon."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, check

_PIECES = (b"[", b"]", b"[!]", b"[z-a]", b"**/", b"*a", b"\x00", b"\xff", b'"', b"{", b"}", b"=", b"\n", b"9" * 30,
           b"1e999", b"-1", b"NaN", b"null", b"\\ud800", "é".encode(), b"+14:00", b"0001-01-01")  # fmt: skip


def mutated(data: bytes, seed: int) -> bytes:
    """The example with some bytes changed, cut out, doubled, or with a nasty piece put in."""
    chance, out = random.Random(seed), bytearray(data)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(out) + 1)
        end = min(len(out), place + chance.randint(0, 8))
        new = chance.choice((b"", bytes([chance.randrange(256)]), bytes(out[place:end]) * 2, chance.choice(_PIECES)))
        out[place:end] = new
    return bytes(out)


@pytest.mark.parametrize("name", TARGETS)
def test_every_example_but_the_pictures_is_taken(name: str) -> None:
    taken = [check(name, example) for example in TARGETS[name][1]]
    assert name in ("pictures", "questions") or any(taken)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=150, deadline=None)
@given(number=st.integers(0, 10), seed=st.integers(0, 2**32))
def test_changed_examples_end_with_a_value_or_a_sentence(name: str, number: int, seed: int) -> None:
    examples = TARGETS[name][1]
    check(name, mutated(examples[number % len(examples)], seed))


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_end_with_a_value_or_a_sentence(name: str, data: bytes) -> None:
    check(name, data)


@pytest.mark.parametrize("glob", ["[!]", "[z-a]", "**/" * 200 + "x", "*a" * 300 + "b", "**a" * 300, "[[]", "[^"])
def test_hard_globs_end_soon(glob: str) -> None:
    check("globs", glob.encode())
