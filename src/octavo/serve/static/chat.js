// The chat page: asks through the same address as any client, shows the answer as it comes and its passages beside it.
// Everything that comes from a document or an answer is put in as text, never as markup.

const { model, command, needsKey } = document.body.dataset;
const at = (id) => document.getElementById(id);
const [turns, question, status] = [at("turns"), at("question"), at("status")];
const HISTORY = `octavo history ${model}`;
const MOST_TURNS = 50, SENT_TURNS = 4, AROUND = 6000;
let past = [];        // [{question, answer, details, error}], what is shown and what is kept on reload
let running = null;   // the AbortController of the question being answered
let opened = null;    // the chip whose passage is shown
let openings = 0;

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);   // strings become text nodes
  return element;
}

// Prose as paragraphs, examples (>>>, indented lines) as preformatted text.
function asBlocks(text) {
  const isCode = (line) => /^( {2}|\t|>>> |\.\.\. )/.test(line);
  const blocks = [];
  let inExample = false;
  for (const line of text.split("\n")) {
    const last = blocks.at(-1);
    if (!line.trim()) { inExample = false; if (last) last.lines.push(line); continue; }
    const code = isCode(line) || inExample;
    if (line.startsWith(">>> ")) inExample = true;
    if (last && last.code === code && (code || last.lines.at(-1).trim())) last.lines.push(line);
    else blocks.push({ code, lines: [line] });
  }
  return blocks.map(({ code, lines }) => {
    const whole = lines.join("\n").replace(/\s+$/, "");
    return code ? make("pre", "words", whole) : make("p", "words", ...withCode(whole));
  });
}

// `names` between backticks as code.
function withCode(text) {
  return text.split(/(``[^`\n]+``|`[^`\n]+`)/).map((part, place) =>
    place % 2 ? make("code", "", part.replace(/^`+|`+$/g, "")) : part);
}

function quoted(text) {
  return /^[^"\\$`!\n]*$/.test(text) ? `"${text}"` : `'${text.replaceAll("'", `'\\''`)}'`;
}

function headers() {
  const key = sessionStorage.getItem("octavo key");
  return key ? { authorization: `Bearer ${key}` } : {};
}

// ------------------------------------------------------------------ one turn

function addTurn(turn) {
  const body = make("div", "reply busy");
  body.append(make("p", "label", "Looking it up …"));
  const item = make("li", "", make("p", "asked", turn.question), body);
  turns.append(item);
  at("welcome").hidden = true;
  at("clear").disabled = false;
  item.scrollIntoView({ block: "end" });
  return body;
}

function showTurn(body, turn, done) {
  const { answer, details, error } = turn;
  body.classList.toggle("busy", !done);
  body.classList.toggle("failed", Boolean(error));
  body.classList.toggle("declined", Boolean(details?.declined));
  const parts = [];
  if (error) parts.push(make("p", "label", "This did not work"));
  if (details?.declined) parts.push(make("p", "label", "Declined"));
  if (details?.understood_as) parts.push(make("p", "label", `Understood as: ${details.understood_as}`));
  if (answer) parts.push(...asBlocks(answer));
  const named = details?.citations[0]?.document;   // a quotation of an object begins with its signature
  if (named && answer.startsWith(named)) parts.find((part) => part.classList.contains("words")).classList.add("head");
  if (error) parts.push(make("p", "", error));
  if (details?.declined && details.reason && !answer.includes(details.reason)) parts.push(make("p", "sure", `Why: ${details.reason}`));
  if (details?.citations.length) parts.push(chips(details.citations));
  if (done && details && !details.declined) parts.push(make("p", "sure", sureness(details)));
  if (parts.length) body.replaceChildren(...parts);
}

function sureness({ mode, confidence }) {
  const how = mode === "quote" ? "Quoted from the documents" : "Written by the model from the cited passages";
  return `${how} · ${Math.round(confidence * 100)} % sure that the first citation answers it`;
}

function chips(citations) {
  const list = make("ul", "citations");
  list.setAttribute("aria-label", "Citations");
  citations.forEach((citation, place) => {
    const chip = make("button", "chip", make("span", "number", String(place + 1)), make("span", "", citation.document));
    chip.type = "button";
    chip.setAttribute("aria-expanded", "false");
    chip.setAttribute("aria-controls", "passage");
    chip.addEventListener("click", () => openPassage(citation, chip));
    list.append(make("li", "", chip));
  });
  return list;
}

// ------------------------------------------------------------------ asking

async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) if (block.startsWith("data: ")) yield block.slice(6);
  }
}

function messagesFor(text) {
  const before = past.filter((turn) => turn.answer && !turn.error).slice(-SENT_TURNS);
  const messages = before.flatMap((turn) => [
    { role: "user", content: turn.question }, { role: "assistant", content: turn.answer }]);
  return [...messages, { role: "user", content: text }];
}

async function answer(turn, body) {
  running = new AbortController();
  const response = await fetch("/v1/chat/completions", {
    method: "POST", signal: running.signal, headers: { "content-type": "application/json", ...headers() },
    body: JSON.stringify({ model, messages: messagesFor(turn.question), stream: true }),
  });
  if (!response.ok) {
    if (response.status === 401 && at("key-form")) at("key-form").hidden = false;
    const refusal = await response.json().catch(() => null);
    throw new Error(refusal?.error?.message ?? `The server said ${response.status}`);
  }
  let whole = false;
  for await (const event of eventsOf(response)) {
    if (event === "[DONE]") { whole = true; break; }
    const data = JSON.parse(event);
    if (data.error) throw new Error(data.error.message);
    const delta = data.choices[0]?.delta ?? {};
    turn.answer += delta.content ?? "";
    turn.details = delta.octavo ?? turn.details;
    if (turn.answer) showTurn(body, turn, false);
  }
  if (!whole) throw new Error("The answer broke off");
}

async function ask(text) {
  const turn = { question: text, answer: "", details: null, error: "" };
  const body = addTurn(turn);
  showCommand(text);
  status.textContent = "Looking it up";
  at("send").hidden = true;
  at("stop").hidden = false;
  try {
    await answer(turn, body);
  } catch (error) {
    turn.error = error.name === "AbortError" ? "Stopped." : error.message || String(error);
  }
  running = null;
  at("send").hidden = false;
  at("stop").hidden = true;
  showTurn(body, turn, true);
  if (turn.details?.understood_as) showCommand(turn.details.understood_as);   // the command line knows no turn before
  body.parentElement.scrollIntoView({ block: "nearest" });
  status.textContent = turn.error || `${turn.details?.declined ? "Declined: " : "Answer: "}${turn.answer}`;
  if (body.isConnected) { past.push(turn); keep(); }   // it is not when the conversation was cleared
}

function showCommand(text) {
  at("command").textContent = `${command} ${text ? quoted(text) : '"…"'}`;
}

function keep() {
  past = past.slice(-MOST_TURNS);
  try { sessionStorage.setItem(HISTORY, JSON.stringify(past)); }
  catch { status.textContent = "The browser's storage is full: this conversation will not survive a reload"; }
}

// ------------------------------------------------------------------ the passage

async function openPassage(citation, chip) {
  const opening = ++openings;
  opened?.setAttribute("aria-expanded", "false");
  opened = chip;
  chip.setAttribute("aria-expanded", "true");
  let found = null, problem = "";
  try {
    const path = citation.document.split("/").map(encodeURIComponent).join("%2F");
    const response = await fetch(`/api/documents/${path}`, { headers: headers() });
    if (response.ok) found = await response.json();
    else problem = `The document can't be shown (${response.status}); this is the quoted passage.`;
  } catch (error) {
    problem = `The document can't be shown (${error.message}); this is the quoted passage.`;
  }
  if (opening !== openings) return;   // another passage was opened in the meantime
  showPassage(citation, found, problem);
}

function showPassage(citation, found, problem) {
  at("passage-title").textContent = citation.document;
  at("facts").replaceChildren(...facts(citation, found).flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]));
  at("signature").hidden = !found?.signature;
  at("signature").textContent = found?.signature ? `${citation.document.split(".").at(-1)}${found.signature}` : "";
  at("passage").hidden = false;
  // offsets count characters (code points); JavaScript's strings count UTF-16 units
  const characters = Array.from(found?.text ?? citation.text);
  const [start, end] = found ? [citation.start, citation.end] : [0, characters.length];
  const slice = (from, to) => characters.slice(Math.max(0, from), to).join("");
  const mark = make("mark", "", slice(start, end));
  const before = `${start > AROUND ? "… " : ""}${slice(start - AROUND, start)}`;
  const after = `${slice(end, end + AROUND)}${end + AROUND < characters.length ? " …" : ""}`;
  at("text").replaceChildren(...(problem ? [make("p", "notice", problem)] : []), before, mark, after);
  mark.scrollIntoView({ block: "center" });
  at("passage").focus({ preventScroll: true });
}

function facts(citation, found) {
  const characters = `${citation.start.toLocaleString("en")} – ${citation.end.toLocaleString("en")}`;
  return [
    ["Title", found?.title], ["Kind", found?.kind],
    ["Package", found?.package && `${found.package} ${found.version}`.trim()],
    ["Source", found?.file && (found.line ? `${found.file}:${found.line}` : found.file)],
    ["Also called", found?.aliases?.join(", ")], ["Characters", characters],
  ].filter(([, value]) => value);
}

function closePassage() {
  at("passage").hidden = true;
  opened?.setAttribute("aria-expanded", "false");
  opened?.focus();
  opened = null;
}

// ------------------------------------------------------------------ the page

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text || running) return;
  question.value = "";
  ask(text);
});
question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    at("ask").requestSubmit();
  }
});
question.addEventListener("input", () => showCommand(question.value.trim()));
at("stop").addEventListener("click", () => running?.abort());
at("close").addEventListener("click", closePassage);
at("clear").addEventListener("click", () => {
  running?.abort();
  past = [];
  sessionStorage.removeItem(HISTORY);
  if (!at("passage").hidden) closePassage();
  turns.replaceChildren();
  at("welcome").hidden = false;
  at("clear").disabled = true;
  showCommand("");
  question.focus();
});
at("copy").hidden = !navigator.clipboard;   // only where the address is trusted: this machine, or https
at("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(at("command").textContent);
  status.textContent = "Copied";
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !at("passage").hidden) closePassage();
});
at("key-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("octavo key", at("key").value.trim());
  at("key-form").hidden = true;
  question.focus();
});
if (needsKey === "yes" && sessionStorage.getItem("octavo key")) at("key-form").hidden = true;

try { past = JSON.parse(sessionStorage.getItem(HISTORY)) ?? []; } catch { past = []; }
for (const turn of past) showTurn(addTurn(turn), turn, true);
