// What people do: forms go to the server without leaving the page, confirm dialogs, modals, toasts, keys.
"use strict";

function toast(words, bad = true) {
  const made = document.createElement("p");
  made.className = bad ? "toast bad" : "toast";
  made.textContent = words;
  document.getElementById("toasts").append(made);
  setTimeout(() => made.remove(), 6000);
}

async function post(url, data) {
  const answer = await fetch(url, { method: "POST", body: data, headers: { "X-Requested-With": "page" } });
  const told = await answer.json();
  if (told.ask) return (await ask(told.ask)) ? (data.set("confirmed", "1"), post(url, data)) : { ok: true };
  if (told.error) toast(told.error);
  return told;
}

// The words come escaped from the server, which drew them from text objects.
function ask(words) {
  const box = document.getElementById("confirm");
  box.innerHTML = `<form method="dialog"><header><h2 id="confirm-title">${words.title}</h2></header>
    <div class="modal-body">${words.text}</div><footer><button class="button" value="no">${words.deny}</button>
    <button class="button ${words.style === "danger" ? "danger" : "primary"}" value="yes" autofocus>${words.confirm}</button></footer></form>`;
  box.returnValue = "no";
  box.showModal();
  return new Promise((done) => box.addEventListener("close", () => done(box.returnValue === "yes"), { once: true }));
}

async function send(form, name, value) {
  const data = new FormData(form);
  if (name) data.set(name, value);
  form.classList.add("busy");
  try {
    const told = await post(form.getAttribute("action"), data);
    if (told.go) location.assign(told.go);
    return told;
  } catch {
    toast("The local Slack does not answer. Is it running?");
    return { ok: false };
  } finally {
    form.classList.remove("busy");
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.getAttribute("method") !== "post") return; // form.method may be a field of that name
  event.preventDefault();
  const button = event.submitter;
  const told = await send(form, button?.name, button?.value);
  if (told.ok && !told.error && form.matches(".composer")) form.dispatchEvent(new Event("sent"));
  form.closest("details.menu")?.removeAttribute("open");
});

// The menu of a message is made when somebody points at the message or walks to it.
function unfold(event) {
  const message = event.target.closest?.(".message:not(.ephemeral, .tomb)");
  if (!message || message.querySelector(":scope > .toolbar")) return;
  const bar = document.importNode(document.getElementById("toolbar").content, true).firstElementChild;
  const { ts, thread } = message.dataset;
  for (const field of bar.querySelectorAll("[name=ts]")) field.value = ts;
  const gone = [message.matches(".pinned") ? "pin" : "unpin", "own" in message.dataset ? "" : "delete"];
  for (const act of gone) bar.querySelector(`[data-act="${act}"]`)?.remove();
  if (thread) bar.querySelector("[data-reply]").setAttribute("href", thread);
  else bar.querySelector("[data-reply]").remove();
  bar.querySelector("[data-copy]").href = `/archives/${bar.querySelector("[name=channel]").value}/p${ts.replace(".", "")}`;
  message.append(bar);
}
for (const sign of ["pointerover", "pointerdown", "focusin"]) document.addEventListener(sign, unfold);

// A change of an element outside an input block is an action at once.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches("[data-fires]")) send(field.form, "use", field.name);
});

// A button with an address opens it and tells the app.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-use]");
  if (link) send(link.closest("form"), "use", link.dataset.use);
  const copy = event.target.closest("a[data-copy]");
  if (copy) {
    event.preventDefault();
    navigator.clipboard?.writeText(copy.href).then(() => toast("Link copied.", false), () => toast(copy.href, false));
    copy.closest("details")?.removeAttribute("open");
  }
  for (const open of document.querySelectorAll("details.menu[open]")) if (!open.contains(event.target)) open.open = false;
  if (event.target.closest("#sidebar a")) history.replaceState(null, "", location.pathname + location.search);
});

let waiting = 0;
document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches("[data-suggest]")) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => suggest(field), 200);
});

async function suggest(field) {
  const data = new FormData(field.form);
  data.set("use", field.dataset.suggest);
  data.set("typed", field.value);
  const told = await post(`${document.body.dataset.acts}/suggest`, data);
  const select = field.parentElement.querySelector("select");
  const kept = [...select.options].filter((one) => one.value === "" || one.selected);
  const offered = (told.options ?? []).map((one) => new Option(one.text.text, one.value));
  select.replaceChildren(...kept, ...offered.filter((one) => !kept.some((other) => other.value === one.value)));
}

// Modals: the browser's own dialog keeps the focus inside; Escape closes as Slack does, by telling the app.
let showing = "";
function showModal() {
  const modal = document.getElementById("modal");
  if (!modal) { showing = ""; return; }
  if (!modal.matches(":modal")) {
    modal.removeAttribute("open");
    modal.showModal();
  }
  if (showing !== modal.dataset.view) {
    (modal.querySelector("[autofocus]") ?? modal.querySelector(".modal-body :is(input:not([type=hidden]), select, textarea)") ?? modal.querySelector(".modal-body")).focus();
    showing = modal.dataset.view;
  }
  const wrong = modal.querySelector(".wrong :is(input:not([type=hidden]), select, textarea)");
  if (wrong && !modal.querySelector(".wrong :focus")) wrong.focus();
}

document.addEventListener("cancel", (event) => {
  if (event.target.id !== "modal") return;
  event.preventDefault();
  send(event.target.querySelector("form"), "close", "1");
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
    if (!document.querySelector("dialog:modal") && !event.defaultPrevented) document.querySelector("[data-escape]")?.click();
  }
  if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) step(event.key === "ArrowDown" ? 1 : -1);
  if (!event.altKey && event.target.matches(".message, .stream") && /^Arrow(Up|Down)$/.test(event.key)) walk(event);
});

// Alt and an arrow change the conversation; an arrow inside the list goes from message to message.
function step(by) {
  const places = [...document.querySelectorAll("#sidebar a.place")];
  const here = places.findIndex((one) => one.hasAttribute("aria-current"));
  places[(here + by + places.length) % places.length]?.click();
}

function walk(event) {
  const list = [...event.target.closest(".stream").querySelectorAll(".message")];
  const here = list.indexOf(event.target);
  const next = here < 0 ? list.at(-1) : list[here + (event.key === "ArrowDown" ? 1 : -1)];
  if (next) { event.preventDefault(); next.focus(); next.scrollIntoView({ block: "nearest" }); }
}

for (const drawn of ["DOMContentLoaded", "merged"]) document.addEventListener(drawn, showModal);
