"""Lookups: a query typed by a member becomes ranked entries of the list."""
