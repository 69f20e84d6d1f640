// The form that starts charging: what each profile would give is asked anew whenever the wish changes.

import { ask, newKey, reasonOf, Refused } from "./api.js";
import { say } from "./dom.js";
import { clockTime, fill, number } from "./format.js";
import { listen } from "./live.js";
import { money } from "./money.js";
import texts from "./texts.js";

const t = texts.start;
const form = document.getElementById("start");
const place = form.dataset;
const field = (name) => form.elements.namedItem(name);
const byId = (id) => document.getElementById(id);
const ASK_AFTER_MS = 250;

let key = newKey();
let asked = 0;
let timer;
let shown = null;

function wish() {
  const vehicle = field("vehicle").value;
  const soc = Number(field("soc").value) / 100;
  return {
    ...(place.reservationId
      ? { reservation_id: place.reservationId }
      : { station_id: place.stationId, evse_id: Number(place.evseId) }),
    ...(vehicle ? { vehicle_id: vehicle } : { battery_kwh: Number(field("battery").value) }),
    soc,
    target_soc: Number(field("target").value) / 100,
    departure_at: field("departure").value,
    profile: form.querySelector("[name=profile]:checked").value,
    stop_at_target: field("stop_at_target").checked,
  };
}

function batteryKwh() {
  const chosen = field("vehicle").selectedOptions[0];
  return Number(chosen.dataset.batteryKwh ?? field("battery").value);
}

const wantedKwh = () => (batteryKwh() * (Number(field("target").value) - Number(field("soc").value))) / 100;

// Show what follows from the fields alone, at once.
function reflect() {
  const other = field("vehicle").value === "";
  byId("battery-field").hidden = !other;
  field("battery").disabled = !other;
  for (const name of ["soc", "target"]) say(byId(`${name}-said`), `${number(field(name).value)} %`);
  const wanted = wantedKwh();
  say(byId("needs"), wanted > 0 ? fill(t.needs, { energy: `${number(wanted, 1)} kWh` }) : t.nothing);
}

function figure(profile, name, text) {
  const cell = form.querySelector(`[data-profile="${profile}"][data-figure="${name}"] [data-value]`);
  cell.textContent = text;
}

function show(preview) {
  for (const one of preview.outcomes) {
    figure(one.profile, "cost", one.cost.tariff_id ? money(one.cost) : t.free);
    figure(one.profile, "ready", readyText(one, preview));
    figure(one.profile, "renewable", one.renewable_part === null ? "–" : `${number(100 * one.renewable_part)} %`);
  }
  say(byId("previewed"), t.calculated);
  shown = preview;
  explain();
}

// Why the chosen profile would not reach the target, where it would not.
function explain() {
  const chosen = form.querySelector("[name=profile]:checked").value;
  const why = shown?.outcomes.find((one) => one.profile === chosen)?.explanation ?? "";
  byId("why").hidden = !why;
  say(byId("why"), why);
}

// When the target is reached; where it is not, what there will be at the departure.
function readyText(one, preview) {
  if (one.done_at) return clockTime(one.done_at, place.zone);
  const time = clockTime(preview.departure_at, place.zone);
  if (one.soc !== null) return fill(t.short, { soc: `${number(100 * one.soc)} %`, time });
  return fill(t.short_kwh, { energy: `${number(one.energy_kwh, 1)} kWh`, time });
}

function blank() {
  for (const value of form.querySelectorAll("[data-value]")) value.textContent = t.unknown;
  shown = null;
  explain();
}

// Ask what each profile would give; only the answer to the last question counts.
async function preview() {
  const mine = ++asked;
  if (place.ready !== "true") return;
  if (wantedKwh() <= 0 || !form.checkValidity()) {
    blank();
    say(byId("previewed"), "");
    return;
  }
  say(byId("previewed"), t.calculating);
  try {
    const { profile: _, ...asked_for } = wish();
    const answer = await ask("POST", "/sessions/preview", { body: asked_for });
    if (mine === asked) show(answer);
  } catch (error) {
    if (mine !== asked) return;
    blank();
    say(byId("previewed"), error instanceof Refused && error.status < 500 ? error.message : t.no_preview);
  }
}

function changed(event) {
  key = newKey();
  reflect();
  if (event.target.name === "profile") {
    explain();
    return;
  }
  clearTimeout(timer);
  timer = setTimeout(preview, ASK_AFTER_MS);
}

async function start(event) {
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  byId("problem").textContent = "";
  if (wantedKwh() <= 0) {
    byId("problem").textContent = t.nothing;
    return;
  }
  button.disabled = true;
  say(byId("said"), t.starting);
  try {
    const sent = await ask("POST", "/sessions", { body: wish(), key });
    if (sent.outcome === "accepted") {
      say(byId("said"), t.accepted);
      location.assign("/app/sessions");
      return;
    }
    // Whoever tries again asks the station anew.
    key = newKey();
    throw new Error(sent.outcome === "offline" ? t.offline : fill(t.refused, { outcome: sent.outcome.replace("_", " ") }));
  } catch (error) {
    say(byId("said"), "");
    byId("problem").textContent = error.constructor === Error ? error.message : reasonOf(error);
    button.disabled = false;
    button.focus();
  }
}

form.addEventListener("input", changed);
form.addEventListener("submit", start);
form.querySelector("[type=submit]").disabled = place.ready !== "true" || place.allowed !== "true";
reflect();
preview();
// Plugged in and begun meanwhile, with a card or on another device.
listen("/api/v1/events", ["session.started"], () => location.assign("/app/sessions"));
