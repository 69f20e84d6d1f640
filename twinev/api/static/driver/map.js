// The map page: free charge points around a place, without an account.

import { reasonOf } from "./api.js";
import { element, pageData, say } from "./dom.js";
import { Finder } from "./finder.js";
import { fill } from "./format.js";
import { listen } from "./live.js";
import { PlaceField, placeAt } from "./place_field.js";
import { resultItem } from "./result_list.js";
import { StationMap } from "./station_map.js";
import texts from "./texts.js";

const AGAIN_EVERY_MILLISECONDS = 120000;
const MOST = 50;

const choices = pageData("choices");
const within = document.getElementById("within");
const plug = document.getElementById("plug");
const list = document.getElementById("results");
const summary = document.getElementById("summary");
const actions = document.getElementById("actions");
let found = [];
let selection = null;

const map = new StationMap(document.getElementById("map"), {
  onPlace: (latitude, longitude) => field.choose(placeAt(texts.map.tapped, latitude, longitude)),
  onSelect: (key, items) => select(selection?.key === key ? null : { key, site: items[0].site_name, ids: idsOf(items) }),
});
const field = new PlaceField({ start: choices.start_place, onPlace: () => search(true) });
const finder = new Finder({
  wish,
  onAsk: () => {
    if (!found.length) say(summary, texts.map.searching);
  },
  onFound: ({ items }) => {
    found = items;
    map.show(items);
    render();
  },
  onProblem: (error) => {
    // What was found before for the same wish stays, as old as it may be.
    if (!found.length) {
      map.show([]);
      list.replaceChildren();
    }
    say(summary, fill(texts.map.failed, { reason: reasonOf(error) }));
    actions.replaceChildren(button(texts.common.try_again, () => finder.ask()));
  },
});

const idsOf = (items) => new Set(items.map((item) => item.station_id));

function wish() {
  if (!field.place) return null;
  const { latitude_degrees, longitude_degrees } = field.place;
  return {
    latitude_degrees,
    longitude_degrees,
    ...choices.usual,
    max_distance_km: Number(within.value),
    // What is not said is taken from the driver's vehicle.
    ...(plug.value ? { connector_type: plug.value } : {}),
    limit: MOST,
  };
}

function search(follow) {
  selection = null;
  found = [];
  map.mark("");
  if (field.place) map.showPlace(field.place, Number(within.value), follow);
  finder.ask();
}

function select(chosen) {
  selection = chosen;
  map.mark(chosen?.key ?? "");
  render();
  list.scrollTo?.({ top: 0 });
}

function render() {
  const shown = selection ? found.filter((item) => selection.ids.has(item.station_id)) : found;
  say(summary, summaryOf(shown));
  actions.replaceChildren(...actionsFor(shown));
  const keep = document.activeElement?.closest?.("[data-station]")?.dataset.station;
  list.replaceChildren(...shown.map((item) => resultItem(item, { address: `/app/stations/${encodeURIComponent(item.station_id)}` })));
  // What is shown anew takes no focus away from who goes through the list by keyboard.
  if (keep) [...list.children].find((item) => item.dataset.station === keep)?.querySelector("a").focus();
}

function summaryOf(shown) {
  const { map: words } = texts;
  if (selection) return fill(words.here, { site: selection.site, count: shown.length });
  const values = { count: shown.length, km: within.value };
  if (shown.length) return fill(shown.length === 1 ? words.found_one : words.found, values);
  return fill(plug.value ? words.none_plug : words.none, values);
}

function actionsFor(shown) {
  if (selection) return [button(texts.map.show_all, () => select(null))];
  if (shown.length) return [];
  const offered = [];
  const farther = [...within.options].find((option) => Number(option.value) > Number(within.value));
  if (farther) {
    offered.push(button(fill(texts.map.look_farther, { km: farther.value }), () => choose(within, farther.value)));
  }
  if (plug.value) offered.push(button(texts.map.any_plug_button, () => choose(plug, "")));
  return offered;
}

function button(text, act) {
  const made = element("button", { type: "button", class: "second" }, text);
  made.addEventListener("click", act);
  return made;
}

function choose(control, value) {
  control.value = value;
  control.dispatchEvent(new Event("change"));
}

within.addEventListener("change", () => search(true));
plug.addEventListener("change", () => search(false));
search(true);

// What is asked at once is worth more than the outlines of the car parks.
fetch("/app/places")
  .then((answer) => answer.json())
  .then(({ places, car_parks }) => {
    field.offer(places);
    map.showCarParks(car_parks);
  })
  .catch(() => {});
listen("/api/v1/availability/events", ["station.availability"], () => finder.askSoon(), () => finder.askSoon());
document.addEventListener("visibilitychange", () => finder.askSoon());
setInterval(() => finder.askSoon(), AGAIN_EVERY_MILLISECONDS);
