"""JSON Merge Patch (RFC 7396)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast


def merge_patch(target: object, patch: object) -> Any:
    """The target as the patch changes it: objects are merged, null removes, all else replaces. Lists are replaced."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(cast("Mapping[str, object]", target)) if isinstance(target, Mapping) else {}
    for key, value in cast("Mapping[str, object]", patch).items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
