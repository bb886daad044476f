"use strict";
// Listens for what became of each save, and changes what is another: the frames, the status, the findings.

const report = document.body.dataset.report;
const at = (id) => document.getElementById(id);
let state = {};

const view = () => document.querySelector("input[name=view]:checked").value;
const kilobytes = (bytes) => `${Math.round(bytes / 1024)} KB`;

function say(id, text) {
  const place = at(id);
  if (place.textContent !== text) place.textContent = text;
  place.hidden = text === "";
}

// A frame keeps the place to which it was scrolled: who works at the end of a mail is not thrown to its start.
function point(id, which, version) {
  const frame = at(id);
  const kind = view();
  const wanted = version ? `/show/${which}/${report}/${kind}?version=${version}` : "";
  frame.hidden = wanted === "";
  if (wanted === "" || frame.dataset.wanted === wanted) return;
  const isSame = frame.dataset.kind === kind;
  const top = isSame && frame.contentWindow ? frame.contentWindow.scrollY : 0;
  frame.dataset.wanted = wanted;
  frame.dataset.kind = kind;
  frame.onload = () => {
    frame.contentWindow.scrollTo(0, top);
    frame.dataset.shown = version;
  };
  frame.contentWindow.location.replace(wanted); // no entry in the tab's history
}

function status() {
  if (state.stage) return `${state.stage[0].toUpperCase()}${state.stage.slice(1)} …`;
  if (state.said) return state.said;
  if (state.state === "failed") return "Failed";
  const made = state.seconds ? `executed in ${state.seconds.toFixed(1)} s` : "not executed again";
  return `${state.state[0].toUpperCase()}${state.state.slice(1)}, ${made}`;
}

function show() {
  say("status", status());
  say("headline", state.headline || "");
  at("old").hidden = !state.is_old;
  const failure = state.failure || { title: "", source: "", traceback: "" };
  at("failure").hidden = failure.title === "";
  say("failure-title", failure.title);
  say("failure-source", failure.source);
  say("failure-traceback", failure.traceback);
  at("failure-behind").hidden = !state.version;
  at("panes").classList.toggle("behind", failure.title !== "");
  at("panes").classList.toggle("phone", view() === "phone");
  const findings = state.findings || [];
  at("found").hidden = findings.length === 0;
  at("findings").replaceChildren(...findings.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  at("now-title").textContent = state.edition || "This edition";
  const dropped = (state.dropped || []).length;
  const left = dropped ? `, ${dropped} parts of the notebook left out` : "";
  say("now-size", state.version ? `The mail ${kilobytes(state.mail_bytes)}, its HTML ${kilobytes(state.html_bytes)} of 78${left}` : "");
  at("before-title").textContent = state.before_edition || "The week before";
  say("before-which", state.before_version ? "The week before" : state.version ? state.before_none : "");
  point("now", "now", state.version);
  point("before", "before", state.before_version);
}

// A browser has six connections to one server: a tab that nobody sees gives its one back, and asks anew when it is seen.
let stream = null;
function listen() {
  if (stream) stream.close();
  stream = null;
  if (document.visibilityState === "hidden") return;
  stream = new EventSource(`/events?report=${report}`);
  stream.onmessage = (event) => {
    state = JSON.parse(event.data);
    show();
  };
  stream.onerror = () => say("status", "The preview has ended. Start it again, and this page goes on.");
}
document.addEventListener("visibilitychange", listen);
listen();
for (const input of document.querySelectorAll("input[name=view]")) {
  input.addEventListener("change", () => {
    history.replaceState(null, "", `#${view()}`);
    keep();
    show();
  });
}

// The view stays the same from report to report.
function keep() {
  for (const link of document.querySelectorAll("nav a")) link.hash = location.hash;
}
const asked = document.querySelector(`input[name=view][value="${CSS.escape(location.hash.slice(1))}"]`);
if (asked) asked.checked = true;
keep();
