"""The columnar store: contracts, checks, append-only bitemporal Parquet, pinned views of it."""
