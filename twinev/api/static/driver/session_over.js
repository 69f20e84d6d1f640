// A session that is over: its power as it was measured.

import { pageData } from "./dom.js";
import { drawPower } from "./power_chart.js";

const progress = pageData("progress");

drawPower(document.getElementById("chart"), {
  measured: progress.measured,
  plan: [],
  now: null,
  zone: document.getElementById("session").dataset.zone,
  energyKwh: progress.energy_kwh,
});
