// Loads the page anew when something of the person's own has changed: the kinds stand in the script element's `kinds`.

import { listen } from "./live.js";

const kinds = document.querySelector("script[data-kinds]").dataset.kinds.split(" ");
const made = document.getElementById("main").innerHTML;
const reload = () => location.reload();

// What a station does in the half second after a page was made is told to nobody yet: look whether the page would be
// another one now.
async function reloadIfChanged() {
  const answer = await fetch(location.href, { cache: "no-store", credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
  if (answer.redirected || now?.innerHTML !== made) reload();
}

listen("/api/v1/events", kinds, reload, reload, reloadIfChanged);
