"""The forms and dialogs of the charge point managers' page without a browser, over a fake client."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import ipywidgets as widgets
import pytest

from twinev.errors import ChangedMeanwhile, Unavailable
from twinev.ui import charge_points_texts as texts
from twinev.ui.command_choices import CHOICES
from twinev.ui.command_form import CommandForm
from twinev.ui.dialog import Dialog
from twinev.ui.station_block import StationBlock
from twinev.ui.station_edit import StationEdit
from twinev.ui.sure_question import SureQuestion
from twinev.wire.commands import ChangeAvailabilityIn, GetVariablesIn, ResetIn, TriggerMessageIn, UnlockConnectorIn


@dataclass
class FakeLive:
    """The live state, standing still."""

    snapshot: object
    hurried: int = 0

    def now(self):
        return self.snapshot.now

    def hurry(self) -> None:
        self.hurried += 1


@dataclass
class FakeClient:
    """Keeps what it was asked; ``error`` is raised instead of an answer."""

    answer: object = None
    error: Exception | None = None
    asked: list[tuple] = field(default_factory=list)

    def command(self, station_id: str, body: object) -> object:
        return self._answered(station_id, body)

    def change_station(self, station_id: str, *, version: str, **changes: object) -> object:
        return self._answered(station_id, version, changes)

    def station(self, station_id: str) -> object:
        return self.answer

    def block_station(self, station_id: str, *, reason: str) -> object:
        return self._answered(station_id, reason)

    def unblock_station(self, station_id: str) -> object:
        return self._answered(station_id, None)

    def _answered(self, *asked: object) -> object:
        self.asked.append(asked)
        if self.error is not None:
            raise self.error
        return self.answer


def button(widget: widgets.Widget, words: str) -> widgets.Button:
    """The button of that name, however deep; of several the one that is shown."""
    found = [one for one in every(widget) if isinstance(one, widgets.Button) and one.description == words]
    return next((one for one in found if one.layout.display != "none"), found[0])


def every(widget: widgets.Widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every(child)


def field_of(widget: widgets.Widget, name: str) -> widgets.Widget:
    return next(one for one in every(widget) if getattr(one, "description", None) == name)


def said(widget: widgets.Widget) -> str:
    return " ".join(one.value for one in every(widget) if isinstance(one, widgets.HTML))


def click(part, words: str) -> None:
    async def act() -> None:
        button(part.widget, words).click()
        await asyncio.sleep(0)
        if hasattr(part, "background"):
            await part.background.finished()

    asyncio.run(act())


# ── Sending a command ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def client(make_command, now) -> FakeClient:
    return FakeClient(answer=make_command("UTR-01", "Reset", now))


@pytest.fixture
def sent() -> list:
    return []


@pytest.fixture
def form(client, snapshot, sent) -> CommandForm:
    made = CommandForm(client=client, live=FakeLive(snapshot), on_sent=lambda: sent.append(True))
    made.update(snapshot)
    made.choose_station("UTR-01")
    return made


def choose(form: CommandForm, label: str) -> None:
    field_of(form.widget, texts.SEND_COMMAND).value = next(one.key for one in CHOICES if one.label == label)


def test_harmless_command_is_sent_at_once(form, client, sent) -> None:
    choose(form, texts.CHOICE_TRIGGER)
    field_of(form.widget, texts.SEND_EVSE).value = 1
    click(form, texts.SEND)

    assert client.asked == [("UTR-01", TriggerMessageIn(requested_message="StatusNotification", evse_id=1))]
    assert "UTR-01 answered Reset: accepted." in said(form.widget)
    assert sent == [True]


def test_command_that_hurts_is_asked_about_first(form, client, snapshot, make_station) -> None:
    evse = make_station().evses[0].model_copy(update={"session_id": "s1"})
    form._live.snapshot = snapshot.__class__(**{**vars(snapshot), "stations": (make_station(evses=(evse,)),)})
    choose(form, texts.CHOICE_RESET)

    click(form, texts.SEND)
    assert client.asked == []
    assert texts.HURTS_ACTIVE_ONE in said(form.widget)
    click(form, texts.SEND_BACK)
    assert client.asked == []
    click(form, texts.SEND)
    click(form, texts.SEND_SURE)
    assert client.asked == [("UTR-01", ResetIn(kind="Immediate"))]


def test_other_command_withdraws_the_question(form, client) -> None:
    choose(form, texts.CHOICE_RESET)
    click(form, texts.SEND)
    choose(form, texts.CHOICE_CACHE)

    assert not button(form.widget, texts.SEND).disabled
    assert button(form.widget, texts.SEND_SURE) in every(form.widget)
    assert form._sure.layout.display == "none"


@pytest.mark.parametrize(
    ("label", "evse", "body"),
    [
        (texts.CHOICE_UNLOCK, 1, UnlockConnectorIn(evse_id=1)),
        (texts.CHOICE_OUT, 0, ChangeAvailabilityIn(operational_status="Inoperative", evse_id=0)),
        (texts.CHOICE_OUT, 1, ChangeAvailabilityIn(operational_status="Inoperative", evse_id=1)),
        (texts.CHOICE_IN, 0, ChangeAvailabilityIn(operational_status="Operative", evse_id=0)),
    ],
)
def test_command_says_of_which_evse(form, client, label, evse, body) -> None:
    choose(form, label)
    field_of(form.widget, texts.SEND_EVSE).value = evse
    click(form, texts.SEND)
    if form._sure.layout.display != "none":
        click(form, texts.SEND_SURE)

    assert client.asked == [("UTR-01", body)]


def test_configuration_is_read_by_key_or_whole(form, client) -> None:
    choose(form, texts.CHOICE_GET)
    click(form, texts.SEND)
    field_of(form.widget, texts.FIELD_KEY).value = "HeartbeatInterval"
    click(form, texts.SEND)

    assert client.asked[0] == ("UTR-01", GetVariablesIn())
    assert client.asked[1][1].variables[0].variable == "HeartbeatInterval"


def test_missing_value_is_named(form, client) -> None:
    choose(form, texts.CHOICE_SET)
    click(form, texts.SEND)

    assert "“Key” is missing" in said(form.widget)
    assert client.asked == []


def test_value_that_the_api_cannot_take_is_told(form, client) -> None:
    choose(form, texts.CHOICE_SET)
    field_of(form.widget, texts.FIELD_KEY).value = "AuthorizationKey"
    click(form, texts.SEND)
    click(form, texts.SEND_SURE)

    assert "key-rotations" in said(form.widget)
    assert client.asked == []


@pytest.mark.parametrize("station_id", ["", "nowhere"])
def test_station_that_there_is_not_is_told_nothing(form, client, station_id) -> None:
    form.choose_station(station_id)
    click(form, texts.SEND)

    assert texts.SEND_NO_STATION in said(form.widget)
    assert client.asked == []


def test_offline_station_is_told_nothing(form, client, snapshot, make_station) -> None:
    form._live.snapshot = snapshot.__class__(**{**vars(snapshot), "stations": (make_station(online=False),)})
    click(form, texts.SEND)

    assert "UTR-01 is offline" in said(form.widget)
    assert client.asked == []


def test_api_that_is_away_is_told(form, client, sent) -> None:
    client.error = Unavailable("nobody there")
    click(form, texts.SEND)

    assert "nobody there" in said(form.widget)
    assert sent == []
    assert not button(form.widget, texts.SEND).disabled


# ── Editing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def done() -> list:
    return []


@pytest.fixture
def edit(make_station, snapshot, done) -> StationEdit:
    made = StationEdit(client=FakeClient(answer=make_station()), on_done=done.append)
    made.show(make_station(version='"v1"'), snapshot.sites)
    return made


def test_edit_sends_only_what_was_changed_and_from_which_version(edit, done) -> None:
    field_of(edit.widget, texts.EDIT_NAME).value = " Bay 1 "
    field_of(edit.widget, texts.EDIT_LATITUDE).value = "52,1"
    click(edit, texts.EDIT_SAVE)

    assert edit._client.asked == [("UTR-01", '"v1"', {"name": "Bay 1", "latitude_degrees": 52.1})]
    assert done == [edit._client.answer]


def test_edit_without_a_change_sends_nothing(edit, done) -> None:
    click(edit, texts.EDIT_SAVE)

    assert (edit._client.asked, done) == ([], [])
    assert texts.EDIT_NOTHING in said(edit.widget)


def test_edit_of_what_somebody_else_has_changed_shows_that_first(edit, make_station, done) -> None:
    edit._client.error = ChangedMeanwhile("station UTR-01")
    edit._client.answer = make_station(name="Theirs", version='"v2"')
    field_of(edit.widget, texts.EDIT_NAME).value = "Ours"
    click(edit, texts.EDIT_SAVE)

    assert field_of(edit.widget, texts.EDIT_NAME).value == "Theirs"
    assert "Somebody else has changed UTR-01" in said(edit.widget)
    edit._client.error = None
    field_of(edit.widget, texts.EDIT_NAME).value = "Ours"
    click(edit, texts.EDIT_SAVE)
    assert edit._client.asked[-1] == ("UTR-01", '"v2"', {"name": "Ours"})
    assert len(done) == 1


def test_coordinate_that_is_no_number_is_told(edit) -> None:
    field_of(edit.widget, texts.EDIT_LONGITUDE).value = "<b>east</b>"
    click(edit, texts.EDIT_SAVE)

    assert "“&lt;b&gt;east&lt;/b&gt;” is no number" in said(edit.widget)
    assert edit._client.asked == []


def test_cancel_goes_back_without_a_word(edit, done) -> None:
    field_of(edit.widget, texts.EDIT_NAME).value = "Ours"
    click(edit, texts.EDIT_CANCEL)

    assert (edit._client.asked, done) == ([], [None])


# ── Blocking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def block(make_station, done) -> StationBlock:
    made = StationBlock(client=FakeClient(answer=make_station()), on_done=done.append)
    made.show(make_station())
    return made


def test_station_is_blocked_for_a_reason_only(block, done) -> None:
    click(block, texts.BLOCK)
    block._asked.children[2].click()
    assert (block._client.asked, texts.BLOCK_REASON_MISSING in said(block.widget)) == ([], True)
    field_of(block.widget, texts.BLOCK_REASON).value = "stolen"

    async def act() -> None:
        block._asked.children[2].click()
        await block.background.finished()

    asyncio.run(act())
    assert block._client.asked == [("UTR-01", "stolen")]
    assert done == [block._client.answer]


def test_question_about_one_station_is_not_about_another(block, make_station) -> None:
    click(block, texts.BLOCK)
    block.show(make_station("UTR-02"))

    assert block._asked.layout.display == "none"


def test_blocked_station_is_let_in_again(block, make_station, now, done) -> None:
    block.show(make_station(blocked_at=now))
    click(block, texts.UNBLOCK)

    assert block._client.asked == [("UTR-01", None)]


# ── The dialog ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_dialog_shows_one_content_and_tells_each_of_its_end() -> None:
    dialog, ended = Dialog(close_label="Close"), []

    dialog.show("First <b>", [widgets.HTML("1")], on_close=lambda: ended.append(1))
    dialog.show("Second", [widgets.HTML("2")], on_close=lambda: ended.append(2))
    assert (ended, dialog.is_open) == ([1], True)
    button(dialog.widget, "Close").click()

    assert (ended, dialog.is_open) == ([1, 2], False)


def test_title_of_a_dialog_is_text() -> None:
    dialog = Dialog(close_label="Close")

    dialog.show("<b>", [])

    assert "&lt;b&gt;" in said(dialog.widget)


def test_question_is_asked_before_the_deed() -> None:
    acted = []
    sure = SureQuestion("Stop", sure="Stop now", back="Back", act=lambda: acted.append(True))
    sure.question = "Really <b>?"

    button(sure.widget, "Stop").click()
    assert "Really &lt;b&gt;?" in said(sure.widget)
    button(sure.widget, "Back").click()
    assert acted == []
    button(sure.widget, "Stop").click()
    button(sure.widget, "Stop now").click()
    assert acted == [True]
