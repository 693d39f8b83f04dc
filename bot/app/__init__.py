"""The composition root: settings become objects, with the real clock, chance and environment.

`serving` answers Slack, `finding` polls arXiv, `looking` looks up; each loads only what it needs.
"""
