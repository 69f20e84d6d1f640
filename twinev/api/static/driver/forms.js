// Sends a page's forms to the REST API. A form says what it does in its data: `method`, `path`, where to go on (`then`),
// what to say there (`done`), the version it was made from (`etag`), and for what cannot be undone a `question` with its
// two answers, `yes` and `no`. Fields say how they count: `type` number, percent, list, instant, optional, nullable.

import { ask, newKey, reasonOf } from "./api.js";
import { confirmed } from "./question.js";
import { element } from "./dom.js";
import { instantOf, number } from "./format.js";
import { platformNow } from "./live.js";

const DONE = "done";

for (const form of document.querySelectorAll("form[data-path]")) enliven(form);
for (const output of document.querySelectorAll("output[data-percent-of]")) follow(output);
tellDone();

function enliven(form) {
  let key = newKey();
  // Another body is another act.
  form.addEventListener("input", () => (key = newKey()));
  for (const field of form.querySelectorAll("[data-minutes-from-now]")) preset(field, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = form.querySelector(".problem");
    problem.textContent = "";
    const missing = missingChoice(form);
    if (missing) {
      problem.textContent = missing;
      return;
    }
    const { method, path, question, yes, no, etag } = form.dataset;
    if (question && !(await confirmed(question, yes, no))) return;
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    try {
      await ask(method, path, {
        body: method === "DELETE" ? undefined : bodyOf(form),
        key: method === "POST" ? key : undefined,
        etag,
      });
      keepDone(form.dataset.done);
      location.assign(form.dataset.then);
    } catch (error) {
      problem.textContent = reasonOf(error);
      button.disabled = false;
      button.focus();
    }
  });
}

function bodyOf(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled) continue;
    const value = valueOf(field, form);
    if (value === undefined) continue;
    if (field.dataset.type === "list") (body[field.name] ??= []).push(value);
    else body[field.name] = value;
  }
  return body;
}

function valueOf(field, form) {
  const { value } = field;
  if (field.type === "radio") return field.checked ? value : undefined;
  switch (field.dataset.type) {
    case "list":
      return field.checked ? value : undefined;
    case "number":
      return Number(value);
    case "percent":
      return Number(value) / 100;
    case "instant":
      return instantOf(value.slice(0, 10), value.slice(11, 16), form.dataset.zone).toISOString();
    case "optional":
      return value || undefined;
    case "nullable":
      return value || null;
    default:
      return field.type === "checkbox" ? field.checked : value;
  }
}

// What to say where of several ticks at least one is needed, and there is none.
function missingChoice(form) {
  for (const group of form.querySelectorAll("[data-least-one]")) {
    if (!group.querySelector(":checked")) return group.dataset.leastOne;
  }
  return "";
}

// A time on the platform's clock, by the wall clock of the form's place, rounded up to the field's step.
function preset(field, form) {
  const stepMilliseconds = Number(field.step) * 1000;
  const wanted = platformNow().getTime() + Number(field.dataset.minutesFromNow) * 60_000;
  const instant = new Date(Math.ceil(wanted / stepMilliseconds) * stepMilliseconds);
  const shown = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: form.dataset.zone });
  field.value = shown.format(instant).replace(" ", "T");
}

function follow(output) {
  const slider = document.getElementById(output.dataset.percentOf);
  slider.addEventListener("input", () => (output.textContent = `${number(slider.value)} %`));
}

function keepDone(text) {
  try {
    sessionStorage.setItem(DONE, text);
  } catch {
    // A browser that keeps nothing shows the page without it.
  }
}

// Say at the top of this page what was done on the one before.
function tellDone() {
  let text = null;
  try {
    text = sessionStorage.getItem(DONE);
    sessionStorage.removeItem(DONE);
  } catch {
    return;
  }
  if (!text) return;
  const place = element("p", { class: "done", role: "status" });
  document.getElementById("main").prepend(place);
  // After it is in the page, so that it is read aloud.
  requestAnimationFrame(() => (place.textContent = text));
}
