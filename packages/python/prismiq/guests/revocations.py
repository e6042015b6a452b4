"""Tokens that are taken back before they expire."""

from __future__ import annotations

from typing import Protocol


class Revocations(Protocol):
    """The host's list of tokens taken back. Asked for each token that is valid otherwise.

    What it raises is raised to the caller: a list that cannot be read lets nobody in.
    """

    async def is_revoked(self, token_id: str) -> bool:
        """Whether the token of this id (`jti`) was taken back."""
        ...


class MemoryRevocations:
    """A list in the memory of this process, for one process. Several need one that they share."""

    def __init__(self) -> None:
        self._revoked: set[str] = set()

    def revoke(self, token_id: str) -> None:
        """Takes a token back, from now on."""
        self._revoked.add(token_id)

    async def is_revoked(self, token_id: str) -> bool:
        """Whether it was taken back."""
        return token_id in self._revoked
