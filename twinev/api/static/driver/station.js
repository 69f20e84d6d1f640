// The page of one station: how well it suits from where somebody is, and whether it is free, as it changes.

import { ask, reasonOf } from "./api.js";
import { element, pageData, say } from "./dom.js";
import { fill } from "./format.js";
import { listen } from "./live.js";
import { kept } from "./place_field.js";
import { refreshParts } from "./refresh.js";
import { gradeBadge, whyContent } from "./result_list.js";
import texts from "./texts.js";

const FARTHEST_KM = 500;

const station = pageData("station");
const place = kept();
const why = document.getElementById("why");
const grade = document.getElementById("grade");
const minutes = document.getElementById("minutes");

async function tellWhy() {
  if (!place) return;
  say(document.getElementById("from"), fill(texts.station.from_place, { place: place.name }));
  try {
    const body = wish();
    const answer = await ask("POST", "/recommendations", { body });
    show(answer, body);
  } catch (error) {
    why.replaceChildren(element("p", {}, reasonOf(error)));
  }
}

function wish() {
  return {
    latitude_degrees: place.latitude_degrees,
    longitude_degrees: place.longitude_degrees,
    max_distance_km: FARTHEST_KM,
    energy_kwh: station.energy_kwh,
    station_id: station.id,
    ...(minutes ? { stay_minutes: Number(minutes.value) } : {}),
  };
}

function show({ items: [item], weights }, { energy_kwh: energyKwh }) {
  grade.replaceChildren(...(item ? [gradeBadge(item.grade)] : []));
  if (!item) why.replaceChildren(element("p", {}, texts.station.not_now));
  else if (item.detail) why.replaceChildren(whyContent(item, weights, energyKwh));
  else why.replaceChildren(element("p", {}, texts.station.stranger));
}

function refresh() {
  refreshParts("evses").then(tellWhy, () => {});
}

minutes?.addEventListener("change", tellWhy);
if (place) why.replaceChildren(element("p", {}, texts.station.asking));
tellWhy();
listen(
  "/api/v1/availability/events",
  ["station.availability"],
  (_, data) => data.station_id === station.id && refresh(),
  refresh,
  () => refreshParts("evses").catch(() => {}),
);
