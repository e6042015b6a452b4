"""The compressed forms of kept answers count among the bytes that are kept."""

from __future__ import annotations

from dataclasses import replace

from prismiq.execution.answers import Answer, MemoryCache


def answer(size: int) -> Answer:
    return Answer(b"x" * (size - 500), b"", frozenset(), 1)


async def form(size: int) -> bytes:
    return b"z" * size


async def test_a_form_makes_room_for_itself() -> None:
    cache = MemoryCache(10_000)
    answers = {key: answer(2_000) for key in "abcde"}
    for key, each in answers.items():
        cache.put(key, each)
    await answers["e"].forms.get("gzip", lambda: form(100))
    assert [cache.get(key) is not None for key in "abcde"] == [False, True, True, True, True]
    cache.put("f", answer(1_900))
    assert all(cache.get(key) is not None for key in "bcdef"), "8,000 bytes, the form's 100 and 1,900 fit"
    await answers["e"].forms.get("zstd", lambda: form(1))
    assert cache.get("b") is None


async def test_the_room_of_a_dropped_answer_is_free_again_with_that_of_its_forms() -> None:
    cache = MemoryCache(10_000)
    for _ in range(50):
        grown = answer(2_000)
        cache.put("a", grown)
        await grown.forms.get("gzip", lambda: form(7_000))
    cache.forget(None)
    for key in "abcde":
        cache.put(key, answer(2_000))
    assert all(cache.get(key) is not None for key in "abcde")


async def test_a_form_of_an_answer_that_is_kept_no_more_counts_for_nothing() -> None:
    cache = MemoryCache(10_000)
    before = answer(2_000)
    cache.put("a", before)
    cache.put("a", answer(2_000))
    await before.forms.get("gzip", lambda: form(9_000))
    for key in "bcde":
        cache.put(key, answer(2_000))
    assert all(cache.get(key) is not None for key in "abcde")


async def test_an_answer_that_grows_beyond_all_room_is_dropped() -> None:
    cache = MemoryCache(10_000)
    grown = answer(2_000)
    cache.put("a", grown)
    await grown.forms.get("gzip", lambda: form(9_000))
    assert cache.get("a") is None
    for key in "bcdef":
        cache.put(key, answer(2_000))
    assert all(cache.get(key) is not None for key in "bcdef")


def test_what_an_answer_is_kept_under_counts() -> None:
    cache = MemoryCache(10_000)
    for key in "abcde":
        cache.put(key, replace(answer(500), key_size=2_000))
    assert [cache.get(key) is not None for key in "abcde"] == [False, True, True, True, True]
