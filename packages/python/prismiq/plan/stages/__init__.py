"""What happens to groups afterwards: another period, the first values, empty buckets, totals, the pivot."""
