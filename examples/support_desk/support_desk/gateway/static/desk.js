// Shows what comes later than the page: the summary as it streams, and who answered.

const rows = document.querySelector("#answered tbody");
const summary = document.querySelector("#summary");

function answered(timings) {
  for (const { name, description, duration } of timings) {
    const known = [...rows.rows].find(
      (row) => row.cells[0].textContent === name && row.cells[1].textContent === description);
    if (known) continue; // the page's own call came first
    const row = rows.insertRow();
    for (const value of [name, description, duration.toFixed(1)]) {
      row.insertCell().textContent = value;
    }
  }
}

// Of the form `tickets;desc="main.0";dur=1.5, …`: the browser parses a page's own, not a fetch's.
function parsed(header) {
  return [...header.matchAll(/([\w-]+);desc="([^"]*)";dur=([\d.e+-]+)/g)]
    .map(([, name, description, duration]) => ({ name, description, duration: Number(duration) }));
}

async function stream() {
  const response = await fetch(summary.dataset.source);
  if (!response.ok) {
    summary.append(Object.assign(document.createElement("li"),
      { textContent: "The summarizer is away.", className: "away" }));
    return;
  }
  answered(parsed(response.headers.get("server-timing") ?? ""));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (rest + part.value).split("\n\n");
    rest = events.pop();
    for (const event of events) show(event);
  }
  summary.dataset.done = "true";
}

function show(event) {
  const fields = Object.fromEntries(event.split("\n").map((line) => line.split(/: (.*)/s)));
  if (fields.event !== "sentence") return;
  summary.append(Object.assign(document.createElement("li"),
    { textContent: JSON.parse(fields.data) }));
}

// A ticket that nobody has read yet: look again, but take nothing away that is being written.
const pending = document.querySelector("#pending");
let writing = false;
document.querySelector("form").addEventListener("input", () => { writing = true; });

async function lookAgain() {
  const answer = await fetch(pending.dataset.source);
  const done = answer.ok && (await answer.json()).status !== "pending";
  if (!done) return setTimeout(lookAgain, 2000);
  if (!writing) return location.replace(pending.dataset.page);
  pending.replaceChildren(Object.assign(document.createElement("a"),
    { href: pending.dataset.page, textContent: "It has been read: show it." }));
}

if (pending) setTimeout(lookAgain, 2000);

if (summary) {
  answered(performance.getEntriesByType("navigation")[0]?.serverTiming ?? []);
  stream();
}
