"""The demo: the whole bot on this machine, with a local stand-in for Slack in the browser."""

from bot.demo.session import run_demo

__all__ = ["run_demo"]
