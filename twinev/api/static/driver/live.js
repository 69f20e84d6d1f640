// Hears of changes by server-sent events, says when the connection is lost, and tells the platform's time.

import { element } from "./dom.js";
import texts from "./texts.js";

const LOADED_AT = performance.now();
const NOW_THEN = Date.parse(document.documentElement.dataset.now);
const SPEED = Number(document.documentElement.dataset.speed);
const CLOSED = 2;
const AGAIN_MILLISECONDS = 5000;

// The platform's time: the server's, which need not be this phone's, and may run faster in a demonstration.
export const platformNow = () => new Date(NOW_THEN + (performance.now() - LOADED_AT) * SPEED);

// How long so much of the platform's time lasts on the wall. [ms]
export const wallMilliseconds = (platformMilliseconds) => platformMilliseconds / SPEED;

const said = new Map();

// Say that the login has ended, if it has; whoever looks without one loses nothing by that.
async function tellEndedLogin() {
  if (!document.querySelector('meta[name="csrf-token"]')) return false;
  const answer = await fetch("/api/v1/auth/me", { cache: "no-store" }).catch(() => null);
  if (answer?.status !== 401) return false;
  const here = encodeURIComponent(location.pathname + location.search);
  const link = { address: `/login?next=${here}`, text: texts.common.log_in_again };
  sayConnection(texts.common.session_ended, "events", link);
  return true;
}

// Show what is wrong with the connection above the page, or that nothing is (""); each `part` of the page for itself.
// `link` ({address, text}) is what may be done about it.
export function sayConnection(text, part = "events", link = null) {
  said.set(part, { text, link });
  const place = document.getElementById("connection");
  const shown = [...said.values()].find((each) => each.text);
  place.hidden = !shown;
  if (place.dataset.said === (shown?.text ?? "")) return;
  place.dataset.said = shown?.text ?? "";
  place.replaceChildren(place.dataset.said);
  if (shown?.link) place.append(" ", element("a", { href: shown.link.address }, shown.link.text));
}

// Listen at `address` to events of `kinds`; `onEvent(kind, data)` gets each. What happened while the connection was
// lost is not told afterwards: `onReconnected()` is the time to ask again; and what happened between the making of the page
// and the first connection neither: `onFirst()`. Ends when the page is left.
export function listen(address, kinds, onEvent, onReconnected = () => {}, onFirst = () => {}) {
  let source;
  let lost = false;
  let first = true;
  const open = () => {
    source = new EventSource(address);
    for (const kind of kinds) {
      source.addEventListener(kind, (message) => onEvent(kind, JSON.parse(message.data).data));
    }
    source.onopen = () => {
      sayConnection("");
      if (lost) onReconnected();
      else if (first) onFirst();
      lost = first = false;
    };
    source.onerror = () => {
      lost = true;
      sayConnection(texts.common.connection_lost);
      // Closed for good, as after a refusal: the browser does not try again by itself.
      if (source.readyState === CLOSED) tellEndedLogin().then((ended) => ended || setTimeout(open, AGAIN_MILLISECONDS));
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
