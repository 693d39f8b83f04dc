"""One run of the demo: the stand-in and the bot together, on a scratch copy of the list."""

import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from bot.app.process import configure_logging
from bot.app.serving import run
from bot.catalog.files import CatalogError
from bot.demo.standin import APP_TOKEN, BOT_TOKEN, StandIn, fetch, free_port, running, workspace
from bot.settings import Settings

_WELCOME = """
  Open {page} in a browser: a workspace with the bot in it, all on this machine.

  Type in #papers:
      /papers serving              a section
      /papers kv cache             a topic, the best match first
      /papers flashatention        slips do not matter
      /papers 2401.09670           a paper, by id or link
      /papers moe venue:eurosys    filters
      /papers                      what else

  The list is a copy: nothing you do here changes yours. Ctrl-C ends everything.
"""


def run_demo(settings: Settings, port: int, say: Callable[[str], None]) -> None:
    """Run until Ctrl-C. Raises PapersError when the stand-in or the list cannot be had."""
    if not (settings.data_dir / "list.yaml").exists():
        raise CatalogError(f"There is no list in {settings.data_dir}; start the demo where it is.")
    say(
        "Fetching the stand-in for Slack, once …"
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
    ):
        data = Path(shutil.copytree(settings.data_dir, Path(scratch) / "data"))
        demo = settings.model_copy(
            update={
                "slack_bot_token": SecretStr(BOT_TOKEN),
                "slack_app_token": SecretStr(APP_TOKEN),
                "slack_api_url": standin.api,
                "data_dir": data,
                "log_level": "WARNING",
            }
        )
        configure_logging(demo)
        stop = threading.Event()
        threading.Thread(target=_watch, args=(standin, stop, say), daemon=True).start()
        run(demo, ready=lambda: say(_WELCOME.format(page=standin.page)), stop=stop)
        say("Ended.")


def _watch(standin: StandIn, stop: threading.Event, say: Callable[[str], None]) -> None:
    """When the stand-in ends by itself there is nothing left to serve."""
    standin.process.wait()
    if not stop.is_set():
        say("The stand-in ended, and so does the demo.")
        stop.set()
