// A session while it runs: what the server pushes is shown at once; stop and change ask the REST API.

import { ask, newKey, reasonOf } from "./api.js";
import { confirmed } from "./question.js";
import { pageData, say } from "./dom.js";
import { clockTime, fill, number } from "./format.js";
import "./forms.js";
import { listen, platformNow } from "./live.js";
import { money } from "./money.js";
import { drawPower } from "./power_chart.js";
import texts from "./texts.js";

const t = texts.session;
const { id, zone } = document.getElementById("session").dataset;
const byId = (name) => document.getElementById(name);
const kw = (value) => `${number(value, 1)} kW`;
const kwh = (value) => `${number(value, 1)} kWh`;
const percent = (ratio) => `${number(100 * ratio)} %`;
const stopButton = byId("stop");


let latest = pageData("progress");

function show(progress) {
  latest = progress;
  // What it cost, and the receipt, are on the page of a session that is over.
  if (!progress.active) {
    location.reload();
    return;
  }
  say(byId("state"), t[`state_${progress.charging_state}`] ?? t.state_unknown);
  showCharge(progress);
  say(byId("power"), kw(progress.power_kw));
  say(byId("planned"), progress.planned_kw === null ? "" : fill(t.planned, { power: kw(progress.planned_kw) }));
  say(byId("energy"), kwh(progress.energy_kwh));
  say(byId("asked"), progress.energy_requested_kwh === null ? "" : fill(t.energy_of, { energy: kwh(progress.energy_requested_kwh) }));
  say(byId("cost"), progress.cost === null ? t.unknown : progress.cost.tariff_id ? money(progress.cost) : t.free);
  say(byId("ready"), readyText(progress));
  say(byId("leaves"), progress.departure_at ? fill(t.leaves, { time: clockTime(progress.departure_at, zone) }) : "");
  if (progress.stop_at) say(byId("stops-at"), fill(t.stops_at, { time: clockTime(progress.stop_at, zone) }));
  byId("explanation").hidden = !progress.explanation;
  // The planner calls sessions by their ids.
  say(byId("explanation"), (progress.explanation ?? "").replaceAll(`Session ${id}`, t.your_ev));
  draw();
}

// The state of charge where it is known, else the energy.
function showCharge(progress) {
  const { soc, target_soc: target, energy_kwh: energy, energy_requested_kwh: asked } = progress;
  byId("bar").hidden = soc === null && asked === null;
  if (soc !== null) {
    say(byId("big"), percent(soc));
    say(byId("big-note"), progress.soc_told ? t.soc_told : t.soc_reckoned);
    byId("bar").value = 100 * soc;
    say(byId("target"), target === null ? "" : fill(t.target, { soc: percent(target) }));
  } else {
    say(byId("big"), kwh(energy));
    byId("bar").value = asked ? Math.min(100, (100 * energy) / asked) : 0;
    say(byId("target"), asked === null ? "" : fill(t.target, { soc: kwh(asked) }));
  }
}

function readyText(progress) {
  if (progress.done_at) return clockTime(progress.done_at, zone);
  const reached = progress.energy_requested_kwh !== null && progress.energy_kwh >= progress.energy_requested_kwh - 0.01;
  if (reached) return t.reached;
  return progress.plan.length ? t.ready_never : t.ready_unknown;
}

function draw() {
  drawPower(byId("chart"), {
    measured: latest.measured,
    plan: latest.plan,
    now: platformNow().getTime(),
    zone,
    energyKwh: latest.energy_kwh,
  });
}

async function stop() {
  const question = fill(stopButton.dataset.question, { energy: kwh(latest.energy_kwh) });
  byId("problem").textContent = "";
  if (!(await confirmed(question, t.stop_yes, t.stop_no))) return;
  stopButton.disabled = true;
  say(byId("said"), t.stopping);
  try {
    const sent = await ask("POST", `/sessions/${encodeURIComponent(id)}/stop`, { key: newKey() });
    if (sent.outcome === "accepted") {
      say(byId("said"), t.stopped);
      return;
    }
    say(byId("said"), "");
    byId("problem").textContent = fill(t.stop_failed, { outcome: sent.outcome.replace("_", " ") });
  } catch (error) {
    say(byId("said"), "");
    byId("problem").textContent = reasonOf(error);
  }
  stopButton.disabled = false;
  stopButton.focus();
}

stopButton.addEventListener("click", stop);
show(latest);
listen(`/api/v1/sessions/${encodeURIComponent(id)}/progress/events`, ["session.progress"], (_, progress) => show(progress));
