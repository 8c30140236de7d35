// The page: which view is shown, and of which memory.

import { get, hasKey, leave, state } from "./api.js";
import * as chat from "./chat.js";
import { $, doing, el, fail } from "./dom.js";
import * as growth from "./growth.js";
import * as quarantine from "./quarantine.js";
import * as sentences from "./sentences.js";
import * as surprise from "./surprise.js";

const VIEWS = { chat, sentences, quarantine, surprise, growth };

function shown() {
  const name = location.hash.slice(1);
  return name in VIEWS ? name : "chat";
}

async function show() {
  for (const name of Object.keys(VIEWS)) $(name).hidden = name !== shown();
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${shown()}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  $("status").textContent = $("error").textContent = "";
  if (state.memory) await VIEWS[shown()].show();
}

async function waiting() {
  const { data } = await get("/v1/memory/quarantine");
  $("waiting").textContent = data.length;
  $("waiting").hidden = data.length === 0;
}

async function chosen() {
  state.memory = $("memory").value;
  chat.begin();
  sentences.begin();
  await show();
  await waiting();
}

async function start() {
  const { data, default: first } = await get("/v1/memories");
  const names = data.map((m) => m.id).filter((id) => id.toLowerCase() !== "none");
  $("memory").replaceChildren(...names.map((id) => el("option", { value: id, textContent: id })));
  $("leave").hidden = !hasKey();
  if (names.length === 0) throw new Error("There is no memory that could be shown.");
  $("memory").value = names.includes(first) ? first : names[0];
  await chosen();
}

addEventListener("hashchange", () => show().then(() => $("view").focus({ preventScroll: true })).catch(fail));
addEventListener("changed", () => waiting().catch(fail));
$("memory").onchange = () => chosen().catch(fail);
$("leave").onclick = doing(leave);
for (const view of Object.values(VIEWS)) view.bind();
show().then(start).catch(fail);
