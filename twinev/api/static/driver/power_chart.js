// Draws power over time into an SVG: what was measured, filled; what is planned, in outline; now as a line.

import { fill, clockTime, number } from "./format.js";
import texts from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";
const [LEFT, RIGHT, TOP, BOTTOM] = [34, 336, 10, 126];
// Until so little time is shown, a plan would be a hairline. [ms]
const LEAST_SPAN_MS = 30 * 60_000;

// `measured` and `plan` are steps of { start, end, power_kw }; `now` is null for a session that is over.
export function drawPower(svg, { measured, plan, now, zone, energyKwh }) {
  const steps = [...measured, ...plan].map(({ start, end, power_kw }) => ({
    start: Date.parse(start),
    end: Date.parse(end),
    power_kw,
  }));
  svg.replaceChildren();
  svg.setAttribute("aria-label", inWords(plan, now, zone, energyKwh));
  if (!steps.length) return;
  const from = Math.min(...steps.map((step) => step.start));
  const until = Math.max(from + LEAST_SPAN_MS, ...steps.map((step) => step.end));
  const most = niceTop(Math.max(1, ...steps.map((step) => Math.abs(step.power_kw))));
  const x = (instant) => LEFT + ((RIGHT - LEFT) * (instant - from)) / (until - from);
  const y = (kw) => BOTTOM - ((BOTTOM - TOP) * Math.max(kw, 0)) / most;
  for (const kw of [0, most / 2, most]) {
    svg.append(shape("line", { x1: LEFT, x2: RIGHT, y1: y(kw), y2: y(kw), class: "grid" }));
    svg.append(label(LEFT - 4, y(kw) + 4, `${number(kw, kw % 1 ? 1 : 0)}`, "end"));
  }
  svg.append(label(LEFT - 4, BOTTOM + 18, "kW", "end"));
  const area = (part, name) => {
    if (part.length) svg.append(shape("path", { d: outline(part, x, y), class: name }));
  };
  area(steps.slice(0, measured.length), "measured");
  area(steps.slice(measured.length), "planned");
  if (now !== null && now >= from && now <= until) {
    svg.append(shape("line", { x1: x(now), x2: x(now), y1: TOP - 4, y2: BOTTOM, class: "now" }));
  }
  timeLabels(svg, { from, until, now, zone, x });
}

// The begin, the end, and now where it does not run into either.
function timeLabels(svg, { from, until, now, zone, x }) {
  svg.append(label(LEFT, BOTTOM + 18, clockTime(from, zone), "start"));
  svg.append(label(RIGHT, BOTTOM + 18, clockTime(until, zone), "end"));
  if (now !== null && x(now) > LEFT + 75 && x(now) < RIGHT - 75) {
    svg.append(label(x(now), BOTTOM + 18, texts.session.chart_now, "middle"));
  }
}

function outline(steps, x, y) {
  const corners = [];
  let last = null;
  for (const { start, end, power_kw } of steps) {
    // Between two steps nothing flows.
    if (last === null) corners.push(`M${x(start)} ${y(0)}`);
    else if (start > last) corners.push(`L${x(last)} ${y(0)}`, `L${x(start)} ${y(0)}`);
    corners.push(`L${x(start)} ${y(power_kw)}`, `L${x(end)} ${y(power_kw)}`);
    last = end;
  }
  corners.push(`L${x(last)} ${y(0)}`, "Z");
  return corners.join(" ");
}

// A round number of kW at the top of the scale.
function niceTop(kw) {
  const power = 10 ** Math.floor(Math.log10(kw));
  return [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((top) => top >= kw - 1e-9) ?? kw;
}

function inWords(plan, now, zone, energyKwh) {
  const energy = `${number(energyKwh, 1)} kWh`;
  if (now === null) return fill(texts.session.chart_label, { energy, plan: "" }).trim();
  const steps = plan.map((step) =>
    fill(texts.session.chart_step, { power: `${number(step.power_kw, 1)} kW`, time: clockTime(step.end, zone) }),
  );
  const said = steps.length ? fill(texts.session.chart_plan, { steps: steps.join(", ") }) : texts.session.chart_no_plan;
  return fill(texts.session.chart_label, { energy, plan: said });
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function label(x, y, text, anchor) {
  const made = shape("text", { x, y, "text-anchor": anchor });
  made.textContent = text;
  return made;
}
