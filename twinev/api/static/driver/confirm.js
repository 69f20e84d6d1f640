// Asks before a form with `data-confirm` is sent: in the page's dialog `confirm`, whose buttons have `data-answer`.

export function confirmForms() {
  const dialog = document.getElementById("confirm");
  let waiting = null;
  // Of the document: the forms may be shown anew.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form === waiting) return;
    event.preventDefault();
    waiting = form;
    document.getElementById("confirm-text").textContent = form.dataset.confirm;
    dialog.showModal();
    dialog.querySelector('[data-answer="no"]').focus();
  });
  dialog.addEventListener("click", ({ target }) => {
    const answer = target.closest("[data-answer]")?.dataset.answer;
    if (!answer) return;
    const form = waiting;
    dialog.close();
    if (answer === "yes") {
      waiting = form;
      form.requestSubmit();
    }
  });
  // Also by Escape.
  dialog.addEventListener("close", () => (waiting = null));
}

// Whether the person is being asked: what is shown behind the question must stay.
export const isAsking = () => document.getElementById("confirm").open;
