"""Listeners of the Bolt app: one module a feature, by the kind of request that it answers."""
