// Numbers, times and texts as people read them.

import texts from "./texts.js";

const LANGUAGE = document.documentElement.lang;

// Fill a text's braces; the server has a function of the same name.
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// A number with so many digits behind the point.
export const number = (value, digits = 0) =>
  new Intl.NumberFormat(LANGUAGE, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

// A number without needless zeros.
export const short = (value, digits = 1) =>
  new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: digits }).format(value);

// A way, in metres where it is short.
export const way = (km) =>
  km < 1
    ? fill(texts.results.metres, { metres: number(Math.round(km * 100) * 10) })
    : fill(texts.results.away, { km: number(km, 1) });

// An instant as the clock on the wall shows it there.
export const clockTime = (instant, zone) =>
  new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(new Date(instant));

// Minutes in words.
export function duration(minutes) {
  const whole = Math.round(minutes);
  if (whole < 60) return fill(texts.results.minutes, { minutes: whole });
  return fill(texts.results.hours, { hours: Math.floor(whole / 60), minutes: whole % 60 });
}

// What drivers call a connector of OCPP's.
export const connectorName = (type) => texts.connectors[type] ?? type;

// The instant at which a wall clock in `zone` shows `day` ("2026-12-01") and `time` ("14:30").
export function instantOf(day, time, zone) {
  const asIfUtc = Date.parse(`${day}T${time}:00Z`);
  let instant = asIfUtc;
  // Twice: the offset is that of the instant looked for, which the first try may miss on the day the clocks change.
  for (let round = 0; round < 2; round++) instant = asIfUtc - offsetMilliseconds(instant, zone);
  return new Date(instant);
}

// How far a wall clock in `zone` is ahead of UTC. [ms]
function offsetMilliseconds(instant, zone) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(new Date(instant));
  const of = (type) => Number(parts.find((part) => part.type === type).value);
  const shown = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return shown - Math.floor(instant / 1000) * 1000;
}
