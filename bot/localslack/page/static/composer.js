// The message box: Enter sends, suggestions for commands, people and channels.
"use strict";

let offers = null; // what can be suggested, fetched once when it is first needed
async function known() {
  offers ??= await fetch(`${document.body.dataset.acts.replace(/act$/, "offers")}`).then((answer) => answer.json());
  return offers;
}

function tokenBefore(box) {
  const before = box.value.slice(0, box.selectionStart);
  if (box.hasAttribute("data-slash") && /^\/\S*$/.test(before)) return { kind: "/", typed: before };
  const found = before.match(/(?:^|\s)([@#][\w.-]*)$/);
  return found ? { kind: found[1][0], typed: found[1] } : null;
}

function listOf(box) {
  return document.getElementById(box.getAttribute("aria-controls"));
}

function close(box) {
  const list = listOf(box);
  list.hidden = true;
  list.replaceChildren();
  box.removeAttribute("aria-activedescendant");
}

async function offer(box) {
  const token = tokenBefore(box);
  if (!token) { close(box); return; }
  const all = await known();
  if (tokenBefore(box)?.typed !== token.typed) return;
  const found = all.filter((one) => one.insert.startsWith(token.typed) || (token.kind !== "/" && one.insert[0] === token.kind && one.words.toLowerCase().includes(token.typed.slice(1).toLowerCase())));
  const list = listOf(box);
  list.replaceChildren(...found.slice(0, 12).map((one, place) => row(one, `${box.id}-offer-${place}`)));
  list.hidden = !found.length;
  select(box, 0);
}

function row(one, id) {
  const made = document.createElement("li");
  made.id = id;
  made.setAttribute("role", "option");
  made.dataset.insert = one.insert;
  for (const [tag, words] of [["b", one.insert], ["code", one.hint], ["small", one.words]]) {
    if (!words) continue;
    const part = document.createElement(tag);
    part.textContent = words;
    made.append(part);
  }
  return made;
}

function select(box, place) {
  const rows = [...listOf(box).children];
  rows.forEach((one, n) => one.setAttribute("aria-selected", n === place));
  if (rows[place]) {
    box.setAttribute("aria-activedescendant", rows[place].id);
    rows[place].scrollIntoView({ block: "nearest" });
  }
}

function take(box, made) {
  const token = tokenBefore(box);
  const start = box.selectionStart - (token?.typed.length ?? 0);
  box.setRangeText(`${made.dataset.insert} `, start, box.selectionStart, "end");
  close(box);
  box.focus();
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-composer]")) offer(event.target);
  if (event.target.matches(".composer input[type=file]")) showFile(event.target.form);
});

function showFile(form) {
  form.querySelector(".attached").textContent = form.querySelector("[type=file]").files[0]?.name ?? "";
}

document.addEventListener("keydown", (event) => {
  const box = event.target;
  if (!box.matches?.("[data-composer]")) return;
  const list = listOf(box);
  const rows = [...list.children];
  const here = rows.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (!list.hidden && /^Arrow(Up|Down)$/.test(event.key)) {
    event.preventDefault();
    select(box, (here + (event.key === "ArrowDown" ? 1 : -1) + rows.length) % rows.length);
  } else if (!list.hidden && (event.key === "Tab" || (event.key === "Enter" && rows[here].dataset.insert !== tokenBefore(box)?.typed))) {
    event.preventDefault();
    take(box, rows[here]);
  } else if (!list.hidden && event.key === "Escape") {
    event.preventDefault();
    close(box);
  } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    close(box);
    if (box.value.trim() || box.form.querySelector("[type=file]").files.length) box.form.requestSubmit(box.form.querySelector(".send"));
  }
}, true);

document.addEventListener("mousedown", (event) => {
  const made = event.target.closest(".suggestions li");
  if (!made) return;
  event.preventDefault();
  take(made.closest("form").querySelector("[data-composer]"), made);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert][type=button]");
  if (!button) return;
  const box = button.closest("form").querySelector("[data-composer]");
  box.value = button.dataset.insert;
  button.closest("details").open = false;
  box.focus();
});

document.addEventListener("sent", (event) => {
  event.target.reset();
  showFile(event.target);
  const list = event.target.closest("main, .panel")?.querySelector("[data-scroll=end]");
  if (list) list.scrollTop = list.scrollHeight;
}, true);
