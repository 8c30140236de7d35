// How surprising each token of a text is to the model: the more, the warmer.

import { post } from "./api.js";
import { $, doing, el, say } from "./dom.js";

const STEPS = [0.5, 1, 2, 3, 4.5, 6, 8, 11];  // nats: where the next colour begins

export const heat = (nats) => `heat${STEPS.filter((step) => nats >= step).length}`;

export function bind() {
  $("measure").onsubmit = doing(measure);
  const shown = STEPS.map((step) => el("span", { className: `chip ${heat(step)}`, textContent: step }));
  $("legend").append("Nats, from: ", el("span", { className: "chip heat0", textContent: "0" }), ...shown);
}

export function show() {}

async function measure() {
  const text = $("passage").value.trim();
  if (!text) return;
  say("Measuring…");
  const alone = $("alone").checked;
  const found = await post("/v1/surprise", { text }, alone ? { memory: "none" } : {});
  $("heat").replaceChildren(...found.data.map((t) => el("span", {
    className: t.surprise === null ? "" : heat(t.surprise), textContent: t.text,
    title: t.surprise === null ? "" : `${t.surprise.toFixed(2)} nats`,
  })));
  const by = found.memory_spoke ? "with what the memory gave for it" : "the memory gave nothing for it";
  $("mean").textContent = `${found.mean?.toFixed(2) ?? "–"} nats a token; ${alone ? "without the memory" : by}.`;
  say("");
}
