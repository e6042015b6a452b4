"""Statements in, results out: connections, limits, errors, encoders."""

from prismiq.execution.database import Database
from prismiq.execution.encode import Numbers, column_json, encode_json
from prismiq.execution.result import QueryResult, ResultMeta

__all__ = ["Database", "Numbers", "QueryResult", "ResultMeta", "column_json", "encode_json"]
