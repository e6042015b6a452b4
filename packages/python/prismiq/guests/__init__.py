"""Tokens for guests: somebody whom a host shows its dashboards to, without an account of the host's. An extra."""

from prismiq.guests.keys import Algorithm, GuestKey
from prismiq.guests.revocations import MemoryRevocations, Revocations
from prismiq.guests.tokens import GuestToken, GuestTokens

__all__ = ["Algorithm", "GuestKey", "GuestToken", "GuestTokens", "MemoryRevocations", "Revocations"]
