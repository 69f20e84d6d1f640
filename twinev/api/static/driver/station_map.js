// The map: our own outline, a pin for each free charge point with its grade, one for a whole site from afar.

import basemap from "./basemap.js";
import { element } from "./dom.js";
import { fill, way } from "./format.js";
import { gradeNumber } from "./result_list.js";
import texts from "./texts.js";

// From this zoom on the stations of a car park stand apart from each other.
const PINS_FROM_ZOOM = 17;
const PIN_PIXELS = 44;
const METRES_PER_KM = 1000;

export class StationMap {
  // `onPlace(latitude, longitude)` hears of a tap beside the pins, `onSelect(items)` of one on a pin.
  constructor(node, { onPlace, onSelect }) {
    this.onSelect = onSelect;
    this.pins = new Map();
    this.items = [];
    this.selected = "";
    this.following = true;
    this.fitting = false;
    this.map = L.map(node, {
      attributionControl: false,
      zoomControl: false,
      minZoom: 4,
      maxZoom: 20,
      center: [52.1, 5.3],
      zoom: 7,
    });
    L.control
      .zoom({ position: "bottomright", zoomInTitle: texts.map.zoom_in, zoomOutTitle: texts.map.zoom_out })
      .addTo(this.map);
    L.control.scale({ position: "bottomleft", imperial: false }).addTo(this.map);
    drawBasemap(this.map);
    this.map.on("click", ({ latlng }) => onPlace(latlng.lat, latlng.lng));
    this.map.on("zoomend", () => this.draw());
    // Who moves the map by himself does not want it to come back.
    this.map.on("movestart", () => (this.following = this.fitting));
    new ResizeObserver(() => this.fit()).observe(node);
  }

  // Show where somebody is, and how far he goes; come there with `follow`.
  showPlace(place, km, follow) {
    const centre = [place.latitude_degrees, place.longitude_degrees];
    // By road it is farther than as the crow flies.
    const radius = (km * METRES_PER_KM) / 1.3;
    if (!this.circle) {
      this.circle = L.circle(centre, { radius, className: "reach", interactive: false }).addTo(this.map);
      const icon = L.divIcon({ className: "you", iconSize: [20, 20] });
      const label = { title: texts.map.you, alt: texts.map.you };
      this.you = L.marker(centre, { icon, interactive: false, keyboard: false, ...label }).addTo(this.map);
    }
    this.circle.setLatLng(centre).setRadius(radius);
    this.you.setLatLng(centre);
    if (follow) this.following = true;
    this.fit();
  }

  // Fit the map to where somebody searches, unless he looks elsewhere.
  fit() {
    const { following } = this;
    this.fitting = true;
    this.map.invalidateSize({ animate: false });
    if (following && this.circle) this.map.fitBounds(this.circle.getBounds(), { animate: false, padding: [4, 4] });
    this.fitting = false;
    this.following = following;
  }

  showCarParks(carParks) {
    L.geoJSON(carParks, { interactive: false, style: { className: "shape car-park" } }).addTo(this.map);
  }

  // Show what was found, the best first.
  show(items) {
    this.items = items;
    this.draw();
  }

  // Mark the pin of a station or site; "" marks none.
  mark(key) {
    this.selected = key;
    this.draw();
  }

  // Come close to a station.
  comeTo(item) {
    this.map.setView([item.latitude_degrees, item.longitude_degrees], PINS_FROM_ZOOM + 1, { animate: false });
  }

  draw() {
    const wanted = new Map(this.groups().map((group) => [group.key, group]));
    for (const [key, pin] of this.pins) {
      if (wanted.has(key)) continue;
      pin.remove();
      this.pins.delete(key);
    }
    for (const group of wanted.values()) this.drawPin(group);
  }

  // What stands at one point of the map: from afar all of a site, near by a station each.
  groups() {
    const near = this.map.getZoom() >= PINS_FROM_ZOOM;
    const groups = new Map();
    for (const item of this.items) {
      const key = near ? `station ${item.station_id}` : `site ${item.site_id}`;
      if (!groups.has(key)) groups.set(key, { key, items: [] });
      groups.get(key).items.push(item);
    }
    return [...groups.values()];
  }

  drawPin({ key, items }) {
    const [best] = items;
    const marked = this.selected === key;
    const icon = L.divIcon({
      className: `pin${marked ? " marked" : ""}`,
      html: pinContent(best, items.length),
      iconSize: [PIN_PIXELS, PIN_PIXELS],
      iconAnchor: [PIN_PIXELS / 2, PIN_PIXELS],
    });
    let pin = this.pins.get(key);
    if (pin) {
      pin.setIcon(icon);
    } else {
      pin = L.marker([0, 0], { icon, riseOnHover: true }).addTo(this.map);
      const select = () => this.onSelect(key, this.pins.get(key).items);
      pin.on("click", select);
      pin.on("keydown", ({ originalEvent }) => {
        if (originalEvent.key !== "Enter" && originalEvent.key !== " ") return;
        originalEvent.preventDefault();
        select();
      });
      this.pins.set(key, pin);
    }
    pin.items = items;
    pin.setLatLng(middle(items));
    pin.setZIndexOffset(gradeNumber(best.grade) * 100 + (marked ? 1000 : 0));
    pin.getElement().setAttribute("aria-pressed", String(marked));
  }
}

function drawBasemap(map) {
  for (const [kind, shape] of Object.entries(basemap.shapes)) {
    L.geoJSON(shape, { interactive: false, style: { className: `shape ${kind}` } }).addTo(map);
  }
  for (const { name, latitude_degrees: latitude, longitude_degrees: longitude } of basemap.towns) {
    const icon = L.divIcon({ className: "town", html: element("span", {}, name), iconSize: [0, 0] });
    L.marker([latitude, longitude], { icon, interactive: false, keyboard: false, zIndexOffset: -1000 }).addTo(map);
  }
}

function pinContent(best, count) {
  const grade = gradeNumber(best.grade);
  const content = element("span", { class: `pin-body grade-${grade}`, "aria-hidden": "true" }, String(grade));
  if (count > 1) content.append(element("small", {}, `×${count}`));
  // A pin is too small for what it says to who hears the page.
  return element("span", {}, content, element("span", { class: "unseen" }, pinLabel(best, count)));
}

function pinLabel(best, count) {
  const values = { grade: texts.results.grades[best.grade], way: way(best.way_km), name: best.name, count };
  return fill(count > 1 ? texts.map.pin_group : texts.map.pin, { ...values, site: best.site_name });
}

function middle(items) {
  const mean = (key) => items.reduce((sum, item) => sum + item[key], 0) / items.length;
  return [mean("latitude_degrees"), mean("longitude_degrees")];
}
