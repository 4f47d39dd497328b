"use strict";

// Pages work without this file. It keeps a page as the store is, copies text, finds the filter, and lets
// people drag over pictures: a part of an axis to see it closely, trials to keep only those.

const main = () => document.getElementById("main");

// Shows the page anew, as the server makes it now, without losing what was opened or typed.
async function renew() {
  if (document.activeElement?.matches("input, select, textarea, [data-rail]")) return;
  if (document.querySelector("svg .brush")) return;
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

// A point of the screen in the units of the picture that `area` is part of.
function within(area, event) {
  const inverse = area.ownerSVGElement.getScreenCTM().inverse();
  return new DOMPoint(event.clientX, event.clientY).matrixTransform(inverse);
}

const box = (area) => {
  const [x, y, w, h] = ["x", "y", "width", "height"].map((name) => Number(area.getAttribute(name)));
  return { x, y, w, h };
};

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// The rectangle that shows what is dragged over; one an area.
function brush(area) {
  if (!area.brush?.isConnected) {
    area.brush = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    area.brush.setAttribute("class", "brush");
    area.before(area.brush);
  }
  return area.brush;
}

function place(area, x, y, w, h) {
  const shown = brush(area);
  Object.entries({ x, y, width: w, height: h }).forEach(([name, value]) => shown.setAttribute(name, value));
}

// Along a horizontal axis: the part becomes the range in the address, and the server draws it anew.
function stretch(area, from, to) {
  const { x, w } = box(area);
  const [low, high] = [Number(area.dataset.low), Number(area.dataset.high)];
  const value = (at) => {
    const share = (clamp(at, x, x + w) - x) / w;
    return area.dataset.log ? low * (high / low) ** share : low + share * (high - low);
  };
  const address = new URL(location.href);
  address.searchParams.set("from", value(Math.min(from, to)).toPrecision(6));
  address.searchParams.set("to", value(Math.max(from, to)).toPrecision(6));
  location.assign(address);
}

// Along the axes of parallel coordinates: only trials whose line passes every brush are kept.
function sift(linked) {
  const brushes = [...linked.querySelectorAll("[data-axis]")]
    .filter((area) => area.brush?.isConnected)
    .map((area) => ({ axis: Number(area.dataset.axis), ...box(area.brush) }));
  const lines = [...linked.querySelectorAll("g[data-trial]:has(polyline[stroke-opacity])")];
  const kept = new Set();
  for (const line of lines) {
    const heights = line.firstElementChild.getAttribute("points").split(" ").map((point) => Number(point.split(",")[1]));
    // Points are written to a hundredth of a pixel, so one on the edge is within.
    const passes = ({ axis, y, h }) => heights[axis] >= y - 0.1 && heights[axis] <= y + h + 0.1;
    if (brushes.every(passes)) kept.add(line.dataset.trial);
  }
  for (const one of linked.querySelectorAll("[data-trial]")) {
    const out = brushes.length > 0 && !kept.has(one.dataset.trial);
    if (one.tagName === "TR") one.hidden = out;
    else one.classList.toggle("off", out);
  }
  for (const rail of linked.querySelectorAll("[data-rail]")) {
    rail.setAttribute("aria-pressed", brushes.some(({ axis }) => axis === Number(rail.dataset.rail)));
  }
  const said = linked.querySelector("[data-count]");
  if (said) said.textContent = brushes.length ? `${kept.size} of ${lines.length} trials` : "";
}

// The same brushes from the keyboard: what a key makes of the part that is kept, in twentieths of the axis
// from its top; nothing lets go. The first key keeps the lowest part.
const LOWEST = { top: 14, high: 6 };

function moved(event, kept) {
  if (event.key === "Escape" || event.key === "Delete") return null;
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!by) return undefined;
  if (!kept) return LOWEST;
  const { top, high } = kept;
  if (!event.shiftKey) return { top: clamp(top + by, 0, 20 - high), high };
  // Up widens at the top, down takes that back.
  return by < 0 ? { top: Math.max(top - 1, 0), high: high + Math.min(top, 1) }
    : { top: top + Math.min(high - 1, 1), high: Math.max(high - 1, 1) };
}

function press(rail, kept) {
  const linked = rail.closest(".linked");
  const area = linked.querySelector(`svg [data-axis="${rail.dataset.rail}"]`);
  if (!area) return;
  const { x, y, w, h } = box(area);
  if (kept) place(area, x, y + (h * kept.top) / 20, w, (h * kept.high) / 20);
  else area.brush?.remove();
  sift(linked);
}

// What is kept of the axis of a rail, whoever put it there.
function held(rail) {
  const area = rail.closest(".linked").querySelector(`svg [data-axis="${rail.dataset.rail}"]`);
  if (!area?.brush?.isConnected) return null;
  const [whole, part] = [box(area), box(area.brush)];
  const share = (length) => Math.round((20 * length) / whole.h);
  return { top: share(part.y - whole.y), high: Math.max(share(part.h), 1) };
}

document.addEventListener("keydown", (event) => {
  const rail = event.target.closest?.("[data-rail]");
  const kept = rail && moved(event, held(rail));
  if (!rail || kept === undefined) return;
  event.preventDefault();
  press(rail, kept);
});

document.addEventListener("click", (event) => {
  const rail = event.target.closest("[data-rail]");
  if (rail) press(rail, held(rail) ? null : LOWEST);
});

document.addEventListener("pointerdown", (event) => {
  const area = event.target.closest?.("svg [data-low], svg [data-axis]");
  if (!area || event.button !== 0) return;
  event.preventDefault();
  area.setPointerCapture(event.pointerId);
  const start = within(area, event);
  const { x, y, w, h } = box(area);
  const upright = "axis" in area.dataset;
  const drag = (event) => {
    const now = within(area, event);
    const [from, to] = upright ? [start.y, now.y] : [start.x, now.x];
    const [near, far] = upright ? [y, y + h] : [x, x + w];
    const [first, last] = [clamp(Math.min(from, to), near, far), clamp(Math.max(from, to), near, far)];
    if (last - first < 3) return;
    if (upright) place(area, x, first, w, last - first);
    else place(area, first, y, last - first, h);
  };
  const drop = (event) => {
    area.removeEventListener("pointermove", drag);
    const now = within(area, event);
    const moved = Math.abs(upright ? now.y - start.y : now.x - start.x) >= 3;
    if (!moved) area.brush?.remove();
    if (upright) sift(area.closest(".linked") ?? area.ownerSVGElement);
    else if (moved) stretch(area, start.x, now.x);
  };
  area.addEventListener("pointermove", drag);
  area.addEventListener("pointerup", drop, { once: true });
  area.addEventListener("pointercancel", drop, { once: true });
});

// A trial that is pointed at, in the table or a picture, stands out in all of them.
document.addEventListener("pointerover", (event) => {
  const trial = event.target.closest?.("[data-trial]")?.dataset.trial;
  document.querySelectorAll(".linked .on").forEach((one) => one.classList.remove("on"));
  if (!trial) return;
  for (const one of document.querySelectorAll(`.linked [data-trial="${CSS.escape(trial)}"]`)) one.classList.add("on");
});

if (main()?.dataset.live) follow(main().dataset.live);
