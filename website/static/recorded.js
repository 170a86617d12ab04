// Plays a recorded run in the deploy panel where there is no kernel: the panel's own module, on a model
// that answers from a record what a kernel would have measured anew.

import panel from "./deploy.js";

const NOT_RECORDED = "Nothing can be deployed on a page. Recorded for it were: ";
const LAB = " Any other plan you deploy for real in the kit itself: make lab.";

/** A model as anywidget has them, whose other side is a record. */
class Recorded {
  /** @param {string} address @param {any} record */
  constructor(address, record) {
    this.address = address;
    this.record = record;
    /** Which recorded run each shown one is, by its id. */
    this.numbers = new Map([[1, 0]]);
    this.state = structuredClone(record.state);
    /** @type {Map<string, Set<(message: any) => void>>} */
    this.listeners = new Map();
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    this.state[name] = value;
    this.tell(`change:${name}`);
  }

  save_changes() {}

  on(event, callback) {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event).add(callback);
  }

  off(event, callback) {
    this.listeners.get(event)?.delete(callback);
  }

  tell(event, message) {
    for (const callback of [...(this.listeners.get(event) ?? [])]) callback(message);
  }

  send(message) {
    if (message.do === "view") this.show(message);
    // Later, as a kernel answers: the panel first writes down that it has asked.
    if (message.do === "deploy") queueMicrotask(() => this.deploy(message.blindly === true));
  }

  /** Somebody wants to see what a visitor got. */
  async show({ run, id }) {
    this.views ??= load(this.address.replace(".json", "-views.json"));
    const details = (await this.views)[this.numbers.get(run)];
    const view = details?.views[id];
    if (!view) return;
    const found = Object.fromEntries(Object.entries(view).map(([name, lines]) => [name, lines.map((at) => details.lines[at]).join("\n")]));
    this.tell("msg:custom", { type: "view", run, id, view: found });
  }

  /** Play the run of the plan that is set, if it was recorded. */
  deploy(blindly) {
    const plan = JSON.stringify(this.state.plan);
    const at = this.record.runs.findIndex((run) => JSON.stringify(run.plan) === plan);
    if (at < 0) {
      const known = this.record.names.join("; ");
      this.set("status", { state: "failed", said: `${NOT_RECORDED}${known}.${LAB}`, run: 0 });
      return;
    }
    const id = this.state.runs.length + 1;
    this.numbers.set(id, at);
    const answer = blindly ? null : this.state.answer;
    const run = { ...this.record.runs[at], id, grades: answer?.kind ? grade(answer, this.record.runs[at].seen) : [] };
    this.tell("msg:custom", { type: "run", id, plan: run.plan, seen: run.seen, first: 0, rows: run.rows });
    this.set("runs", [...this.state.runs, run]);
    this.set("answer", { kind: "", seconds: 0 });
    this.set("status", { state: "done", said: this.record.said[at], run: id });
  }
}

const LOUDNESS = { silent: "silently: the page looks fine", loud: "loudly: visitors see an error" };

/** What was foreseen, beside what was measured: the rule of kit/widgets/answers.py. */
function grade(answer, seen) {
  const broke = seen.windows.length > 0;
  const breaks = answer.kind !== "never";
  const grades = [{ question: "Will production break?", said: breaks ? "yes" : "no", was: broke ? "yes" : "no", right: breaks === broke }];
  if (!broke) return grades;
  const { broken_s: long, loudness } = seen.measured;
  const near = Math.abs(answer.seconds - long) <= Math.max(0.5, 0.2 * long);
  const say = (seconds) => `${Number(seconds.toFixed(1))} s`;
  grades.push({ question: "For how long?", said: say(answer.seconds), was: say(long), right: breaks && near });
  const said = breaks ? LOUDNESS[answer.kind] : "not at all";
  grades.push({ question: "Silently or loudly?", said, was: LOUDNESS[loudness], right: answer.kind === loudness });
  return grades;
}

/** @param {string} name */
async function load(name) {
  return (await fetch(new URL(name, import.meta.url))).json();
}

async function play(place) {
  const record = await load(place.dataset.record);
  const model = new Recorded(place.dataset.record, record);
  const element = document.createElement("div");
  panel.render({ model, el: element, signal: new AbortController().signal });
  const choices = document.createElement("p");
  choices.className = "kit-recorded-runs";
  choices.append("Recorded runs: ");
  record.names.forEach((name, at) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
    button.addEventListener("click", () => {
      model.set("plan", record.runs[at].plan);
      model.deploy(true);
    });
    choices.append(button, " ");
  });
  place.replaceChildren(choices, element);
  place.dataset.plays = "true";
}

for (const place of document.querySelectorAll(".kit-recorded")) {
  play(place).catch(() => {
    place.dataset.plays = "false"; // what is drawn there without a script stays
  });
}
