// Loads the page anew when something of the person's own has changed: the kinds stand in the script element's `kinds`.

import { listen } from "./live.js";

const kinds = document.querySelector("script[data-kinds]").dataset.kinds.split(" ");
const reload = () => location.reload();

listen("/api/v1/events", kinds, reload, reload);
