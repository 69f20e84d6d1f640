// Asks before something that cannot be undone.

import { element } from "./dom.js";

// Show `question` with two buttons; resolves to whether the person said `yes`. Escape is a no.
export function confirmed(question, yes, no) {
  const agree = element("button", { type: "button", class: "danger" }, yes);
  const decline = element("button", { type: "button", class: "second" }, no);
  const text = element("p", { id: "question" }, question);
  const dialog = element("dialog", { "aria-labelledby": "question" }, text, element("div", { class: "buttons" }, agree, decline));
  document.body.append(dialog);
  return new Promise((resolve) => {
    agree.addEventListener("click", () => dialog.close("yes"));
    decline.addEventListener("click", () => dialog.close(""));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
    decline.focus();
  });
}
