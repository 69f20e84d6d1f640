// The search page: what could be reserved, as a list with its reasons and as a map.

import { reasonOf, toLogin } from "./api.js";
import { pageData, say } from "./dom.js";
import { Finder } from "./finder.js";
import { fill, instantOf } from "./format.js";
import { listen } from "./live.js";
import { PlaceField, placeAt } from "./place_field.js";
import { resultItem } from "./result_list.js";
import { StationMap } from "./station_map.js";
import texts from "./texts.js";

const KEPT_AS = "twinev.search";
const MOST = 50;
const WIDE = window.matchMedia("(min-width: 64rem)");
// What counts as a filter when it is not as it begins.
const FILTERS = ["plug", "power", "price"];

const words = texts.search;
const choices = pageData("choices");
const form = document.getElementById("wish");
const list = document.getElementById("results");
const summary = document.getElementById("summary");
const mapNode = document.getElementById("map");
const fields = form.elements;
const initially = Object.fromEntries(FILTERS.map((name) => [name, fields[name].value]));
restore();

let map = null;
let found = [];
const field = new PlaceField({ start: choices.start_place, onPlace: () => search(true) });
const finder = new Finder({
  wish,
  onAsk: () => {
    if (!found.length) say(summary, words.searching);
  },
  onFound: show,
  onProblem: (error) => {
    found = [];
    list.replaceChildren();
    say(summary, reasonOf(error));
  },
});

function wish() {
  const inputs = [...form.querySelectorAll(".field input")];
  // Steps are for the pickers: a minute between two of them, or half a kWh, can be looked for too.
  const wrong = inputs.filter(({ validity }) => !validity.valid && !validity.stepMismatch);
  for (const input of inputs) input.setAttribute("aria-invalid", String(wrong.includes(input)));
  if (wrong.length) {
    const names = wrong.map((input) => input.labels[0].textContent);
    say(summary, fill(words.wrong, { fields: names.join(", ") }));
    return null;
  }
  if (!field.place) return null;
  const { latitude_degrees, longitude_degrees } = field.place;
  return {
    latitude_degrees,
    longitude_degrees,
    max_distance_km: Number(fields.within.value),
    // What is not said is taken from the driver's vehicle.
    ...(fields.plug.value ? { connector_type: fields.plug.value } : {}),
    energy_kwh: Number(fields.energy.value),
    stay_minutes: Number(fields.minutes.value),
    min_kw: Number(fields.power.value),
    max_price_eur_per_kwh: fields.price.value === "" ? null : Number(fields.price.value),
    arrive_at: fields.day.value ? instantOf(fields.day.value, fields.time.value, choices.zone).toISOString() : null,
    limit: MOST,
  };
}

function show({ items, weights }, body) {
  // A stranger is told no figures: the login has ended.
  if (items.some((item) => !item.detail)) {
    toLogin();
    return;
  }
  found = items;
  const count = items.length;
  say(summary, count === 1 ? words.found_one : count ? fill(words.found, { count }) : words.none);
  const open = new Set([...list.querySelectorAll("details[open]")].map(stationOf));
  const keep = stationOf(document.activeElement);
  list.replaceChildren(
    ...items.map((item) => resultItem(item, { address: addressOf(item, body), weights, energyKwh: body.energy_kwh })),
  );
  for (const item of list.children) {
    const details = item.querySelector("details");
    if (details && open.has(stationOf(item))) details.open = true;
    if (keep === stationOf(item)) item.querySelector("a").focus();
  }
  map?.show(items);
}

const stationOf = (node) => node?.closest?.("[data-station]")?.dataset.station;

// The page of the station, with the form for reserving as it was searched for.
function addressOf({ station_id: id, detail }, { stay_minutes: minutes }) {
  const query = new URLSearchParams({ start: detail.arrival, minutes, evse: detail.evse_id });
  return `/app/stations/${encodeURIComponent(id)}?${query}`;
}

function search(follow) {
  document.getElementById("time-field").hidden = !fields.day.value;
  const set = FILTERS.filter((name) => fields[name].value !== initially[name]).length;
  say(document.getElementById("more-label"), set ? fill(words.more_count, { count: set }) : words.more);
  keep();
  found = [];
  if (map && field.place) map.showPlace(field.place, Number(fields.within.value), follow);
  finder.ask();
}

// The map is made when it is first looked at.
function view(name) {
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === name));
  }
  mapNode.hidden = name !== "map" && !WIDE.matches;
  list.hidden = name !== "list" && !WIDE.matches;
  if (mapNode.hidden || map) return;
  map = new StationMap(mapNode, {
    onPlace: (latitude, longitude) => field.choose(placeAt(texts.map.tapped, latitude, longitude)),
    onSelect: (key, items) => showItem(key, items[0]),
  });
  map.show(found);
  if (field.place) map.showPlace(field.place, Number(fields.within.value), true);
}

// From a pin to its item of the list.
function showItem(key, { station_id: id }) {
  map.mark(key);
  list.hidden = false;
  const item = [...list.children].find((each) => each.dataset.station === id);
  item?.scrollIntoView({ block: "start" });
  item?.querySelector("a").focus({ preventScroll: true });
}

function keep() {
  try {
    const values = [...fields].filter(({ name }) => name && name !== "where").map(({ name, value }) => [name, value]);
    sessionStorage.setItem(KEPT_AS, JSON.stringify(Object.fromEntries(values)));
  } catch {
    // Where nothing may be kept, the form begins anew.
  }
}

function restore() {
  try {
    for (const [name, value] of Object.entries(JSON.parse(sessionStorage.getItem(KEPT_AS)) ?? {})) {
      const before = fields[name].value;
      fields[name].value = value;
      // A day that is past by now is no choice any more.
      if (fields[name].value !== value) fields[name].value = before;
    }
  } catch {
    // The same.
  }
}

form.addEventListener("change", ({ target }) => {
  if (target !== fields.where) search(target === fields.within);
});
for (const button of document.querySelectorAll("[data-view]")) {
  button.addEventListener("click", () => view(button.dataset.view));
}
WIDE.addEventListener("change", () => view("list"));
view("list");
search(true);
fetch("/app/places")
  .then((answer) => answer.json())
  .then(({ places }) => field.offer(places))
  .catch(() => {});
listen("/api/v1/availability/events", ["station.availability"], () => finder.askSoon(), () => finder.askSoon());
