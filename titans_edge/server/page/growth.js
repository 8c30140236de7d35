// How the memory grew: sentences that are there, by when they were told, and its figures.

import { get } from "./api.js";
import { $, counted, el, when } from "./dom.js";

const WIDTH = 640, HEIGHT = 240, LEFT = 48, BOTTOM = 24;
const KINDS = { user: "you", document: "documents", imported: "imported", pasted: "pasted", assistant: "the model" };

export function bind() {}

export async function show() {
  const [grown, about] = await Promise.all([get("/v1/memory/growth"), get("/v1/memory")]);
  $("curve").replaceChildren(...(grown.told.length ? curve(grown) : [el("p", { className: "quiet", textContent: "Nothing is stored yet." })]));
  $("figures").replaceChildren(...figures(about));
}

function svg(tag, given, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(given)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function curve({ told, step }) {
  const total = told.reduce((sum, t) => sum + t.spans, 0);
  const start = told[0].time, end = Math.max(told.at(-1).time + step, start + 1);
  const x = (time) => LEFT + ((WIDTH - LEFT) * (time - start)) / (end - start);
  const y = (n) => (HEIGHT - BOTTOM) * (1 - n / total) + 4;
  const kinds = Object.keys(KINDS).filter((kind) => told.some((t) => t.kind === kind));
  const lines = kinds.map((kind) => {
    let sum = 0;
    const points = [[x(start), y(0)]];
    for (const t of told.filter((t) => t.kind === kind)) {
      points.push([x(t.time), y(sum)]);
      sum += t.spans;
      points.push([x(t.time), y(sum)]);
    }
    points.push([x(end), y(sum)]);
    return svg("polyline", { class: `line ${kind}`, points: points.map((p) => p.map((v) => v.toFixed(1)).join()).join(" ") });
  });
  const axis = svg("path", { class: "axis", d: `M${LEFT} 4V${HEIGHT - BOTTOM + 4}H${WIDTH}` });
  const label = (text, at, given) => { const node = svg("text", { ...at, ...given }); node.textContent = text; return node; };
  const texts = [
    label(total.toLocaleString(), { x: LEFT - 6, y: 14 }, { "text-anchor": "end" }),
    label("0", { x: LEFT - 6, y: HEIGHT - BOTTOM + 4 }, { "text-anchor": "end" }),
    label(when(start).textContent, { x: LEFT, y: HEIGHT - 2 }, {}),
    label(when(told.at(-1).time).textContent, { x: WIDTH, y: HEIGHT - 2 }, { "text-anchor": "end" }),
  ];
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${counted(total, "sentence")} over time` }, axis, ...lines, ...texts);
  const legend = el("p", { className: "quiet" }, ...kinds.map((kind) => {
    const n = told.filter((t) => t.kind === kind).reduce((sum, t) => sum + t.spans, 0);
    return el("span", { className: `kind ${kind}`, textContent: `${KINDS[kind]}: ${n.toLocaleString()}` });
  }));
  return [picture, legend];
}

function figures(about) {
  const plain = [`${counted(about.spans, "sentence")}, ${about.quarantined} in quarantine, a state of ${(about.bytes / 1e6).toFixed(1)} MB`];
  if (about.capacity) plain.push(`a relation tells about ${about.capacity} keys apart`);
  const used = about.relations.filter((r) => r.facts > 0).sort((a, b) => b.facts - a.facts);
  const out = [el("p", { textContent: `${plain.join("; ")}.` })];
  if (used.length) {
    const heads = ["relation", "keys", "writes"].map((t) => el("th", { scope: "col", textContent: t }));
    const rows = used.map((r) => el("tr", {}, ...[r.relation, r.facts, r.writes].map((v) => el("td", { textContent: v }))));
    out.push(el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows)));
  }
  return out;
}
