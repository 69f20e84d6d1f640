// The page of reservations: how long each still waits, and what happens to them meanwhile.

import { confirmForms, isAsking } from "./confirm.js";
import { say } from "./dom.js";
import { fill } from "./format.js";
import { listen, platformNow, wallMilliseconds } from "./live.js";
import { refreshParts } from "./refresh.js";
import texts from "./texts.js";

const KINDS = ["made", "told", "used", "cancelled", "expired", "no_show"].map((what) => `reservation.${what}`);
const SECOND = 1000;
const words = texts.reservations;
let shownAs = new Map();

const refresh = () => {
  if (!isAsking()) refreshParts("waiting", "past").then(tick, () => {});
};

// Say for each how long it is until its start, or until it lapses; show the page anew when one comes to its next phase.
function tick() {
  const now = platformNow();
  const phases = new Map();
  for (const place of document.querySelectorAll("[data-expires]")) {
    const [start, expires] = [new Date(place.dataset.start), new Date(place.dataset.expires)];
    const phase = now < start ? "before" : now < expires ? "open" : "over";
    phases.set(place.dataset.start + place.dataset.expires, phase);
    place.classList.toggle("urgent", phase === "open");
    if (phase === "before") say(place, fill(words.starts_in, { duration: span(start - now) }));
    else if (phase === "open") say(place, fill(words.time_left, { duration: span(expires - now) }));
    else say(place, words.expired_now);
  }
  const changed = [...phases].some(([key, phase]) => shownAs.has(key) && shownAs.get(key) !== phase);
  shownAs = phases;
  if (changed) refresh();
}

function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / SECOND));
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600), Math.floor(seconds / 60)];
  if (days) return fill(words.days, { days, hours: hours % 24 });
  if (hours) return fill(words.hours, { hours, minutes: minutes % 60 });
  return fill(words.minutes, { minutes, seconds: seconds % 60 });
}

confirmForms();
tick();
setInterval(tick, Math.max(100, Math.min(SECOND, wallMilliseconds(SECOND))));
listen("/api/v1/events", KINDS, refresh, refresh, refresh);
