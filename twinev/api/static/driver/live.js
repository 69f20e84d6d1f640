// Hears of changes by server-sent events, says when the connection is lost, and tells the platform's time.

import { element } from "./dom.js";
import texts from "./texts.js";

const LOADED_AT = performance.now();
const NOW_THEN = Date.parse(document.documentElement.dataset.now);
const SPEED = Number(document.documentElement.dataset.speed);
const CLOSED = 2;
const LOGGED_IN = document.querySelector('meta[name="csrf-token"]') !== null;

// The platform's time: the server's, which need not be this phone's, and may run faster in a demonstration.
export const platformNow = () => new Date(NOW_THEN + (performance.now() - LOADED_AT) * SPEED);

// How long so much of the platform's time lasts on the wall. [ms]
export const wallMilliseconds = (platformMilliseconds) => platformMilliseconds / SPEED;

const said = new Map();

// Show what is wrong with the connection above the page, or that nothing is (""); each `part` of the page for itself.
export function sayConnection(text, part = "events") {
  said.set(part, text);
  const place = document.getElementById("connection");
  const shown = [...said.values()].find((each) => each) ?? "";
  if (place.textContent !== shown) place.textContent = shown;
  place.hidden = !shown;
}

// Open the connection again in a while, unless it was refused because the login of this page has ended.
async function tryAgain(open) {
  const answer = LOGGED_IN ? await fetch("/api/v1/auth/session", { cache: "no-store" }).catch(() => null) : null;
  if (answer?.status === 401) sayLoginEnded();
  else setTimeout(open, 5000);
}

function sayLoginEnded() {
  const here = encodeURIComponent(location.pathname + location.search);
  const link = element("a", { href: `/login?next=${here}` }, texts.common.log_in_again);
  sayConnection(texts.common.session_ended);
  document.getElementById("connection").append(" ", link);
}

// Listen at `address` to events of `kinds`; `onEvent(kind, data)` gets each. What happened while the connection was
// lost is not told afterwards: `onReconnected()` is the time to ask again. Ends when the page is left.
export function listen(address, kinds, onEvent, onReconnected = () => {}) {
  let source;
  let lost = false;
  const open = () => {
    source = new EventSource(address);
    for (const kind of kinds) {
      source.addEventListener(kind, (message) => onEvent(kind, JSON.parse(message.data).data));
    }
    source.onopen = () => {
      sayConnection("");
      if (lost) onReconnected();
      lost = false;
    };
    source.onerror = () => {
      lost = true;
      sayConnection(texts.common.connection_lost);
      // Closed for good, as after a refusal: the browser does not try again by itself.
      if (source.readyState === CLOSED) tryAgain(open);
    };
  };
  open();
  const close = () => source.close();
  window.addEventListener("pagehide", close);
  // Back from the browser's memory of pages, the connection is gone, and what is shown is old.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      open();
      onReconnected();
    }
  });
  return close;
}
