// Talks to the REST API as the person who looks: the session's cookie, its CSRF token, and problem details as errors.

import texts from "./texts.js";
import { fill } from "./format.js";

// Who asks too often is told when to come again, and nothing was done of what he asked.
const TRIES = 4;
const LONGEST_WAIT_SECONDS = 10;

const CSRF_TOKEN = document.querySelector('meta[name="csrf-token"]')?.content;

// What the API refused: `status`, and its problem details as `problem`; `message` is for people.
export class Refused extends Error {
  constructor(status, problem) {
    super(status === 429 ? texts.common.too_many : asSentence(problem.detail || problem.title || String(status)));
    this.status = status;
    this.problem = problem;
  }
}

// The server did not answer at all.
export class Unreachable extends Error {
  constructor() {
    super(texts.common.unreachable);
  }
}

// Ask `/api/v1` + `path`. `key` is the Idempotency-Key of what makes something: the same for each try of one act.
// `etag` goes out as If-Match. Returns the answer's body, or null where it has none.
export async function ask(method, path, { body, key, etag } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && CSRF_TOKEN) headers["X-CSRF-Token"] = CSRF_TOKEN;
  if (key) headers["Idempotency-Key"] = key;
  if (etag) headers["If-Match"] = etag;
  const answer = await inTurn(`/api/v1${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
    credentials: "same-origin",
  });
  const text = await answer.text();
  if (answer.ok) return text ? JSON.parse(text) : null;
  if (answer.status === 401) toLogin();
  throw new Refused(answer.status, problemOf(text, answer.statusText));
}

// Fetch, and again after the time that was told where there were too many requests.
async function inTurn(address, request) {
  for (let tries = 1; ; tries += 1) {
    let answer;
    try {
      answer = await fetch(address, request);
    } catch {
      throw new Unreachable();
    }
    const seconds = Number(answer.headers.get("Retry-After"));
    if (answer.status !== 429 || tries === TRIES || !(seconds <= LONGEST_WAIT_SECONDS)) return answer;
    // A little longer, and not all at the same moment.
    await new Promise((goOn) => setTimeout(goOn, 1000 * seconds + 200 * Math.random()));
  }
}

// Lead to the login, and back here afterwards.
export function toLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

// A key for one act of a person's, to be used again when the act is tried again. Also where `randomUUID` is missing,
// as it is at a plain http address.
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What went wrong, for people.
export function reasonOf(error) {
  if (error instanceof Unreachable) return error.message;
  if (error instanceof Refused) return error.message;
  return fill(texts.common.failed, { reason: error.message });
}

function problemOf(text, title) {
  try {
    return JSON.parse(text);
  } catch {
    return { title };
  }
}

function asSentence(text) {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}
