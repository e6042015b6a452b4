"""Where others over raw tables were found wrong, each by name: the question, and the SQL a careful person would write.

All of it is asked of the small shop below.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from prismiq.access import AccessPolicy, RowFilter, TablePolicy

SHOP = """
CREATE SCHEMA traps; SET search_path = traps;
CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, segment text, age integer);
CREATE TABLE orders (
    id integer PRIMARY KEY, customer_id integer REFERENCES customers, referrer_id integer REFERENCES customers,
    status text, total numeric(30, 5), placed_at timestamptz
);
CREATE TABLE items (
    order_id integer NOT NULL REFERENCES orders, line integer, product text, quantity integer,
    PRIMARY KEY (order_id, line)
);
CREATE TABLE refunds (id integer PRIMARY KEY, order_id integer REFERENCES orders, amount numeric(10, 2));
CREATE TABLE visits (customer_id integer REFERENCES customers, page text, seconds integer);  -- has no key

INSERT INTO customers VALUES
    (1, 'Ada', 'big', 30), (2, 'Bob', 'small', 40), (3, '100% Çem', NULL, NULL),
    (4, 'Dee_x', 'small', 20),                -- orders nothing
    (5, 'it''s \\ me', NULL, 50);
INSERT INTO orders VALUES
    (1, 1, 2, 'paid', 50.1, '2026-03-31 21:59:59+00'),                -- 23:59:59 of the 31st in Berlin
    (2, 1, NULL, 'paid', 12345678901234567890.12345, '2026-03-31 22:00:00+00'),  -- midnight of the 1st in Berlin
    (3, 2, 1, 'open', 50.1, '2026-10-25 00:30:00+00'),                -- 2:30 in Berlin, for the first time
    (4, 3, 1, NULL, NULL, '2026-10-25 01:30:00+00'),                  -- 2:30 in Berlin, for the second time
    (5, NULL, 2, 'paid', -7.25, NULL),                                -- of nobody
    (6, 5, 5, 'open', 0, '2026-01-01 00:00:00+00');
INSERT INTO items VALUES
    (1, 1, 'pen', 2), (1, 2, 'ink', 1), (1, 3, 'pen', 5), (2, 1, 'ink', 4), (3, 1, 'pen', NULL), (6, 1, NULL, 3);
INSERT INTO refunds VALUES (1, 1, 10.05), (2, 1, 0.10), (3, 5, 7.25), (4, NULL, 99);
INSERT INTO visits VALUES (1, 'home', 3), (1, 'home', 3), (2, 'home', NULL), (NULL, 'home', 8);
"""


@dataclass(frozen=True)
class Trap:
    """A question, and the SQL that gives its answer in its order."""

    question: dict[str, Any]
    sql: str
    policy: AccessPolicy | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


BERLIN = "Europe/Berlin"
AGES = "coalesce(customer.age, 0) + coalesce(referrer.age, 0)"
TRAPS = {
    "a_join_does_not_multiply_sums": Trap(
        {"source": "orders", "measures": ["sum(total)", "count", "sum(items.quantity)"]},
        "SELECT (SELECT sum(total) FROM orders), (SELECT count(*) FROM orders), (SELECT sum(quantity) FROM items)",
    ),
    "two_child_tables_do_not_multiply_each_other": Trap(
        {
            "source": "orders",
            "dimensions": ["customer.segment"],
            "measures": [
                "count",
                "sum(items.quantity)",
                "sum(refunds.amount)",
                {"aggregate": "count", "table": "refunds"},
            ],
        },
        """SELECT c.segment, count(*), sum(i.quantity)::bigint, sum(r.amount), sum(r.n)::bigint
           FROM orders o LEFT JOIN customers c ON c.id = o.customer_id,
                LATERAL (SELECT sum(quantity) AS quantity FROM items WHERE order_id = o.id) i,
                LATERAL (SELECT sum(amount) AS amount, count(*) AS n FROM refunds WHERE order_id = o.id) r
           GROUP BY 1 ORDER BY 1""",
    ),
    "one_measure_does_not_change_another": Trap(
        {
            "source": "orders",
            "dimensions": ["status"],
            "measures": [
                "sum(total)",
                {
                    "name": "pens",
                    "aggregate": "sum",
                    "field": "total",
                    "filters": {"field": "items.product", "value": "pen"},
                },
                {"name": "ages", "aggregate": "avg", "field": "customer.age"},
            ],
        },
        """SELECT status, sum(total),
                  sum(total) FILTER (WHERE EXISTS (SELECT FROM items WHERE order_id = o.id AND product = 'pen')),
                  (SELECT avg(age) FROM customers WHERE id IN
                      (SELECT customer_id FROM orders p WHERE p.status IS NOT DISTINCT FROM o.status))
           FROM orders o GROUP BY status ORDER BY status""",
    ),
    "an_order_counts_once_in_each_group_of_its_items": Trap(
        {"source": "orders", "dimensions": ["items.product"], "measures": ["count", "sum(total)"]},
        """SELECT product, count(*), sum(total) FROM
               (SELECT DISTINCT i.product, o.id, o.total FROM orders o LEFT JOIN items i ON i.order_id = o.id) once
           GROUP BY product ORDER BY product""",
    ),
    "a_dimension_does_not_change_the_grain_of_an_expression": Trap(
        {
            "source": "orders",
            "dimensions": ["items.product"],
            "measures": [{"name": "ages", "aggregate": "sum", "expression": AGES}],
        },
        """SELECT product, sum(ages) FROM
               (SELECT DISTINCT i.product, o.id, coalesce(c.age, 0) + coalesce(r.age, 0) AS ages
                FROM orders o LEFT JOIN items i ON i.order_id = o.id
                LEFT JOIN customers c ON c.id = o.customer_id LEFT JOIN customers r ON r.id = o.referrer_id) once
           GROUP BY product ORDER BY product""",
    ),
    "averages_are_over_the_rows_of_their_own_table": Trap(
        {
            "source": "orders",
            "measures": [
                {"name": "of_customers", "aggregate": "avg", "field": "customer.age"},
                {"name": "of_orders", "aggregate": "avg", "field": "customer.age", "grain": "orders"},
            ],
        },
        """SELECT (SELECT avg(age) FROM customers WHERE id IN (SELECT customer_id FROM orders)),
                  (SELECT avg(age) FROM orders o JOIN customers c ON c.id = o.customer_id)""",
    ),
    "medians_do_not_weigh_orders_by_their_items": Trap(
        {
            "source": "customers",
            "measures": [
                {"name": "m", "aggregate": "median", "field": "age"},
                {"name": "p", "aggregate": "percentile", "p": 0.25, "field": "age"},
                {"name": "n", "aggregate": "count", "table": "orders_via_customer_id.items"},
            ],
        },
        """SELECT (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FROM customers),
                  (SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY age) FROM customers),
                  (SELECT count(*) FROM items JOIN orders o ON o.id = order_id WHERE o.customer_id IS NOT NULL)""",
    ),
    "a_filter_on_a_left_joined_table_counts": Trap(
        {"source": "orders", "measures": ["count"], "filters": [{"field": "customer.segment", "value": "big"}]},
        "SELECT count(*) FROM orders JOIN customers c ON c.id = customer_id WHERE c.segment = 'big'",
    ),
    "a_measures_filter_does_not_turn_the_join_inner": Trap(
        {
            "source": "customers",
            "dimensions": ["name"],
            "measures": [
                {
                    "name": "paid",
                    "aggregate": "count",
                    "table": "orders_via_customer_id",
                    "filters": {"field": "orders_via_customer_id.status", "value": "paid"},
                }
            ],
        },
        """SELECT name, (SELECT count(*) FROM orders WHERE customer_id = c.id AND status = 'paid')
           FROM customers c ORDER BY name""",
    ),
    "parents_without_children_stay": Trap(
        {
            "source": "customers",
            "dimensions": ["name"],
            "measures": [
                {"aggregate": "count", "table": "orders_via_customer_id"},
                "sum(orders_via_customer_id.total)",
            ],
        },
        """SELECT name, (SELECT count(*) FROM orders WHERE customer_id = c.id),
                  (SELECT sum(total) FROM orders WHERE customer_id = c.id) FROM customers c ORDER BY name""",
    ),
    "null_groups_stay_when_grains_meet": Trap(
        {"source": "orders", "dimensions": ["status"], "measures": ["count", "sum(items.quantity)"]},
        """SELECT status, count(*),
                  sum((SELECT sum(quantity) FROM items WHERE order_id = o.id))::bigint
           FROM orders o GROUP BY status ORDER BY status""",
    ),
    "customers_without_an_order": Trap(
        {"source": "customers", "columns": ["name"], "filters": {"not": {"exists": "orders_via_customer_id"}}},
        "SELECT name FROM customers c WHERE NOT EXISTS (SELECT FROM orders WHERE customer_id = c.id) ORDER BY id",
    ),
    "is_null_on_a_child_finds_the_childless_and_the_null": Trap(
        {"source": "orders", "columns": ["id"], "filters": [{"field": "items.product", "operator": "is_null"}]},
        "SELECT DISTINCT o.id FROM orders o LEFT JOIN items i ON i.order_id = o.id WHERE product IS NULL ORDER BY 1",
    ),
    "conditions_on_one_path_speak_of_one_row": Trap(
        {
            "source": "orders",
            "columns": ["id"],
            "filters": [
                {"field": "items.product", "value": "ink"},
                {"field": "items.quantity", "operator": "gt", "value": 3},
            ],
        },
        """SELECT id FROM orders o WHERE EXISTS
               (SELECT FROM items WHERE order_id = o.id AND product = 'ink' AND quantity > 3) ORDER BY id""",
    ),
    "a_filter_lists_no_row_twice": Trap(
        {"source": "orders", "columns": ["status", "total"], "filters": {"field": "items.product", "value": "pen"}},
        """SELECT status, total FROM orders o
           WHERE EXISTS (SELECT FROM items WHERE order_id = o.id AND product = 'pen') ORDER BY id""",
    ),
    "not_equal_and_not_in_pass_over_null": Trap(
        {
            "source": "orders",
            "columns": ["id"],
            "filters": [
                {"field": "status", "operator": "not_in", "value": ["open"]},
                {"field": "total", "operator": "neq", "value": 0},
            ],
        },
        "SELECT id FROM orders WHERE status <> 'open' AND total <> 0 ORDER BY id",
    ),
    "an_empty_list_holds_nothing_of_null_too": Trap(
        {
            "source": "orders",
            "measures": [
                {"name": "inside", "aggregate": "count", "filters": {"field": "status", "operator": "in", "value": []}},
                {
                    "name": "outside",
                    "aggregate": "count",
                    "filters": {"field": "status", "operator": "not_in", "value": []},
                },
            ],
        },
        "SELECT 0::bigint, count(*) FROM orders",
    ),
    "numeric_is_not_compared_as_a_float": Trap(
        {"source": "orders", "columns": ["id"], "filters": {"field": "total", "value": 50.1}},
        "SELECT id FROM orders WHERE total = 50.1 ORDER BY id",
    ),
    "one_and_a_half_is_not_one": Trap(
        {"source": "orders", "columns": ["id"], "filters": {"field": "id", "value": 1.5}},
        "SELECT id FROM orders WHERE id = 1.5",
    ),
    "sums_keep_twenty_digits": Trap(
        {
            "source": "orders",
            "measures": ["sum(total)"],
            "filters": {"field": "total", "operator": "lte", "value": Decimal("12345678901234567890.12345")},
        },
        "SELECT sum(total) FROM orders WHERE total <= 12345678901234567890.12345",
    ),
    "a_range_keeps_its_last_day": Trap(
        {
            "source": "orders",
            "columns": ["id"],
            "filters": {"field": "placed_at", "operator": "between", "value": [date(2026, 1, 1), date(2026, 3, 31)]},
            "time_zone": BERLIN,
        },
        """SELECT id FROM orders
           WHERE (placed_at AT TIME ZONE 'Europe/Berlin')::date BETWEEN '2026-01-01' AND '2026-03-31' ORDER BY id""",
    ),
    "filter_and_bucket_share_a_zone": Trap(
        {
            "source": "orders",
            "dimensions": [{"name": "month", "field": "placed_at", "granularity": "month"}],
            "measures": ["count"],
            "filters": {"field": "placed_at", "operator": "gte", "value": date(2026, 4, 1)},
            "time_zone": BERLIN,
        },
        """SELECT date_trunc('month', placed_at AT TIME ZONE 'Europe/Berlin')::date, count(*) FROM orders
           WHERE placed_at AT TIME ZONE 'Europe/Berlin' >= '2026-04-01' GROUP BY 1 ORDER BY 1""",
    ),
    "an_hour_that_happens_twice_is_two": Trap(
        {
            "source": "orders",
            "dimensions": [{"name": "hour", "field": "placed_at", "granularity": "hour"}],
            "measures": ["count"],
            "filters": {"field": "placed_at", "value": date(2026, 10, 25)},
            "time_zone": BERLIN,
        },
        "SELECT placed_at - interval '30 minutes', 1::bigint FROM orders WHERE id IN (3, 4) ORDER BY 1",
    ),
    "bucket_and_aggregate_of_one_column": Trap(
        {
            "source": "orders",
            "dimensions": [{"name": "placed_at", "field": "placed_at", "granularity": "year"}],
            "measures": [
                {"name": "first", "aggregate": "min", "field": "placed_at"},
                {"name": "last", "aggregate": "max", "field": "placed_at"},
            ],
        },
        """SELECT date_trunc('year', placed_at AT TIME ZONE 'UTC')::date, min(placed_at), max(placed_at)
           FROM orders GROUP BY 1 ORDER BY 1""",
    ),
    "a_percent_sign_is_a_percent_sign": Trap(
        {
            "source": "customers",
            "columns": ["name"],
            "filters": {"field": "name", "operator": "contains", "value": "%"},
        },
        "SELECT name FROM customers WHERE strpos(name, '%') > 0 ORDER BY id",
    ),
    "an_underscore_is_an_underscore": Trap(
        {
            "source": "customers",
            "columns": ["name"],
            "filters": {"field": "name", "operator": "ends_with", "value": "_x"},
        },
        "SELECT name FROM customers WHERE right(name, 2) = '_x' ORDER BY id",
    ),
    "quotes_and_backslashes_are_data": Trap(
        {
            "source": "customers",
            "columns": ["name"],
            "filters": {"field": "name", "operator": "starts_with", "value": "it's \\"},
        },
        "SELECT name FROM customers WHERE id = 5",
    ),
    "sorted_by_a_measures_name_nulls_last": Trap(
        {
            "source": "customers",
            "dimensions": ["name"],
            "measures": [{"name": "name_of_it", "aggregate": "sum", "field": "orders_via_customer_id.total"}],
            "order_by": ["-name_of_it"],
        },
        """SELECT name, (SELECT sum(total) FROM orders WHERE customer_id = c.id) AS s
           FROM customers c ORDER BY s DESC NULLS LAST, name""",
    ),
    "two_keys_to_one_table_are_two_joins": Trap(
        {
            "source": "orders",
            "dimensions": ["customer.name", "referrer.name"],
            "measures": ["count"],
        },
        """SELECT c.name, r.name, count(*) FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
           LEFT JOIN customers r ON r.id = o.referrer_id GROUP BY 1, 2 ORDER BY 1, 2""",
    ),
    "a_condition_across_two_branches": Trap(
        {
            "source": "orders",
            "measures": ["count", "sum(total)"],
            "filters": {"or": [{"field": "items.product", "value": "pen"}, {"field": "refunds.amount", "value": 7.25}]},
        },
        """SELECT count(*), sum(total) FROM orders o
           WHERE EXISTS (SELECT FROM items WHERE order_id = o.id AND product = 'pen')
              OR EXISTS (SELECT FROM refunds WHERE order_id = o.id AND amount = 7.25)""",
    ),
    "a_group_without_the_counted_table_has_zero": Trap(
        {
            "source": "orders",
            "dimensions": ["status"],
            "measures": [{"name": "refunds", "aggregate": "count", "table": "refunds"}],
            "having": {"field": "refunds", "operator": "lt", "value": 1},
        },
        """SELECT status, count(r.id) FROM orders o LEFT JOIN refunds r ON r.order_id = o.id
           GROUP BY status HAVING count(r.id) < 1 ORDER BY status""",
    ),
    "without_dimensions_there_is_one_group": Trap(
        {"source": "orders", "measures": ["count", "sum(total)"], "filters": {"field": "status", "value": "nothing"}},
        "SELECT 0::bigint, NULL::numeric",
    ),
    "a_table_without_a_key_counts_every_row": Trap(
        {"source": "visits", "dimensions": ["customer.name"], "measures": ["count", "sum(seconds)"]},
        """SELECT name, count(*), sum(seconds) FROM visits LEFT JOIN customers c ON c.id = customer_id
           GROUP BY name ORDER BY name""",
    ),
    "distinct_counts_across_a_join": Trap(
        {
            "source": "customers",
            "measures": ["count_distinct(segment)", "count_distinct(orders_via_customer_id.status)"],
        },
        """SELECT (SELECT count(DISTINCT segment) FROM customers),
                  (SELECT count(DISTINCT status) FROM orders WHERE customer_id IS NOT NULL)""",
    ),
    "a_row_filter_reduces_a_table_before_it_is_joined": Trap(
        {"source": "orders", "dimensions": ["customer.name"], "measures": ["count", "sum(total)"]},
        """SELECT name, count(*), sum(total)
           FROM orders LEFT JOIN (SELECT * FROM customers WHERE segment = 'big') c ON c.id = customer_id
           GROUP BY name ORDER BY name""",
        AccessPolicy(tables={"traps.customers": TablePolicy(rows=(RowFilter(column="segment", attribute="segment"),))}),
        {"segment": "big"},
    ),
    "a_related_row_out_of_sight_does_not_exist": Trap(
        {"source": "customers", "columns": ["name"], "filters": {"exists": "orders_via_customer_id"}},
        """SELECT name FROM customers c
           WHERE EXISTS (SELECT FROM orders WHERE customer_id = c.id AND status = 'open') ORDER BY id""",
        AccessPolicy(tables={"traps.orders": TablePolicy(rows=(RowFilter(column="status", attribute="status"),))}),
        {"status": "open"},
    ),
}
