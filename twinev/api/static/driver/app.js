// What every page of the app does: install the service worker, say when there is no network, offer to try again.

import { sayConnection } from "./live.js";
import texts from "./texts.js";

if ("serviceWorker" in navigator) {
  // Where it cannot be installed (a plain http address, a private window) the app works without.
  navigator.serviceWorker.register("/app/service_worker.js", { scope: "/app" }).catch(() => {});
}

const tell = () => sayConnection(navigator.onLine ? "" : texts.common.no_network, "network");
window.addEventListener("online", tell);
window.addEventListener("offline", tell);
tell();

document.querySelector("[data-reload]")?.addEventListener("click", (event) => {
  // The offline page stands at the address that was asked for.
  if (location.pathname !== "/app/offline") {
    event.preventDefault();
    location.reload();
  }
});
