// The memory's sentences by time and source, with search; one click and one question forget.

import { get, post, send } from "./api.js";
import { forgotten } from "./chat.js";
import { $, counted, doing, el, fail, say, sure, when, words } from "./dom.js";
import { heat } from "./surprise.js";

let last = null;  // the number the next page begins before
let search = 0; // counts searches: only the newest shows what it found

export function bind() {
  $("find").onsubmit = doing(find);
  $("source").onchange = () => find().catch(fail);
  $("older").onclick = doing(more);
  $("undo").onclick = doing(undo);
  $("forget-source").onclick = doing(forgetSource);
  $("export").onclick = doing(exported);
  $("tell").onsubmit = doing(tell);
}

export function begin() {
  $("source").replaceChildren(el("option", { value: "", textContent: "all" }));
  $("words").value = $("since").value = "";
}

export async function show() {
  const { sources } = await get("/v1/memory");
  const chosen = $("source").value;
  const options = Object.entries(sources).slice(0, 500).map(([label, n]) => {
    const shown = label === "user" ? "you" : label.replace(/^document: /, "");
    return el("option", { value: label.replace(": ", ":"), textContent: `${shown} (${n.toLocaleString()})` });
  });
  $("source").replaceChildren(el("option", { value: "", textContent: "all" }), ...options);
  $("source").value = chosen;
  if ($("source").selectedIndex < 0) $("source").value = "";
  await find();
}

async function find() {
  last = null;
  search++;
  $("spans").replaceChildren();
  $("found").textContent = ""; // what it said was of the search before
  $("forget-source").hidden = !$("source").value;
  await more();
}

async function more() {
  const since = $("since").valueAsDate;
  const midnight = since && new Date(since.getUTCFullYear(), since.getUTCMonth(), since.getUTCDate());
  const mine = search;
  const page = await get("/v1/memory/spans", {
    query: $("words").value.trim(), source: $("source").value, before: last ?? "",
    since: midnight ? Math.max(1, midnight / 1000) : "",
  });
  if (mine !== search) return; // another search was begun meanwhile
  last = page.last_id;
  const button = (s) => el("button", { type: "button", textContent: "Forget", onclick: doing(() => forget(s)), "aria-label": `Forget #${s.id}` });
  $("spans").append(...page.data.map((s) => card(s, [button(s)])));
  $("older").hidden = !page.has_more;
  const n = $("spans").childElementCount;
  $("found").textContent = n ? `${counted(n, "sentence")}${page.has_more ? ", and older ones" : ""}` : "Nothing is stored here yet, or nothing fits.";
}

// A stored sentence with all that is known of it.
export function card(s, buttons) {
  const about = [`#${s.id}`, s.source, when(s.time), s.decision].flatMap((x, n) => (n ? [" · ", x] : [x]));
  if (s.reason && s.decision !== "written") about.push(`: ${s.reason}`);
  if (s.surprise !== null) {
    about.push(" · ", el("span", { className: `chip ${heat(s.surprise)}`, textContent: `${s.surprise.toFixed(1)} nats` }));
  }
  return el("li", { id: `span-${s.id}` }, words(s.text, "p"), el("p", { className: "quiet" }, ...about), el("div", { className: "row" }, ...buttons));
}

async function forget(s) {
  if (!(await sure("Forget this sentence? The memory becomes as if it had never been told.", "Forget", s.text))) return;
  const at = [...$("spans").children].indexOf($(`span-${s.id}`));
  const done = await (await send("DELETE", `/v1/memory/spans/${s.id}`)).json();
  await show();
  told(done, [s.text]);
  ($("spans").children[at]?.querySelector("button") ?? $("words")).focus();
}

async function forgetSource() {
  const source = $("source").value;
  const { would_forget: ids } = await post("/v1/memory/forget", { source, dry_run: true });
  if (!(await sure(`Forget ${counted(ids.length, "sentence")} of this source?`, "Forget all", source))) return;
  const texts = [];
  for (let before = ""; ;) {
    const page = await get("/v1/memory/spans", { source, before, limit: 1000 });
    texts.push(...page.data.map((s) => s.text));
    if (!page.has_more) break;
    before = page.last_id;
  }
  const done = await post("/v1/memory/forget", { source });
  $("source").value = "";
  await show();
  told(done, texts);
}

async function undo() {
  if (!(await sure("Forget the last message or document?", "Forget"))) return;
  const done = await post("/v1/memory/undo");
  await show();
  told(done, done.texts);
}

function told(done, texts) {
  const left = forgotten(texts);
  const also = done.changed.length ? ` ${counted(done.changed.length, "later sentence")} decided otherwise now.` : "";
  const turns = left ? ` ${counted(left, "turn")} of the conversation held it, and left it too.` : "";
  const old = done.restored ? ` ${counted(done.restored, "sentence")} of the version before ${done.restored === 1 ? "is" : "are"} there again.` : "";
  const lost = done.restored === 0 ? " The version before is not kept any more: read it again." : "";
  say(`Forgotten: ${done.forgotten}.${old}${lost}${also}${turns}`);
  dispatchEvent(new Event("changed"));
}

async function tell() {
  const text = $("text").value.trim();
  if (!text) return;
  const name = $("document").value.trim();
  const { data } = await post("/v1/memory/spans", name ? { text, document: name } : { text });
  $("text").value = $("document").value = "";
  const held = data.filter((s) => s.decision === "quarantined").length;
  await show();
  say(`Learnt ${counted(data.length - held, "sentence")}${held ? `; ${held} in quarantine` : ""}.`);
  dispatchEvent(new Event("changed"));
}

async function exported() {
  const blob = await (await send("GET", "/v1/memory/export")).blob();
  const link = el("a", { href: URL.createObjectURL(blob), download: "memory.jsonl" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
