// Makes a box of widgets a modal dialog: its role and name, what lies behind it out of reach, Escape, and the focus
// back where it was.

function settle(boxes) {
  const open = boxes.filter((box) => box.classList.contains("tv-open"));
  const top = open.at(-1);
  const parent = boxes[0].parentElement;
  for (const child of parent.children) child.inert = Boolean(top) && child !== top;
  document.documentElement.classList.toggle("tv-behind-dialog", Boolean(top));
}

function render({ model, el }) {
  let box = null;
  let opener = null;
  el.hidden = true;

  function show() {
    if (!box) return;
    const open = model.get("is_open");
    const was = box.classList.contains("tv-open");
    box.setAttribute("aria-label", model.get("title"));
    if (open === was) return;
    if (open) opener = document.activeElement;
    box.classList.toggle("tv-open", open);
    settle([...box.parentElement.querySelectorAll(":scope > .tv-dialog")]);
    if (open) {
      box.scrollTop = 0;
      box.focus();
    } else if (opener?.isConnected) {
      opener.focus();
    }
  }

  function shut() {
    model.set("is_open", false);
    model.save_changes();
    show();
  }

  function escape(event) {
    if (event.key === "Escape" && !event.defaultPrevented && model.get("is_open")) shut();
  }

  function begin() {
    // The widget is drawn before its box is part of the page.
    box = el.closest(".tv-dialog");
    if (!box?.parentElement || !box.isConnected) return void requestAnimationFrame(begin);
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-modal", "true");
    box.tabIndex = -1;
    // On the whole page: a button that is disabled while it waits for its answer loses the focus to nobody.
    document.addEventListener("keydown", escape);
    box.addEventListener("pointerdown", (event) => {
      if (event.target === box) shut();
    });
    show();
  }

  model.on("change:is_open", show);
  model.on("change:title", show);
  begin();
  return () => document.removeEventListener("keydown", escape);
}

export default { render };
