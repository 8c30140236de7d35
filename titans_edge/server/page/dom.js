// Nodes out of texts. Every text of a user's or a model's goes through textContent: markup in it is shown, never read.

export const $ = (id) => document.getElementById(id);

// An element: el("li", {className: "x", onclick: f}, "text", node, …). Attributes with a dash are set as such.
export function el(tag, given = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.includes("-")) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}

// Somebody's words, set apart: no direction of writing in them reaches what stands beside them.
export const words = (text, tag = "bdi") => el(tag, { className: "words", textContent: text });

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
export const when = (seconds) =>
  el("time", { dateTime: new Date(seconds * 1000).toISOString(), textContent: moment.format(seconds * 1000) });

export const counted = (n, one, many = `${one}s`) => `${n.toLocaleString()} ${n === 1 ? one : many}`;

export function say(text) {
  $("status").textContent = text;
  $("error").textContent = "";
}

export function fail(e) {
  if (e.name !== "AbortError") $("error").textContent = e.message;
}

// What a control does; what goes wrong with it is said, and pressed again meanwhile it does nothing.
export const doing = (what) => {
  let busy = false;
  return async (event) => {
    event?.preventDefault();
    if (busy) return;
    busy = true;
    try {
      await what(event);
    } catch (e) {
      fail(e);
    } finally {
      busy = false;
    }
  };
};

// One question about a thing that cannot be taken back. Resolves to whether the answer was yes.
export function sure(question, yes, about = "") {
  const dialog = $("question");
  $("what").textContent = question;
  $("yes").textContent = yes;
  $("about").replaceChildren(words(about));
  $("about").hidden = !about;
  const back = document.activeElement;
  return new Promise((resolve) => {
    let answer = false;
    $("yes").onclick = () => { answer = true; dialog.close(); };
    $("no").onclick = () => dialog.close();
    dialog.onclose = () => { back?.focus?.(); resolve(answer); };
    dialog.showModal();
  });
}
