"use strict";

// Pages work without this file. It keeps a page as the store is, copies text, and finds the filter.

const main = () => document.getElementById("main");

// Shows the page anew, as the server makes it now, without losing what was opened or typed.
async function renew() {
  const active = document.activeElement;
  if (active && /^(INPUT|SELECT|TEXTAREA)$/.test(active.tagName)) return;
  const response = await fetch(location.href);
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById("main");
  const old = main();
  if (!fresh || fresh.isEqualNode(old)) return;
  const open = [...old.querySelectorAll("details")].map((one) => one.open);
  fresh.querySelectorAll("details").forEach((one, at) => (one.open = open[at] ?? one.open));
  const scrolled = [...old.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
  old.replaceWith(document.adoptNode(fresh));
  fresh.querySelectorAll(".scroll").forEach((one, at) => (one.scrollLeft = scrolled[at] ?? 0));
}

// One renewal at a time; whatever changed meanwhile is in the next.
function follow(address) {
  let busy = false;
  let again = false;
  new EventSource(address).onmessage = async () => {
    again = true;
    if (busy) return;
    busy = true;
    try {
      while (again) {
        again = false;
        if (!document.hidden) await renew();
      }
    } catch {
      // The server has gone: what is shown stays.
    } finally {
      busy = false;
    }
  };
  document.addEventListener("visibilitychange", () => document.hidden || renew().catch(() => {}));
}

async function copy(link) {
  const response = await fetch(link.href);
  const said = link.textContent;
  try {
    if (!response.ok) throw new Error(response.statusText);
    await navigator.clipboard.writeText(await response.text());
    link.textContent = "copied";
  } catch {
    location.assign(link.href);
  }
  setTimeout(() => (link.textContent = said), 1500);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-copy]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  copy(link);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  const field = document.querySelector("[data-focus='/']");
  if (field) {
    event.preventDefault();
    field.focus();
  } else {
    location.assign("/runs");
  }
});

if (main()?.dataset.live) follow(main().dataset.live);
