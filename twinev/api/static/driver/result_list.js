// The list of recommended charge points: what one needs to choose, and for whom it is known, why.

import { element } from "./dom.js";
import { clockTime, connectorName, duration, fill, number, short, way } from "./format.js";
import texts from "./texts.js";

const GRADES = Object.keys(texts.results.grades);
const PARTS = ["price", "way", "energy", "waiting", "charging"];
const POINTS = 100;

// 1, the worst, to 5, the best: what a pin shows beside its colour.
export const gradeNumber = (grade) => GRADES.indexOf(grade) + 1;

// A recommendation as an item of a list. `address` is where its page is; `weights` are those of the answer, and
// `energyKwh` what was wished: with them and the figures behind it the item says why.
export function resultItem(item, { address, weights = null, energyKwh = null }) {
  const title = element("a", { class: "result-name", href: address }, item.name);
  const children = [
    element(
      "div",
      { class: "result-head" },
      element("div", {}, title, element("div", { class: "quiet small" }, item.site_name)),
      gradeBadge(item.grade),
    ),
    element("p", { class: "result-facts" }, ...factsOf(item).flatMap((fact) => [element("span", {}, fact), " "])),
  ];
  if (weights && item.detail) children.push(why(item, weights, energyKwh));
  return element("li", { class: "card result", "data-station": item.station_id }, ...children);
}

export function gradeBadge(grade) {
  const number_ = gradeNumber(grade);
  const text = fill(texts.results.grade, { number: number_, grade: texts.results.grades[grade] });
  return element("span", { class: `grade grade-${number_}` }, text);
}

function factsOf(item) {
  const { results } = texts;
  const facts = [
    way(item.way_km),
    fill(results.power, { kw: short(item.max_kw) }),
    item.connector_types.map(connectorName).join(", "),
  ];
  if (item.detail) {
    const price = item.detail.price_eur_per_kwh;
    facts.push(price === null ? results.price_unknown : fill(results.price, { price: number(price, 2) }));
  }
  return facts;
}

// The parts of the score, each with the figure behind it and how many of its points it gets.
function why(item, weights, energyKwh) {
  return element(
    "details",
    { class: "why" },
    element("summary", {}, texts.results.why),
    whyContent(item, weights, energyKwh),
  );
}

export function whyContent(item, weights, energyKwh) {
  const { results } = texts;
  const { parts, score, arrival } = item.detail;
  const facts = factsOfParts(item, energyKwh);
  const rows = PARTS.map((part) => {
    const most = Math.round(weights[part] * POINTS);
    const points = Math.round(weights[part] * parts[part] * POINTS);
    const label = fill(results.meter, { part: results[`part_${part}`], points, most });
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, results[`part_${part}`]),
      element("td", {}, facts[part]),
      element("td", {}, element("meter", { min: 0, max: 1, value: parts[part], "aria-label": label })),
      element("td", { class: "points" }, fill(results.points, { points, most })),
    );
  });
  const title = fill(results.why_title, { grade: results.grades[item.grade], score: Math.round(score * POINTS) });
  return element(
    "div",
    {},
    element("table", { class: "parts" }, element("caption", {}, title), element("tbody", {}, ...rows)),
    element(
      "p",
      { class: "quiet small" },
      `${fill(results.arrival, { time: clockTime(arrival, item.time_zone) })}. ${results.way_note}`,
    ),
  );
}

function factsOfParts(item, energyKwh) {
  const { results } = texts;
  const detail = item.detail;
  const known = detail.price_eur_per_kwh !== null;
  return {
    price: known
      ? fill(results.fact_price, { price: number(detail.price_eur_per_kwh, 2) })
      : results.fact_price_unknown,
    way: known
      ? fill(results.fact_way, { way: way(item.way_km), eur: number(detail.way_cost_eur, 2) })
      : way(item.way_km),
    energy: fill(results.fact_energy, { kwh: short(detail.available_kwh), wanted: short(energyKwh) }),
    waiting:
      detail.waiting_minutes < 0.5
        ? results.fact_waiting_none
        : fill(results.fact_waiting, { minutes: number(detail.waiting_minutes) }),
    charging: fill(results.fact_charging, { duration: duration(detail.charging_minutes) }),
  };
}
