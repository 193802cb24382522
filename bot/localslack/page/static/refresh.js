// Keeps the page as the server draws it: an event says that something changed, the page is fetched again,
// and only the parts that differ are replaced. What a person typed, and where they are, stays.
"use strict";

const drawn = new Map(); // part -> the HTML the server sent for it last

function remember(root) {
  for (const part of root.querySelectorAll("[data-part]")) drawn.set(part.dataset.part, part.outerHTML);
}

function nearEnd(stream) {
  return stream.scrollHeight - stream.scrollTop - stream.clientHeight < 120;
}

function toEnd() {
  for (const stream of document.querySelectorAll("[data-scroll=end]")) stream.scrollTop = stream.scrollHeight;
}

// Values that a person changed and the server does not know yet, by field name.
function typedIn(part) {
  const typed = [];
  for (const field of part.querySelectorAll("input:not([type=hidden]):not([type=file]), textarea, select")) {
    const ticked = field.type === "checkbox" || field.type === "radio";
    const before = ticked ? field.defaultChecked : field.defaultValue;
    const now = ticked ? field.checked : field.value;
    if (field.name && (field.tagName === "SELECT" || now !== before)) typed.push({ name: field.name, value: field.value, ticked, now });
  }
  return typed;
}

function typeAgain(part, typed) {
  for (const { name, value, ticked, now } of typed) {
    for (const field of part.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (ticked && field.value === value) field.checked = now;
      if (!ticked && field.tagName !== "SELECT") field.value = now;
      if (field.tagName === "SELECT" && !field.multiple && [...field.options].some((one) => one.value === now)) field.value = now;
    }
  }
}

function replace(old, fresh) {
  const typed = typedIn(old);
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const where = active && { id: active.id, name: active.name, value: active.value, start: active.selectionStart };
  const opened = [...old.querySelectorAll("details[open]")].map((one) => [...old.querySelectorAll("details")].indexOf(one));
  const scrolled = old.querySelector(".modal-body, .places")?.scrollTop ?? old.scrollTop;
  old.replaceWith(fresh);
  typeAgain(fresh, typed);
  const details = fresh.querySelectorAll("details");
  for (const place of opened) if (details[place]) details[place].open = true;
  (fresh.querySelector(".modal-body, .places") ?? fresh).scrollTop = scrolled;
  if (where) focusAgain(fresh, where);
}

function focusAgain(fresh, where) {
  const named = where.name ? [...fresh.querySelectorAll(`[name="${CSS.escape(where.name)}"]`)] : [];
  const target = (where.id && document.getElementById(where.id)) || named.find((one) => one.value === where.value) || named[0];
  if (!target) return;
  target.focus({ preventScroll: true });
  if (where.start !== null && target.setSelectionRange && /^(text|search|url|textarea)$/.test(target.type)) target.setSelectionRange(where.start, where.start);
}

function mergeList(list, fresh) {
  const have = new Map([...list.children].map((child) => [child.dataset.part, child]));
  let place = list.firstElementChild;
  for (const child of [...fresh.children]) {
    const html = child.outerHTML;
    let mine = have.get(child.dataset.part);
    have.delete(child.dataset.part);
    if (!mine) {
      mine = document.importNode(child, true);
      list.insertBefore(mine, place);
    } else {
      if (mine === place) place = place.nextElementSibling;
      else list.insertBefore(mine, place);
      if (drawn.get(child.dataset.part) !== html) replace(mine, document.importNode(child, true));
    }
    drawn.set(child.dataset.part, html);
  }
  for (const gone of have.values()) gone.remove();
}

function merge(fresh) {
  document.title = fresh.title;
  document.body.className = fresh.body.className;
  const streams = [...document.querySelectorAll("[data-scroll=end]")].filter(nearEnd);
  for (const id of ["panel", "inspector"]) {
    const [mine, theirs] = [document.getElementById(id), fresh.getElementById(id)];
    if (mine && !theirs) mine.remove();
    if (!mine && theirs) document.querySelector(id === "panel" ? "main" : "#panel, main").after(document.importNode(theirs, true));
  }
  for (const list of fresh.querySelectorAll("[data-list]")) {
    const mine = document.querySelector(`[data-list="${list.dataset.list}"]`);
    if (mine) mergeList(mine, list);
  }
  for (const part of fresh.querySelectorAll("[data-part]")) {
    if (part.parentElement.closest("[data-list]") || part.parentElement.matches("[data-list]")) continue;
    const mine = document.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
    const html = part.outerHTML;
    if (mine && drawn.get(part.dataset.part) !== html) replace(mine, document.importNode(part, true));
    drawn.set(part.dataset.part, html);
  }
  for (const stream of streams) stream.scrollTop = stream.scrollHeight;
  document.dispatchEvent(new Event("merged"));
}

// A picture that arrives late must not push the newest message out of sight.
const following = new WeakSet();
document.addEventListener("scroll", ({ target }) => {
  if (!target.matches?.("[data-scroll=end]")) return;
  if (nearEnd(target)) following.add(target);
  else following.delete(target);
}, true);
document.addEventListener("load", ({ target }) => {
  const stream = target.closest?.("[data-scroll=end]");
  if (stream && following.has(stream)) stream.scrollTop = stream.scrollHeight;
}, true);

let busy = false;
let again = false;
async function refresh() {
  if (busy) { again = true; return; }
  busy = true;
  const path = location.pathname + location.search;
  const html = await fetched(path);
  busy = false;
  if (html && path === location.pathname + location.search) merge(new DOMParser().parseFromString(html, "text/html"));
  if (again) { again = false; await refresh(); }
}

async function fetched(path) {
  try {
    const answer = await fetch(path, { headers: { "X-Refresh": document.hidden ? "unseen" : "seen" } });
    return answer.ok ? await answer.text() : "";
  } catch { return ""; } // the server went away; the stream reconnects and refreshes
}

// Panels open and close without leaving the page.
async function go(url) {
  history.pushState(null, "", url);
  await refresh();
  if (new URL(url, location.href).searchParams.get("thread")) document.getElementById("reply")?.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-go]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(link.getAttribute("href"));
});
addEventListener("popstate", refresh);
document.addEventListener("visibilitychange", () => document.hidden || refresh());

// The scripts are read before the first element is drawn, so that whatever can be seen already listens.
function begin() {
  remember(document);
  if (!location.hash.match(/^#[mt]-/)) toEnd();
  let shown = document.body.dataset.version;
  new EventSource(document.body.dataset.stream).onmessage = (event) => {
    if (event.data !== shown) refresh();
    shown = event.data;
  };
}
document.addEventListener("DOMContentLoaded", begin);
