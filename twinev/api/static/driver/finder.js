// Asks for recommendations: one question at a time, the latest counts, and not more often than a stranger may.

import { ask } from "./api.js";

// Strangers may ask once a second in the long run; changes of availability come in bursts.
const AT_MOST_EVERY_MILLISECONDS = 5000;

export class Finder {
  // `wish()` makes the question's body, or null where there is nothing to ask; `onFound(answer, body)` gets the answer,
  // `onProblem(error)` what went wrong, `onAsk()` hears that a question is on its way.
  constructor({ wish, onAsk, onFound, onProblem }) {
    Object.assign(this, { wish, onAsk, onFound, onProblem });
    this.latest = 0;
    this.askedAt = -Infinity;
    this.timer = null;
  }

  // Ask now: somebody wants another thing.
  async ask() {
    clearTimeout(this.timer);
    this.timer = null;
    const body = this.wish();
    if (!body) return;
    const mine = ++this.latest;
    this.askedAt = performance.now();
    this.onAsk();
    try {
      const answer = await ask("POST", "/recommendations", { body });
      if (mine === this.latest) this.onFound(answer, body);
    } catch (error) {
      if (mine === this.latest) this.onProblem(error);
    }
  }

  // Ask soon: something has changed.
  askSoon() {
    if (this.timer !== null || document.hidden) return;
    const wait = Math.max(0, this.askedAt + AT_MOST_EVERY_MILLISECONDS - performance.now());
    this.timer = setTimeout(() => this.ask(), wait);
  }
}
