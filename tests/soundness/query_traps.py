"""Traps of nested sources, explicit joins and conditions that ask a query: the same shop, the same kind of judge."""

from __future__ import annotations

from typing import Any

from soundness.traps import Trap

FIRST = {"source": "orders", "measures": [{"name": "first", "aggregate": "min", "field": "id"}]}
ONE = {"query": FIRST, "alias": "one"}
LAST_OF_STATUS: dict[str, Any] = {
    "query": {
        "source": "orders",
        "dimensions": ["status"],
        "measures": [{"name": "last", "aggregate": "max", "field": "id"}],
    },
    "alias": "per",
    "on": [{"left": "id", "right": "last"}],
}
ORDERS: dict[str, Any] = {"table": "orders", "alias": "o", "on": [{"left": "id", "right": "customer_id"}]}
VISITS = {"table": "visits", "alias": "v", "type": "inner", "on": [{"left": "id", "right": "customer_id"}]}
LAST_OF_ALL = {"query": {"source": "orders", "measures": ["max(customer_id)"]}, "alias": "one"}

QUERY_TRAPS = {
    "rows_of_an_inner_join_are_counted_alone": Trap(
        {
            "source": "customers",
            "joins": [{**ORDERS, "type": "inner"}],
            "dimensions": ["name"],
            "measures": [{"name": "n", "aggregate": "count", "table": "o"}],
        },
        "SELECT name, count(*) FROM customers c JOIN orders ON customer_id = c.id GROUP BY name ORDER BY name",
    ),
    "rows_of_an_inner_join_are_counted_once": Trap(
        {
            "source": "customers",
            "joins": [{**ORDERS, "type": "inner"}],
            "dimensions": ["o.items.product"],
            "measures": [{"name": "n", "aggregate": "count", "table": "o"}, "sum(o.total)", "sum(age)"],
        },
        """SELECT product, count(*), sum(total),
                  (SELECT sum(age) FROM customers WHERE id = ANY(array_agg(customer_id)))
           FROM (SELECT DISTINCT product, o.id, total, customer_id FROM customers c JOIN orders o ON customer_id = c.id
                 LEFT JOIN items ON order_id = o.id) once
           GROUP BY product ORDER BY product""",
    ),
    "a_row_whose_key_is_null_is_not_a_missing_one": Trap(
        {
            "source": "customers",
            "joins": [LAST_OF_STATUS],
            "dimensions": ["orders_via_customer_id.status"],
            "measures": [{"name": "n", "aggregate": "count", "table": "per"}, "sum(per.last)"],
        },
        "VALUES ('open', 1::bigint, 5::bigint), ('paid', 0, NULL), (NULL, 1, 4)",
    ),
    "a_row_whose_key_is_null_is_there_in_an_inner_join": Trap(
        {
            "source": "customers",
            "joins": [{**LAST_OF_STATUS, "type": "inner"}],
            "dimensions": ["orders_via_customer_id.status"],
            "measures": [{"name": "n", "aggregate": "count", "table": "per"}, "sum(per.last)"],
        },
        "VALUES ('open', 1::bigint, 5::bigint), (NULL, 1, 4)",
    ),
    "the_one_row_of_a_total_is_counted_once": Trap(
        {
            "source": ONE,
            "joins": [{**ORDERS, "on": [{"left": "first", "right": "customer_id"}]}],
            "measures": ["count", "sum(first)", {"name": "n", "aggregate": "count", "table": "o"}],
        },
        "VALUES (1::bigint, 1::bigint, 2::bigint)",
    ),
    "the_one_row_of_a_total_is_counted_once_in_each_group": Trap(
        {
            "source": ONE,
            "joins": [{**ORDERS, "on": [{"left": "first", "right": "customer_id"}]}],
            "dimensions": ["o.id"],
            "measures": ["count", "sum(first)"],
        },
        "VALUES (1, 1::bigint, 1::bigint), (2, 1, 1)",
    ),
    "a_joined_total_is_there_or_missing": Trap(
        {
            "source": "customers",
            "joins": [{**LAST_OF_ALL, "on": [{"left": "id", "right": "max_customer_id"}]}],
            "dimensions": ["orders_via_customer_id.status"],
            "measures": [{"name": "n", "aggregate": "count", "table": "one"}, "sum(one.max_customer_id)"],
        },
        "VALUES ('open', 1::bigint, 5::bigint), ('paid', 0, NULL), (NULL, 0, NULL)",
    ),
    "a_page_without_rows_is_an_empty_table": Trap(
        {"source": {"query": {**FIRST, "limit": 0}, "alias": "one"}, "measures": ["count", "sum(first)"]},
        "VALUES (0::bigint, NULL::bigint)",
    ),
    "rows_multiplied_inside_count_as_they_are": Trap(
        {
            "source": {
                "query": {"source": "customers", "columns": ["id", "age", "orders_via_customer_id.total"]},
                "alias": "listed",
            },
            "measures": ["count", "sum(age)"],
        },
        "SELECT count(*), sum(age) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id",
    ),
    "what_is_hidden_still_orders_a_page": Trap(
        {
            "source": {
                "query": {
                    "source": "orders",
                    "dimensions": ["status"],
                    "measures": [{"name": "n", "aggregate": "count", "hidden": True}, "sum(id)"],
                    "having": {"field": "n", "operator": "gt", "value": 1},
                    "order_by": ["-n"],
                    "limit": 1,
                },
                "alias": "most",
            },
            "columns": ["status", "sum_id"],
        },
        "VALUES ('paid', 8::bigint)",
    ),
    "one_query_in_three_places": Trap(
        {
            "source": ONE,
            "joins": [
                {"query": FIRST, "alias": "two", "on": [{"left": "first", "right": "first"}]},
                {"query": FIRST, "alias": "three", "type": "inner", "on": [{"left": "two.first", "right": "first"}]},
            ],
            "measures": ["count", "sum(two.first)", "sum(three.first)"],
        },
        "VALUES (1::bigint, 1::bigint, 1::bigint)",
    ),
    "an_inner_join_that_nothing_reads_takes_rows_away": Trap(
        {"source": "customers", "joins": [VISITS], "measures": ["count", "sum(age)"]},
        "SELECT count(*), sum(age) FROM customers WHERE id IN (SELECT customer_id FROM visits)",
    ),
    "an_inner_join_is_not_reduced": Trap(
        {
            "source": "customers",
            "joins": [ORDERS, VISITS],
            "dimensions": ["v.page", "o.status"],
            "measures": ["sum(age)", "count"],
        },
        "VALUES ('home', 'open', 40::bigint, 1::bigint), ('home', 'paid', 30, 1)",
    ),
    "an_inner_join_makes_the_left_one_before_it_inner": Trap(
        {
            "source": "customers",
            "joins": [
                ORDERS,
                {"table": "refunds", "alias": "r", "type": "inner", "on": [{"left": "o.id", "right": "order_id"}]},
            ],
            "dimensions": ["name"],
            "measures": [
                "count",
                {"name": "orders", "aggregate": "count", "table": "o"},
                {"name": "refunds", "aggregate": "count", "table": "r"},
            ],
        },
        "VALUES ('Ada', 1::bigint, 1::bigint, 2::bigint)",
    ),
    "a_table_is_joined_to_itself": Trap(
        {
            "source": "customers",
            "joins": [{"table": "customers", "alias": "same", "on": [{"left": "segment", "right": "segment"}]}],
            "dimensions": ["name"],
            "measures": ["count", {"name": "n", "aggregate": "count", "table": "same"}, "sum(same.age)"],
        },
        """SELECT c.name, 1::bigint, count(s.id), sum(s.age)
           FROM customers c LEFT JOIN customers s ON s.segment = c.segment GROUP BY c.name ORDER BY c.name""",
    ),
    "nothing_is_in_a_null": Trap(
        {
            "source": "customers",
            "dimensions": ["segment"],
            "measures": [
                {
                    "name": "without",
                    "aggregate": "count",
                    "filters": {
                        "field": "id",
                        "operator": "not_in",
                        "query": {"source": "orders", "columns": ["customer_id"]},
                    },
                }
            ],
        },
        "VALUES ('big', 0::bigint), ('small', 1), (NULL, 0)",
    ),
}
