"""The Web API's methods over the workspace, each as strict as Slack's own.

https://docs.slack.dev/reference/methods says what each takes and how it refuses. It is stricter
than Slack: a channel is named by its id only, and text beyond the limit is refused, not cut off.
"""

from collections.abc import Callable, Iterable, Mapping

from tests.slack import scopes
from tests.slack.fake.arguments import Args, RefusedError
from tests.slack.fake.base import Answer, ApiGroup
from tests.slack.fake.directory import Directory
from tests.slack.fake.messages import Messages
from tests.slack.fake.rate_limits import RateLimits
from tests.slack.fake.views import Views
from tests.slack.fake.workspace import Workspace


class WebApi(ApiGroup):
    """All methods, behind the checks that Slack makes for every call."""

    def __init__(
        self, workspace: Workspace, rate_limits: RateLimits, granted: Iterable[str]
    ) -> None:
        super().__init__(workspace, rate_limits, granted)
        self.methods: Mapping[str, Callable[[Args], Answer]] = {
            **Messages(workspace, rate_limits, self.granted).methods,
            **Directory(workspace, rate_limits, self.granted).methods,
            **Views(workspace, rate_limits, self.granted).methods,
        }

    def call(self, method: str, args: Args) -> Answer:
        """Carry a call out. Raises RefusedError or RateLimitedError."""
        if method not in self.methods:
            raise RefusedError("unknown_method", req_method=method)
        needed = scopes.SCOPES[method]
        if needed and not needed & self.granted and not self._has_other_kinds(method):
            raise self.missing(needed)
        self.rate_limits.call(method)
        return {"ok": True, **self.methods[method](args)}

    def _has_other_kinds(self, method: str) -> bool:
        """Whether there is a kind of conversation for which the scopes suffice."""
        return any(scopes.needed(method, kind) <= self.granted for kind in scopes.KINDS)
