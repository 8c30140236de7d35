// The server's API. The key, where there is one, is kept for this tab only; the memory's name goes with each request.

import { $ } from "./dom.js";

const KEY = "titans-edge-key";
export const state = { memory: "" };

export const hasKey = () => sessionStorage.getItem(KEY) !== null;
export const leave = () => { sessionStorage.removeItem(KEY); location.reload(); };

export class Refusal extends Error {
  constructor(status, error) {
    super(error?.message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = error?.code;
  }
}

export async function send(method, path, body, more = {}) {
  const { memory = state.memory, signal, headers = {} } = more;
  const all = { ...headers };
  if (memory) all["X-Memory"] = header(memory);
  if (hasKey()) all.Authorization = `Bearer ${sessionStorage.getItem(KEY)}`;
  if (body !== undefined) all["Content-Type"] = "application/json";
  const how = { method, headers: all, signal, cache: "no-store", credentials: "omit" };
  if (body !== undefined) how.body = JSON.stringify(body);
  let answer;
  try {
    answer = await fetch(path, how);
  } catch (e) {
    if (e.name === "AbortError") throw e;
    throw new Error("The server does not answer. Is it still running?");
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  if (answer.status === 401) {
    await key(hasKey() ? said.error?.message : "");
    return send(method, path, body, more);
  }
  throw new Refusal(answer.status, said.error);
}

// What is read of a memory; where another was chosen meanwhile, the answer is nobody's any more.
export const get = async (path, queries = {}) => {
  const memory = state.memory;
  const given = Object.entries(queries).filter(([, v]) => v !== "" && v !== undefined);
  const asked = new URLSearchParams(given).toString();
  const found = await (await send("GET", asked ? `${path}?${asked}` : path)).json();
  if (memory !== state.memory) throw new DOMException("Another memory was chosen.", "AbortError");
  return found;
};
export const post = async (path, body, more) => (await send("POST", path, body, more)).json();

// The objects of a stream of server-sent events.
export async function* events(answer) {
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    held += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const lines = held.split("\n");
    held = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data: ") && line !== "data: [DONE]") yield JSON.parse(line.slice(6));
    }
    if (done) return;
  }
}

// A name as a header takes it: its UTF-8, a character a byte.
const header = (name) => String.fromCharCode(...new TextEncoder().encode(name));

let asking = null;  // one dialog, however many requests were refused
function key(why) {
  asking ??= new Promise((resolve) => {
    $("door-error").textContent = why;
    $("key").value = "";
    $("door").oncancel = (e) => e.preventDefault();
    $("key-form").onsubmit = (e) => {
      e.preventDefault();
      const given = $("key").value.trim();
      if (!/^[\x21-\x7e]+$/.test(given)) {
        $("door-error").textContent = "A key has letters, digits and signs, and no blanks.";
        return;
      }
      sessionStorage.setItem(KEY, given);
      $("key").value = "";
      $("door").close();
      $("leave").hidden = false;
      asking = null;
      resolve();
    };
    $("door").showModal();
  });
  return asking;
}
