// Shows a part of the page as it is now, without loading the page anew: forms and the focus elsewhere stay.

// Replace the content of each of `ids` by what the server shows there now. Throws where it does not answer.
export async function refreshParts(...ids) {
  const answer = await fetch(location.href, { cache: "no-store", credentials: "same-origin" });
  if (answer.redirected || !answer.ok) {
    // The login has ended, or the page is gone: what the browser shows then, the server says best.
    location.reload();
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ids) {
    const shown = document.getElementById(id);
    const now = fresh.getElementById(id);
    if (!shown || !now || shown.innerHTML === now.innerHTML) continue;
    const focused = shown.contains(document.activeElement) ? document.activeElement.id : "";
    shown.replaceChildren(...now.childNodes);
    if (focused) document.getElementById(focused)?.focus();
  }
}
