// The chat: what is said goes to the model with the conversation so far; what was told outlasts it.

import { events, get, send } from "./api.js";
import { $, counted, doing, el, fail, say, when, words } from "./dom.js";

let turns = [];  // {asked, reply, id: the reply's, given: texts from the memory, node}
let running = null;  // an AbortController, while a reply is spoken

export function bind() {
  $("ask").onsubmit = doing(ask);
  $("stop").onclick = () => running?.abort();
  $("new").onclick = () => { begin(); say("The conversation's text is gone; the memory stays."); $("message").focus(); };
  $("message").onkeydown = (e) => {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
      e.preventDefault();
      if (!running) $("ask").requestSubmit($("send"));
    }
  };
  $("chat").onkeydown = (e) => { if (e.key === "Escape") running?.abort(); };
}

export function begin() {
  running?.abort();
  turns = [];
  $("turns").replaceChildren();
}

export function show() {
  $("message").focus();
}

// What was forgotten leaves the conversation too: turns in which one of these texts stands.
export function forgotten(texts) {
  const folded = (t) => t.replace(/\s+/g, " ").trim().toLowerCase();
  const gone = texts.map(folded).filter(Boolean);
  const heard = (t) => [t.asked, t.reply, ...t.given].map(folded);
  const left = turns.filter((t) => heard(t).some((said) => gone.some((text) => said.includes(text))));
  for (const t of left) t.node.remove();
  turns = turns.filter((t) => !left.includes(t));
  return left.length;
}

async function ask() {
  const message = $("message").value.trim();
  if (!message || running) return;
  const turn = { asked: message, reply: "", given: [], node: el("li", { className: "turn" }) };
  const reply = el("div", { className: "reply" });
  turn.node.append(el("div", { className: "asked" }, words(message)), reply);
  $("turns").append(turn.node);
  $("message").value = "";
  $("error").textContent = $("status").textContent = "";
  running = new AbortController();
  $("stop").hidden = false;
  turn.node.setAttribute("aria-busy", "true");
  try {
    await spoken(turn, reply);
    turns.push(turn);
    dispatchEvent(new Event("changed"));
  } catch (e) {
    turn.node.remove();
    $("message").value ||= message;
    fail(e);
  } finally {
    turn.node.removeAttribute("aria-busy");
    running = null;
    $("stop").hidden = true;
    $("message").focus();
  }
}

// The reply as it comes. While the conversation does not fit, its oldest turns leave it (and stay in memory).
async function spoken(turn, node) {
  const before = turns.slice();
  const headers = $("private").checked ? { "X-Learn": "off" } : {};
  const began = performance.now();
  let first = 0, end = null, usage = null;
  try {
    const answer = await fitting(before, turn, headers);
    for await (const event of events(answer)) {
      if (event.error) throw new Error(event.error.message);
      const choice = event.choices[0];
      if (choice?.delta.content) {
        first ||= performance.now();
        turn.reply += choice.delta.content;
        written(node, turn.reply);
        turn.node.scrollIntoView({ block: "end" });
      }
      turn.id = event.id;
      end = event.titans_edge ?? end;
      usage = event.usage ?? usage;
    }
  } catch (e) {
    if (e.name !== "AbortError") throw e;
    turn.node.append(el("p", { className: "quiet", textContent: "Stopped." }));
  }
  const seconds = [(first - began) / 1000, (performance.now() - first) / 1000];
  if (end) turn.node.append(footer(turn, end, usage, seconds));
  turn.node.scrollIntoView({ block: "end" });
}

async function fitting(before, turn, headers) {
  for (;;) {
    const said = before.flatMap((t) => [["user", t.asked], ["assistant", t.reply]]);
    const messages = [...said, ["user", turn.asked]].map(([role, content]) => ({ role, content }));
    const body = { messages, stream: true, stream_options: { include_usage: true } };
    try {
      return await send("POST", "/v1/chat/completions", body, { headers, signal: running.signal });
    } catch (e) {
      if (e.code !== "context_length_exceeded" || before.length === 0) throw e;
      before.shift();
      turns.shift();
      say("The context was full: the oldest turns were dropped, the memory stays.");
    }
  }
}

// A reply as text, with code in fences set apart.
function written(node, text) {
  const parts = text.split(/^```[^\n]*\n?/m);
  node.replaceChildren(...parts.map((part, n) => (n % 2 ? words(part, "pre") : words(part.replace(/^\n+|\n+$/g, "")))));
}

function footer(turn, end, usage, [first, rest]) {
  turn.given = end.recalled.map((s) => s.text);
  const node = el("div", { className: "footer quiet" });
  const later = usage ? usage.completion_tokens - 1 : 0;
  const speed = later > 0 && rest > 0 ? `${(later / rest).toFixed(1)} tokens/s` : "";
  const figures = [usage ? counted(usage.completion_tokens, "token") : "", speed, `first after ${first.toFixed(1)} s`];
  node.append(el("p", { textContent: figures.filter(Boolean).join(" · ") }));
  for (const notice of end.notices) node.append(el("p", { className: "notice", textContent: notice }));
  if (end.learned.length) {
    const list = end.learned.map((s) => el("li", {}, `#${s.id} ${s.decision}: `, words(s.text)));
    const title = end.repeated ? "Told before" : `Learnt ${counted(end.learned.length, "sentence")}`;
    node.append(el("details", {}, el("summary", { textContent: title }), el("ul", {}, ...list)));
  }
  if (end.memory) node.append(drawn(end, turn.id));
  return node;
}

// What the reply drew on: the sentences it was given, and the shares of the writes its association is a sum of.
function drawn(end, completion) {
  const shares = el("div");
  const given = end.recalled.map((s) => el("li", {}, `#${s.id} ${s.source}, `, when(s.time), ": ", words(s.text)));
  const title = `Drawn on ${counted(end.recalled.length, "sentence")}` + (end.routes.includes("association") ? " and associations" : "");
  const node = el("details", { className: "drawn" }, el("summary", { textContent: title }), el("ul", {}, ...given), shares);
  node.ontoggle = async () => {
    if (!node.open || shares.childNodes.length) return;
    try {
      const { data } = await get("/v1/memory/why", { completion });
      shares.append(table(data));
    } catch (e) {
      if (e.code !== "completion_not_found") return fail(e);
      shares.append(el("p", { textContent: "Shares are known of the memory's last replies only." }));
    }
  };
  return node;
}

function table(reads) {
  const telling = reads.filter((r) => Math.abs(r.share) >= 0.005);
  if (!telling.length) return el("p", { textContent: "No association was read." });
  const rows = telling.slice(0, 50).map((r) => {
    const percent = `${(100 * r.share).toFixed(0)} %`;
    const bar = el("meter", { min: 0, max: 1, value: Math.min(1, Math.max(0, r.share)), "aria-label": percent });
    return el("tr", {}, el("td", {}, bar), el("td", { textContent: percent }),
      el("td", { textContent: `${r.relation.toLowerCase()}, hop ${r.hop}` }), el("td", {}, `#${r.id} `, words(r.text)));
  });
  const heads = ["", "share", "read", "sentence"].map((t) => el("th", { scope: "col", textContent: t }));
  return el("table", { className: "shares" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows));
}
