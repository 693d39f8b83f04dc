"""The composition root: settings become objects, with the real clock, chance and environment.

`processes` answers Slack, `finding` polls arXiv, `looking` looks up; each loads only what it
needs.
"""
