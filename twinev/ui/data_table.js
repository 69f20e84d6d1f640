// A table whose rows come as data. Everything is set as text, so nothing that a station or a driver says becomes markup.

function cellNode(cell) {
  const node = document.createElement("td");
  if (cell.title) node.title = cell.title;
  if (cell.number) node.className = "tv-number";
  const text = document.createElement("span");
  text.textContent = cell.text ?? "";
  if (cell.tone) text.className = `tv-tone tv-tone-${cell.tone}`;
  node.append(text);
  if (cell.small) {
    const small = document.createElement("small");
    small.textContent = cell.small;
    node.append(small);
  }
  return node;
}

function actionsNode(row, act) {
  const node = document.createElement("td");
  node.className = "tv-actions";
  for (const action of row.actions) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tv-button";
    button.textContent = action.label;
    button.setAttribute("aria-label", action.name);
    button.dataset.action = action.key;
    button.addEventListener("click", () => act(row.id, action.key));
    node.append(button);
  }
  return node;
}

function rowNode(row, columns, act) {
  const node = document.createElement("tr");
  node.dataset.row = row.id;
  node.dataset.said = JSON.stringify(row);
  row.cells.forEach((cell, place) => {
    const cellOfRow = cellNode(cell);
    cellOfRow.dataset.name = columns[place].name;
    node.append(cellOfRow);
  });
  if (row.actions.length) {
    node.append(actionsNode(row, act));
    // The whole row opens what its first button opens, for who uses a mouse; text that is being selected does not.
    node.addEventListener("click", (event) => {
      if (!event.target.closest("button") && !String(window.getSelection())) act(row.id, row.actions[0].key);
    });
  }
  return node;
}

function headNode(columns, withActions, actionsName) {
  const line = document.createElement("tr");
  for (const column of columns) {
    const head = document.createElement("th");
    head.scope = "col";
    head.textContent = column.name;
    if (column.number) head.className = "tv-number";
    line.append(head);
  }
  if (withActions) {
    const head = document.createElement("th");
    head.scope = "col";
    const words = document.createElement("span");
    words.className = "tv-hidden";
    words.textContent = actionsName;
    head.append(words);
    line.append(head);
  }
  return line;
}

function render({ model, el }) {
  const table = document.createElement("table");
  const caption = table.createCaption();
  caption.className = "tv-hidden";
  const head = table.createTHead();
  const body = table.createTBody();
  const empty = document.createElement("p");
  empty.className = "tv-empty";
  el.classList.add("tv-table");
  el.append(table, empty);

  const act = (id, key) => model.send({ row: id, action: key });

  function show() {
    const columns = model.get("columns");
    const rows = model.get("rows");
    const known = new Map([...body.children].map((node) => [node.dataset.row, node]));
    const focused = body.contains(document.activeElement) ? document.activeElement : null;
    const place = focused && [focused.closest("tr").dataset.row, focused.dataset.action];
    caption.textContent = model.get("caption");
    head.replaceChildren(headNode(columns, rows.some((row) => row.actions.length), model.get("actions_name")));
    // Rows that say the same stay as they are: a pointer over one, or a focus in it, is not disturbed.
    const nodes = rows.map((row) => {
      const old = known.get(row.id);
      return old && old.dataset.said === JSON.stringify(row) ? old : rowNode(row, columns, act);
    });
    if (nodes.length !== body.children.length || nodes.some((node, number) => node !== body.children[number])) {
      body.replaceChildren(...nodes);
    }
    if (place && !body.contains(document.activeElement)) {
      const row = nodes.find((node) => node.dataset.row === place[0]);
      row?.querySelector(`[data-action="${place[1]}"]`)?.focus();
    }
    table.hidden = rows.length === 0;
    empty.textContent = model.get("empty");
    empty.hidden = rows.length > 0;
  }

  for (const name of ["rows", "columns", "empty", "caption"]) model.on(`change:${name}`, show);
  show();
}

export default { render };
