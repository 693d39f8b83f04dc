"""Composition root: wiring of the object graph, processes, logging and the real clock."""
