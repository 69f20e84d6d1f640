// Where somebody searches around: typed, the phone's position, or a tap on the map. Forgotten with the browser's tab.

import { say } from "./dom.js";
import { fill } from "./format.js";
import basemap from "./basemap.js";
import texts from "./texts.js";

const KEPT_AS = "twinev.place";
const LOCATE_MILLISECONDS = 15000;

// A place is {name, latitude_degrees, longitude_degrees}; `start` is one for who has not chosen any.
export class PlaceField {
  constructor({ start, onPlace }) {
    this.place = kept() ?? start;
    this.onPlace = onPlace;
    this.known = [...basemap.towns];
    this.input = document.getElementById("where");
    this.problem = document.getElementById("where-problem");
    this.options = document.getElementById("where-options");
    this.input.value = this.place?.name ?? "";
    this.input.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.takeTyped();
    });
    this.input.addEventListener("change", () => this.takeTyped());
    // Who taps the field wants to write another place.
    this.input.addEventListener("focus", () => this.input.select());
    document.getElementById("locate").addEventListener("click", () => this.locate());
    this.offer(basemap.towns);
    if (this.place) keep(this.place);
  }

  // Offer the names of `places` too.
  offer(places) {
    this.known = [...new Set([...places, ...this.known])];
    this.options.replaceChildren(...this.known.map(({ name }) => new Option(name, name)));
  }

  // Take a place over, from wherever.
  choose(place) {
    this.place = place;
    this.input.value = place.name;
    this.refuse("");
    keep(place);
    this.onPlace(place);
  }

  takeTyped() {
    const text = this.input.value.trim();
    if (!text || text === this.place?.name) return;
    const found = this.find(text);
    if (found) this.choose(found);
    else this.refuse(fill(texts.map.not_known, { text }));
  }

  find(text) {
    const wanted = text.toLowerCase();
    return (
      this.known.find(({ name }) => name.toLowerCase() === wanted) ??
      this.known.find(({ name }) => name.toLowerCase().startsWith(wanted)) ??
      this.known.find(({ name, address }) => `${name} ${address ?? ""}`.toLowerCase().includes(wanted)) ??
      coordinates(text)
    );
  }

  locate() {
    this.refuse("");
    if (!navigator.geolocation) {
      this.refuse(texts.map.not_allowed);
      return;
    }
    say(this.problem, texts.map.locating);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => this.choose(placeAt(texts.map.my_position, coords.latitude, coords.longitude)),
      () => this.refuse(texts.map.not_allowed),
      { timeout: LOCATE_MILLISECONDS, maximumAge: 60000 },
    );
  }

  refuse(text) {
    say(this.problem, text);
    this.input.setAttribute("aria-invalid", String(Boolean(text)));
  }
}

function keep(place) {
  try {
    sessionStorage.setItem(KEPT_AS, JSON.stringify(place));
  } catch {
    // Where nothing may be kept, the place is asked for on the next page.
  }
}

// The place that was chosen on another page, or null.
export function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT_AS));
  } catch {
    return null;
  }
}

export const placeAt = (name, latitude, longitude) => ({
  name,
  latitude_degrees: latitude,
  longitude_degrees: longitude,
});

function coordinates(text) {
  const found = /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(text);
  if (!found || Math.abs(found[1]) > 90 || Math.abs(found[2]) > 180) return null;
  return placeAt(text, Number(found[1]), Number(found[2]));
}
