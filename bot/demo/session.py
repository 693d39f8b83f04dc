"""One run of the demo: the stand-in for Slack and the bot, on a scratch copy of the list."""

import contextlib
import datetime as dt
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import SecretStr

from bot.app.clock import utc_now
from bot.app.logging import configure_logging
from bot.app.processes import run
from bot.catalog.yaml.read import CatalogError
from bot.demo.recorded import recorded
from bot.demo.standin import APP_TOKEN, BOT_TOKEN, StandIn, fetch, free_port, running, workspace
from bot.http import Bounds, FetchError, HttpClient, user_agent
from bot.settings import Settings

_PROBE = Bounds(connect=3.0, silence=3.0, deadline=5.0)
_CATEGORY = "cs.PF"  # a small feed, to test whether arXiv answers
_WELCOME = """
  Open {page} in a browser: a workspace with the bot in it, all on this machine.

  Type in #papers:
      /papers serving              a section
      /papers kv cache             a topic, the best match first
      /papers flashatention        a topic with a typing error
      /papers 2401.09670           a paper, by id or link
      /papers suggest 2510.22852   a paper for the list
      /papers subscribe serving    what is new there, every Monday
      /papers                      help

  Open #papers-review: the first poll of {source} posts cards there
  within half a minute. Approve one, look it up in #papers, undo it.

  The list is a copy: your own does not change. Press Ctrl-C to end the demo.
"""


def run_demo(settings: Settings, port: int, say: Callable[[str], None]) -> None:
    """Run until Ctrl-C. Raises PapersError if the stand-in or the list is not available."""
    if not (settings.data_dir / "list.yaml").exists():
        raise CatalogError(
            f"There is no list in {settings.data_dir}. Start the demo in the folder that holds it."
        )
    say(
        "Downloading the stand-in for Slack, once …"
        if not Path(".standin").exists()
        else "Starting …"
    )
    program = fetch()
    chosen = free_port(port)
    if chosen != port:
        say(f"Port {port} is taken; using {chosen}.")
    with (
        tempfile.TemporaryDirectory(prefix="papers-demo-") as scratch,
        running(program, chosen, workspace({"mode": "socket"})) as standin,
        _arxiv(settings) as (rss_url, api_url, source),
    ):
        data = Path(shutil.copytree(settings.data_dir, Path(scratch) / "data"))
        demo = settings.model_copy(
            update={
                "slack_bot_token": SecretStr(BOT_TOKEN),
                "slack_app_token": SecretStr(APP_TOKEN),
                "slack_api_url": standin.api,
                "data_dir": data,
                "database_url": None,
                "review_channel": "C0REVIEW",
                "publish": "files",
                "rss_url": rss_url,
                "api_url": api_url,
                "port": 0,
                "log_level": "WARNING",
            }
        )
        configure_logging(demo)
        stop = threading.Event()
        threading.Thread(target=_watch, args=(standin, stop, say), daemon=True).start()
        welcome = _WELCOME.format(page=standin.page, source=source)
        run(demo, ready=lambda: say(welcome), stop=stop)
        say("Ended.")


@contextlib.contextmanager
def _arxiv(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """RSS address, API address and name of arXiv if it answers, else of a recorded feed."""
    url = f"{settings.rss_url.rstrip('/')}/{_CATEGORY}"
    agent = user_agent(settings.contact)
    with HttpClient(agent=agent, clock=time.monotonic, now=utc_now, bounds=_PROBE) as http:
        try:
            http.fetch(url)
        except FetchError:
            is_reachable = False
        else:
            is_reachable = True
    if is_reachable:
        yield settings.rss_url, settings.api_url, "arXiv"
        return
    with recorded(utc_now() - dt.timedelta(minutes=1)) as base:
        source = "a small recorded feed (arXiv cannot be reached)"
        yield f"{base}/rss", f"{base}/api", source


def _watch(standin: StandIn, stop: threading.Event, say: Callable[[str], None]) -> None:
    """End the demo when the stand-in ends by itself."""
    standin.process.wait()
    if not stop.is_set():
        say("The stand-in ended, and so does the demo.")
        stop.set()
