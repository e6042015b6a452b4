"""In what format an answer is sent: by `?format=`, or by what the client accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from starlette.requests import Request

from prismiq.api.problems import InvalidParameterError, NotAcceptableError
from prismiq.api.requests import header
from prismiq.execution.formats import Format
from prismiq.execution.workbook import is_installed

MEDIA_TYPES: Mapping[Format, str] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What each format is sent as."""

_ACCEPTED: Mapping[str, Format] = {
    "*/*": "json",
    "application/*": "json",
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "text/csv": "csv",
    "text/*": "csv",
    MEDIA_TYPES["xlsx"]: "xlsx",
}


_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def wanted_format(request: Request) -> Format:
    """The format of the answer.

    Raises InvalidParameterError for one in the address that is none, NotAcceptableError when the client accepts none,
    or only workbooks where XlsxWriter is not installed.
    """
    if request.scope["query_string"]:
        asked = request.query_params.get("format")
        if asked is not None:
            return _named(asked)
    accept = header(request, b"accept")
    if not accept or accept in ("*/*", "application/json") or accept.startswith("application/json,"):  # nearly all
        return "json"
    return _accepted(accept)


def accepted_file(request: Request) -> Literal["csv", "xlsx"] | None:
    """The kind of file that a client asks for by `Accept`, where other answers come as lines or events."""
    accept = header(request, b"accept").lower()
    if "text/csv" not in accept and MEDIA_TYPES["xlsx"] not in accept:
        return None
    found = _accepted(accept)
    return found if found in ("csv", "xlsx") else None


def _named(name: str) -> Format:
    for known in MEDIA_TYPES:
        if name == known:
            check_offered(known)
            return known
    raise InvalidParameterError(
        f'"format" is json, ndjson, csv or xlsx, not "{name[:60]}".',
        hint="Leave it out for JSON.",
        details={"parameter": "format"},
    )


def _accepted(accept: str) -> Format:
    """What the client likes best; of equals the first."""
    best: tuple[float, Format | None] = (0, None)
    for part in accept.lower().split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        found = "json" if not name else _ACCEPTED.get(name)
        liked = weight(parameters)
        if found is not None and liked > best[0]:
            best = (liked, found)
    if best[1] is None:
        served = ", ".join(each.partition(";")[0] for each in MEDIA_TYPES.values())
        raise NotAcceptableError(f"Nothing here is {accept[:60]}.", hint=f"Served are {served}.")
    check_offered(best[1])
    return best[1]


def weight(parameters: list[str]) -> float:
    """How much a client likes what it names so: its `q`, from 0 for not at all to 1."""
    for each in parameters:
        name, _, value = each.partition("=")
        if name == "q":
            return float(value) if _WEIGHT.fullmatch(value) else 0
    return 1


def check_offered(wanted: Format) -> None:
    """Raises NotAcceptableError for workbooks where XlsxWriter is not installed."""
    if wanted == "xlsx" and not is_installed():
        raise NotAcceptableError("This server writes no workbooks.", hint="Ask for CSV: `?format=csv`.")
