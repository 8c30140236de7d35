// What was held back, for the user's word.

import { get, post } from "./api.js";
import { $, counted, doing, el, say } from "./dom.js";
import { card } from "./sentences.js";

export function bind() {}

export async function show() {
  const { data } = await get("/v1/memory/quarantine");
  const cards = data.reverse().slice(0, 500).map((s) => card(s, [button(s, "Accept"), button(s, "Reject")]));
  $("held").replaceChildren(...(cards.length ? cards : [el("li", { className: "quiet", textContent: "Nothing waits." })]));
}

const button = (s, word) => el("button", {
  type: "button", textContent: word, "aria-label": `${word} #${s.id}`,
  onclick: doing(async () => {
    const done = await post(`/v1/memory/quarantine/${s.id}/${word.toLowerCase()}`);
    await show();
    say(`#${done.id} is ${done.decision}.`);
    dispatchEvent(new Event("changed"));
  }),
});
