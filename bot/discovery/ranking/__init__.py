"""Which papers belong on the list, where, and why."""
