// The page of requests. Whatever a request holds is foreign text: it reaches the page as text nodes and in no other way.
"use strict";

const LIMIT = 500; // requests that are kept here
const BYTES = 32 << 20; // and their characters
const byId = (id) => document.getElementById(id);
const list = byId("list"), details = byId("details"), main = byId("main"), filter = byId("filter");

const requests = []; // oldest first: { key, event, size, words, row }
const held = []; // what came while the list is held
const views = { head: "fields", body: null };
const wanted = location.hash.slice(1); // a link to one request
let weight = 0, chosen = null, paused = false, state = "waiting", saidTimer = 0;

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// Bytes come as text, or as hex where they are no UTF-8.
const utf8 = new TextDecoder("utf-8");
function bytesOf(part) {
  if (part.data !== undefined) return new TextEncoder().encode(part.data);
  return Uint8Array.from({ length: part.hex.length / 2 }, (_, at) => parseInt(part.hex.slice(2 * at, 2 * at + 2), 16));
}
const textOf = (part) => part.data !== undefined ? part.data : utf8.decode(bytesOf(part));

// What must not act on the page, or hide, is shown as its number: controls, and the marks that turn text around.
const visible = (text) => text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
  (letter) => letter === "\r" ? "" : "\\u{" + letter.codePointAt(0).toString(16) + "}");

function size(count) {
  if (count < 1024) return count + " B";
  const [unit, divisor] = count < 1 << 20 ? ["KiB", 1024] : count < 1 << 30 ? ["MiB", 1 << 20] : ["GiB", 1 << 30];
  return (count / divisor).toFixed(1) + " " + unit;
}
function duration(ms) {
  if (ms < 1) return Math.round(ms * 1000) + " µs";
  if (ms < 1000) return ms.toFixed(1) + " ms";
  return (ms / 1000).toFixed(2) + " s";
}
const two = (number, width = 2) => String(number).padStart(width, "0");
function clock(ts, precise) {
  const at = new Date(ts);
  const time = two(at.getHours()) + ":" + two(at.getMinutes()) + ":" + two(at.getSeconds());
  if (!precise) return time;
  return at.getFullYear() + "-" + two(at.getMonth() + 1) + "-" + two(at.getDate()) + " " + time + ts.slice(ts.indexOf("."), -1);
}

// ---- what comes

// A local socket has neither name nor port.
const from = (event) => event.peer ?? "unix:";

// What is in front: what was refused has no method and no target, but perhaps a first line.
function named(event) {
  if (event.method) return [event.method, event.target];
  const line = (event.head.data ?? "").trimStart().split("\n", 1)[0].trimEnd();
  return line ? ["refused", line] : ["no request", ""];
}

function take(key, event, length) {
  if (requests.some((known) => known.key === key) || held.some((known) => known.key === key)) return;
  const title = named(event).join(" ");
  const words = (title + " " + (event.status ?? "dropped") + " " + from(event) + " " + textOf(event.head) + " " +
    (event.body ? textOf(event.body) : "")).toLowerCase();
  const request = { key, event, size: length, words, row: null };
  if (paused) {
    held.push(request);
    if (held.length > LIMIT) held.shift();
    tell();
  } else show(request);
}

function show(request) {
  requests.push(request);
  weight += request.size;
  request.row = row(request);
  request.row.hidden = !passes(request);
  // Whoever reads further down is not moved.
  const box = list.parentElement, before = box.scrollHeight, top = box.scrollTop;
  list.prepend(request.row);
  if (top > 0) box.scrollTop = top + box.scrollHeight - before;
  if (wanted === request.key) open(request, false);
  while (requests.length > LIMIT || (weight > BYTES && requests.length > 1)) forget(requests[0]);
  settle();
}

function forget(request) {
  requests.splice(requests.indexOf(request), 1);
  weight -= request.size;
  request.row.remove();
  if (chosen === request) close();
}

function row(request) {
  const { event } = request, item = make("li", Date.now() - Date.parse(event.ts) < 3000 ? "fresh" : ""), button = make("button");
  button.type = "button";
  const line = make("span", "line");
  const [method, target] = named(event);
  line.append(make("span", "method", visible(method)), " " + visible(target));
  const under = make("span", "under");
  const holds = event.body ? size(event.body.length) : "";
  under.append(make("span", "", [from(event), holds].filter(Boolean).join(" · ")), make("span", "", clock(event.ts)));
  button.append(line, statusOf(event), under);
  button.addEventListener("click", () => open(request, true));
  item.append(button);
  return item;
}

function statusOf(event) {
  const status = make("span", "status", event.status ?? "dropped");
  status.dataset.kind = event.status ? String(event.status)[0] : "0";
  return status;
}

// ---- the list

function passes(request) {
  return filter.value.toLowerCase().split(/\s+/).every((word) => request.words.includes(word));
}
const shown = () => requests.filter((request) => !request.row.hidden).reverse();

function settle() {
  const count = shown().length;
  byId("empty").hidden = count > 0;
  byId("try").hidden = requests.length > 0;
  byId("empty-lead").textContent = requests.length > 0 ? "No request has these words." : "Nothing has been asked yet.";
  tell();
}

function tell() {
  document.title = (requests.length ? "(" + requests.length + ") " : "") + "Requests · sockkit";
  const words = { waiting: "connecting", live: "live", lost: "connection lost, trying again" }[state];
  const count = requests.length === 1 ? "1 request" : requests.length + " requests";
  byId("state").dataset.state = paused && state === "live" ? "paused" : state;
  byId("state").textContent = (paused ? "paused, " + held.length + " held back" : words) + (requests.length ? " · " + count : "");
}

function setPaused(on) {
  paused = on;
  byId("pause").setAttribute("aria-pressed", String(on));
  byId("pause").textContent = on ? "Resume" : "Pause";
  if (!on) for (const request of held.splice(0)) show(request);
  tell();
}

function clear() {
  for (const request of requests.splice(0)) request.row.remove();
  held.length = weight = 0;
  byId("missed").hidden = true;
  close();
  settle();
}

// ---- the chosen one

function open(request, byHand) {
  if (chosen) chosen.row.firstChild.removeAttribute("aria-current");
  chosen = request;
  request.row.firstChild.setAttribute("aria-current", "true");
  history.replaceState(null, "", "#" + request.key);
  views.body = null;
  details.hidden = false;
  main.classList.add("open");
  render();
  details.scrollTop = 0;
  if (byHand && narrow.matches) { main.scrollTop = 0; details.focus({ preventScroll: true }); }
}

function close() {
  if (!chosen) return;
  const button = chosen.row.firstChild;
  button.removeAttribute("aria-current");
  chosen = null;
  history.replaceState(null, "", location.pathname);
  details.hidden = true;
  main.classList.remove("open");
  if (button.isConnected) button.focus();
}

function step(by) {
  const all = shown();
  if (!all.length) return;
  const at = all.indexOf(chosen);
  const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))];
  open(next, false);
  next.row.firstChild.focus();
}

function render() {
  const { event } = chosen;
  const [method, target] = named(event);
  byId("method").textContent = visible(method);
  byId("target").textContent = visible(target);
  const facts = byId("facts");
  facts.replaceChildren();
  const fact = (name, value) => {
    const pair = make("div"), told = make("dd");
    told.append(value);
    pair.append(make("dt", "", name), told);
    facts.append(pair);
  };
  fact("answered", statusOf(event));
  fact("after", duration(event.duration_ms));
  if (event.message) fact("because", event.message);
  fact("from", from(event));
  if (event.version) fact("in", event.version);
  fact("at", clock(event.ts, true));
  renderPart("head", event.head);
  byId("body-section").hidden = !event.body;
  if (event.body) {
    const { length, cut } = event.body;
    byId("body-size").textContent = size(length) + (cut ? ", cut" : "");
    renderPart("body", event.body);
  }
  byId("calls-section").hidden = !event.calls.length;
  const calls = make("pre", narrow.matches ? "wraps" : "");
  for (const call of event.calls) calls.append(make("span", / = -1 E/.test(call) ? "failed" : "", visible(call)), "\n");
  byId("calls").replaceChildren(calls);
  byId("curl-section").hidden = !event.curl;
  byId("curl").replaceChildren(make("pre", "wraps", event.curl ?? ""));
  if (event.curl && event.body && event.body.cut) byId("curl").append(make("p", "note", "With as much of the body as was kept."));
}

function renderPart(name, part) {
  const views_ = document.querySelector('[data-part="' + name + '"]');
  const json = name === "body" ? pretty(textOf(part)) : null;
  const fields = name === "head" ? fieldsOf(textOf(part)) : null;
  const can = { json: json !== null, fields: fields !== null && chosen.event.method !== undefined, text: true, hex: true };
  let view = views[name] ?? (json !== null ? "json" : part.data !== undefined ? "text" : "hex");
  if (!can[view]) view = "text";
  for (const button of views_.children) {
    button.hidden = !can[button.dataset.view];
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
  const into = byId(name);
  into.replaceChildren();
  if (view === "hex") into.append(make("pre", "", hex(bytesOf(part))));
  else if (view === "json") into.append(json);
  else if (view === "fields") into.append(fields);
  else into.append(make("pre", "wraps", visible(textOf(part))));
  if (part.cut) into.append(make("p", "note", "Cut: these are the first " + size(bytesOf(part).length) + " of " + size(part.length) + "."));
}

function fieldsOf(head) {
  const table = make("table"), rows = table.appendChild(make("tbody"));
  for (const line of head.split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const row = make("tr"), name = make("th", "", visible(line.slice(0, colon)));
    name.scope = "row";
    row.append(name, make("td", "", visible(line.slice(colon + 1).trim())));
    rows.append(row);
  }
  return rows.children.length ? table : null;
}

const narrow = matchMedia("(max-width: 760px)");
narrow.addEventListener("change", () => { if (chosen) render(); });

function hex(bytes) {
  const lines = [], width = narrow.matches ? 8 : 16;
  for (let at = 0; at < bytes.length; at += width) {
    const row = bytes.subarray(at, at + width);
    let digits = "", letters = "";
    for (let index = 0; index < width; index++) {
      digits += (index === 8 ? " " : "") + (index < row.length ? two(row[index].toString(16)) + " " : "   ");
      if (index < row.length) letters += row[index] >= 32 && row[index] < 127 ? String.fromCharCode(row[index]) : ".";
    }
    lines.push(two(at.toString(16), narrow.matches ? 5 : 8) + "  " + digits + " |" + letters + "|");
  }
  return lines.join("\n");
}

// JSON is laid out token by token: a number keeps all its digits, and a name that is there twice stays there twice.
function pretty(text) {
  try { if (typeof JSON.parse(text) !== "object") return null; } catch { return null; }
  const pre = make("pre", "wraps");
  let depth = 0;
  const line = () => "\n" + "  ".repeat(Math.min(depth, 60));
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g) ?? [];
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (token === "{" || token === "[") {
      depth++;
      pre.append(token, next === "}" || next === "]" ? "" : line());
    } else if (token === "}" || token === "]") {
      depth--;
      const before = tokens[index - 1];
      pre.append((before === "{" || before === "[" ? "" : line()) + token);
    } else if (token === ",") pre.append(token + line());
    else if (token === ":") pre.append(": ");
    else {
      const kind = token[0] !== '"' ? (/[\d-]/.test(token[0]) ? "number" : "word") : next === ":" ? "key" : "string";
      pre.append(make("span", kind, visible(token)));
    }
  });
  return pre;
}

// ---- copying

async function copy(what) {
  if (!chosen) return;
  const { event } = chosen;
  const text = { curl: event.curl, calls: event.calls.join("\n"), head: textOf(event.head), body: event.body && textOf(event.body) }[what];
  if (!text) return say("There is nothing to copy.");
  let done = true;
  // The clipboard is there for secure origins only: an address of the local network is none.
  try { await navigator.clipboard.writeText(text); } catch { done = copyBySelection(text); }
  say(done ? "Copied." : "This browser does not let the page copy: select the text.");
}

function copyBySelection(text) {
  const area = make("textarea");
  area.value = text;
  area.className = "skip";
  document.body.append(area);
  const focused = document.activeElement;
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return done;
}

function say(words) {
  byId("said").textContent = words;
  clearTimeout(saidTimer);
  saidTimer = setTimeout(() => { byId("said").textContent = ""; }, 2500);
}

// ---- hands

filter.addEventListener("input", () => {
  for (const request of requests) request.row.hidden = !passes(request);
  settle();
});
filter.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { filter.value = ""; filter.dispatchEvent(new Event("input")); filter.blur(); }
});
byId("pause").addEventListener("click", () => setPaused(!paused));
byId("clear").addEventListener("click", clear);
byId("back").addEventListener("click", close);
for (const group of document.querySelectorAll(".views"))
  group.addEventListener("click", (event) => {
    const view = event.target.dataset.view;
    if (!view || !chosen) return;
    views[group.dataset.part] = view;
    renderPart(group.dataset.part, chosen.event[group.dataset.part]);
  });
for (const button of document.querySelectorAll(".copy")) button.addEventListener("click", () => copy(button.dataset.copy));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === filter) return;
  const scrolls = event.target.classList.contains("content");
  const action = {
    j: () => step(1), k: () => step(-1), "/": () => filter.focus(), p: () => setPaused(!paused), c: clear,
    u: () => copy("curl"), Escape: close,
    ArrowDown: scrolls ? null : () => step(1), ArrowUp: scrolls ? null : () => step(-1),
  }[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
byId("example").textContent = "curl " + location.origin + "/hello -d 'how=are you'";

// ---- the stream; the browser comes back by itself, and says what it had last

const stream = new EventSource("events");
stream.addEventListener("request", (message) => take(message.lastEventId, JSON.parse(message.data), message.data.length));
stream.addEventListener("missed", (message) => {
  byId("missed").hidden = false;
  byId("missed").textContent = message.data + " older requests are not kept any more.";
});
stream.onopen = () => { state = "live"; tell(); };
stream.onerror = () => { state = "lost"; tell(); };
settle();
