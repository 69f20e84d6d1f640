// Builds elements. Text goes in as text: a station's name is never read as markup.

// An element with attributes (`class`, `href`…; those that are null are left out) and children, texts or elements.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// What the page's template left for its script, as `<script type="application/json" id="…">`.
export const pageData = (id) => JSON.parse(document.getElementById(id).textContent);

// Give `text` to a part of the page that is read aloud when it changes; the same text is not read again.
export function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
