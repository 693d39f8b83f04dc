"""Methods for views: modals and Home tabs."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.slack.fake import arguments
from tests.slack.fake.arguments import Args, RefusedError
from tests.slack.fake.base import Answer, ApiGroup
from tests.slack.fake.workspace import APP, BOT_ID, TEAM, TRIGGER_SECONDS, View

Methods = Mapping[str, Callable[[Args], Answer]]


class Views(ApiGroup):
    """`views.*`."""

    @property
    def methods(self) -> Methods:
        """By their names in the Web API."""
        return {
            "views.open": self._views_open,
            "views.publish": self._views_publish,
            "views.update": self._views_update,
        }

    def _views_open(self, args: Args) -> Answer:
        content = arguments.view(args)
        if content["type"] != "modal":
            raise arguments.invalid("must be a modal")
        trigger = self.all.triggers.get(arguments.text(args, "trigger_id"))
        if trigger is None:
            raise RefusedError("invalid_trigger_id")
        if trigger.used:
            raise RefusedError("exchanged_trigger_id")
        if self.all.clock() - trigger.given_at > TRIGGER_SECONDS:
            raise RefusedError("expired_trigger_id")
        trigger.used = True
        return {"view": self._shown(trigger.user, content)}

    def _views_publish(self, args: Args) -> Answer:
        content, person = arguments.view(args), self.person(args, "user_id")
        if content["type"] != "home":
            raise arguments.invalid("must be a home view")
        for view in self.all.views.values():
            if view.user == person.id and view.content["type"] == "home":
                view.is_open = False
        return {"view": self._shown(person.id, content)}

    def _views_update(self, args: Args) -> Answer:
        content = arguments.view(args)
        view = self.all.views.get(str(args.get("view_id")))
        if external := args.get("external_id"):
            shown = (v for v in self.all.views.values() if v.content["external_id"] == external)
            view = next(shown, None)
        if view is None or not view.is_open:
            raise RefusedError("not_found")
        if args.get("hash") not in {None, view.hash}:
            raise RefusedError("hash_conflict")
        view.hash = f"{self.all.ts()}"
        view.content = _full(content, view.id, view.hash)
        return {"view": view.content}

    def _shown(self, user: str, content: dict[str, Any]) -> dict[str, Any]:
        key, value = f"V{self.all.number():04}", self.all.ts()
        self.all.views[key] = View(
            id=key, user=user, content=_full(content, key, value), hash=value
        )
        return self.all.views[key].content


def _full(content: Mapping[str, Any], key: str, hashed: str) -> dict[str, Any]:
    """A view as Slack returns it: with its ids and every field."""
    return {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "submit": None,
        "close": None,
        **content,
        "id": key,
        "team_id": TEAM,
        "app_id": APP,
        "bot_id": BOT_ID,
        "hash": hashed,
        "root_view_id": key,
        "previous_view_id": None,
        "state": {"values": {}},
    }
