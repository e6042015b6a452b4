"""Prismiq from Python, without HTTP: for a report, a notebook, a job. The tables are the demo's flights.

uv run python examples/direct_from_python.py postgresql://reader@localhost/flights
"""

from __future__ import annotations

import asyncio
import sys
from datetime import date

from prismiq import (
    Aggregate,
    Condition,
    Dimension,
    Granularity,
    Measure,
    Operator,
    PrismiqEngine,
    QueryDefinition,
    QueryError,
)

# A definition is a dict, the very JSON that `POST /query` takes …
BY_AIRLINE = {
    "source": "flights",
    "dimensions": ["airlines.name"],
    "measures": [
        "count",
        {"name": "delay", "aggregate": "avg", "field": "departure_delay"},
        {"name": "planes", "aggregate": "count", "table": "planes"},
    ],
    "order_by": "-delay",
    "limit": 3,
}

# … or typed, so that the editor completes it and the type checker reads it.
BY_MONTH = QueryDefinition(
    source="flights",
    dimensions=(Dimension(field="scheduled_departure", granularity=Granularity.MONTH, name="month"),),
    measures=(Measure(aggregate=Aggregate.COUNT, name="flights"),),
    filters=Condition(field="flight_date", operator=Operator.BETWEEN, value=[date(2013, 1, 1), date(2013, 3, 31)]),
    time_zone="America/New_York",
)


async def main(dsn: str) -> None:
    """Asks three questions, of which the last is wrong."""
    async with PrismiqEngine(dsn) as engine:
        result = await engine.execute_query(BY_AIRLINE)
        for row in result.to_dicts():
            fleet = f"{row['count']:,} flights, {row['planes']:,} planes"
            print(f"{row['airlines_name']}: {fleet}, {row['delay']:.1f} min late")

        for month, flights in await engine.execute_query(BY_MONTH):
            print(f"{month:%B}: {flights:,}")

        try:
            await engine.execute_query(
                {"source": "flights", "measures": ["count"], "filters": {"field": "carier", "value": "B6"}}
            )
        except QueryError as error:
            print(f"Wrong: {error}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
