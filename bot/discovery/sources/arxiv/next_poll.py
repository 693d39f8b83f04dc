"""When arXiv is to be asked next, by what was found at the last polls."""

import datetime as dt

from bot.discovery.alarm import TROUBLE
from bot.discovery.sources.arxiv.schedule import next_poll
from bot.discovery.store import PaperStore

_LOOK_BACK = dt.timedelta(days=7)


def next_poll_of(store: PaperStore, now: dt.datetime) -> dt.datetime:
    """The moment of the next poll; it may have passed."""
    checked = store.checked(now - _LOOK_BACK)
    last = max((at for at, _ in checked), default=None)
    verdicts = {check.category: check.verdict for at, check in checked if at == last}
    settled = not ({"waiting"} | TROUBLE) & set(verdicts.values())
    return next_poll(last, now, is_settled=settled)
