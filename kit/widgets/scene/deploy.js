// The deploy panel: set a plan on the picture itself, predict, deploy for real, play it back, look into it.

import { html, nothing, render } from "lit-html";
import { say, sayInstant } from "./axis.js";
import { drawInspector } from "./inspect.js";
import { axisOf, barAt, drawLanes, gutter, LIMITS, valueAt } from "./lanes.js";
import { drawPlaces } from "./places.js";
import { predict } from "./plan.js";
import { drawRoute } from "./route.js";
import { count, countUntil, OUTCOMES, until, views } from "./run.js";
import { drawStrips } from "./strips.js";

/** @typedef {import("./plan.js").Plan} Plan */
/** @typedef {import("./plan.js").Rules} Rules */
/** @typedef {import("./run.js").Run} Run */
/** @typedef {import("./lanes.js").Knob} Knob */
/** @typedef {import("./lanes.js").Scene} Scene */
/** @typedef {import("./inspect.js").Detail} Detail */
/** @typedef {{kind: "" | "never" | "silent" | "loud", seconds: number}} Answer */
/** @typedef {{state: string, said: string, run: number}} Status */
/** @typedef {{rules: Rules, patterns: string, names: Record<string, Record<string, string>>, means: Record<string, string>, predict_first: boolean, knob: string}} Setup */
/**
 * What the kernel and the page agree on; see deploy_panel.py.
 * @typedef {{plan: Plan, answer: Answer, shown: boolean, status: Status, runs: Run[], setup: Setup}} State
 */
/** @typedef {import("@anywidget/types").AnyModel<State>} Model */

const LOST = "The kernel has gone; what was measured stays. Run the notebook's setup, then this cell again.";
const ACTIVE = ["preparing", "deploying", "stopping"];
const NARROW = 240;
const PATIENCE_MS = 500; // after which a click that has had no answer says that it waits
/** Seconds of a run that pass in one. */
const PACES = [0.25, 1, 4, 12, 40];

/** When somebody came last, so that the bar has a page view in it, also after the last visitor. @param {Scene} scene */
function lastCome(scene) {
  const all = scene.run ? views(scene.run) : [];
  const came = countUntil(all, scene.at);
  // Just after it: a bar begins with the instant that it is named after.
  return came ? all[came - 1].at + 1e-6 : scene.at;
}

/** @param {{start: number, end: number}} bar @returns {[number, number]} */
function bounds({ start, end }) {
  return [start, end];
}

class Panel {
  /** @param {Model} model @param {HTMLElement} el @param {AbortSignal} signal */
  constructor(model, el, signal) {
    this.model = model;
    this.el = el;
    /** The kernel's own id may hold what an SVG reference may not. */
    this.ident = `kw${Math.random().toString(36).slice(2, 10)}`;
    this.setup = model.get("setup");
    this.patterns = this.setup.patterns.replaceAll("IDENT", this.ident);
    /** @type {Run[]} */
    this.runs = model.get("runs").map((run) => ({ ...run }));
    /** @type {Run | null} */
    this.shown = this.runs.at(-1) ?? null;
    /** @type {Run | null} */
    this.ghost = null;
    /** @type {Map<string, Detail>} */
    this.details = new Map();
    /** @type {{start: number, end: number} | null} */
    this.bar = null;
    /** @type {number | null} */
    this.view = null;
    this.at = Infinity;
    this.playing = false;
    this.pace = 12;
    this.width = 0;
    this.note = "";
    this.lost = false; // the kernel
    this.asked = 0;
    this.unanswered = false;
    /** @type {import("./axis.js").Axis | null} */
    this.still = null;
    this.heard = 0;
    this.ticked = 0;
    this.frame = 0;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");

    for (const name of /** @type {const} */ (["plan", "answer", "shown", "status", "runs"])) {
      const change = () => this.changed(name);
      model.on(`change:${name}`, change);
      signal.addEventListener("abort", () => model.off(`change:${name}`, change));
    }
    /** @param {any} message */
    const hear = (message) => this.hear(message);
    model.on("msg:custom", hear);
    const lose = () => this.lose();
    model.on("comm_live_update", lose);
    const observer = new ResizeObserver(([entry]) => {
      this.width = Math.floor(entry.contentRect.width);
      this.draw();
    });
    observer.observe(el);
    signal.addEventListener("abort", () => {
      model.off("msg:custom", hear);
      model.off("comm_live_update", lose);
      observer.disconnect();
      cancelAnimationFrame(this.frame);
    });
    if (ACTIVE.includes(this.status.state)) this.ask({ do: "hello" }); // a run goes on that this view has not seen
  }

  // What is true

  get plan() {
    return this.model.get("plan");
  }

  get status() {
    return this.model.get("status");
  }

  get active() {
    return !this.lost && ACTIVE.includes(this.status.state);
  }

  /** Whether the prediction may be seen. */
  get foreseen() {
    return this.model.get("shown") || (this.shown !== null && this.shown.ended);
  }

  /** @param {Partial<Plan>} change */
  set(change) {
    if (this.active) return;
    this.shown = null;
    this.ghost = null;
    this.bar = null;
    this.note = "";
    this.at = Infinity;
    this.model.set("plan", { ...this.plan, ...change });
    this.draw();
  }

  /** Tell the kernel what was set. */
  save() {
    this.model.save_changes();
  }

  /** @param {Record<string, unknown>} message */
  ask(message) {
    this.model.send(message);
  }

  // What comes from the kernel

  /** It was restarted or has ended: what it told stays, and can be played back. */
  lose() {
    this.lost = true;
    this.asked = 0;
    this.endRuns();
    this.draw();
  }

  /** Nobody goes on with what has not ended yet. */
  endRuns() {
    for (const run of this.runs) {
      if (!run.ended) Object.assign(run, { ended: true, end: "stopped" });
    }
  }

  /** @param {keyof State} name */
  changed(name) {
    if (name === "status") {
      this.asked = 0;
      this.note = "";
    }
    if (name === "runs") {
      for (const run of this.model.get("runs")) {
        const known = this.runs.find((each) => each.id === run.id);
        if (known) Object.assign(known, run, { rows: run.rows });
        else this.runs.push({ ...run });
      }
      if (this.lost) this.endRuns(); // told before the kernel went, and heard afterwards
    }
    if (name === "plan" && this.shown && JSON.stringify(this.shown.plan) !== JSON.stringify(this.plan)) this.shown = null;
    this.draw();
  }

  /** @param {any} message */
  hear(message) {
    if (message.type === "view") {
      this.details.set(`${message.run} ${message.id}`, message.view);
      this.draw();
      return;
    }
    if (message.type !== "run") return;
    let run = this.runs.find((each) => each.id === message.id);
    if (!run) {
      run = { id: message.id, plan: message.plan, ended: false, end: "", seen: null, rows: [], grades: [], reason: "" };
      this.runs.push(run);
      this.shown = run;
      this.ghost = null;
      this.bar = null;
      this.view = null;
      this.pace = run.plan.clock === "virtual" ? 12 : 4;
      this.playing = run.plan.clock === "virtual";
      this.at = run.plan.clock === "virtual" ? -Infinity : Infinity;
    }
    if (run.ended) return;
    run.seen = message.seen;
    const known = run.rows.length;
    run.rows = message.first === known ? [...run.rows, ...message.rows] : message.first < known ? [...run.rows.slice(0, message.first), ...message.rows] : run.rows;
    if (message.first > known) this.ask({ do: "hello" }); // something was missed
    this.heard = performance.now();
    this.draw();
  }

  // Time

  /** The instant up to which the run is shown. */
  get instant() {
    const seen = this.shown?.seen;
    if (!seen) return 0;
    if (this.at === Infinity) {
      if (this.shown?.ended || this.calm.matches) return seen.now;
      // Between two messages the hand goes on with the clock, and what is known is shown at its instant.
      return seen.now + Math.min(0.5, (performance.now() - this.heard) / 1000);
    }
    return Math.min(seen.now, Math.max(seen.start, this.at));
  }

  /** @param {number} now */
  tick(now) {
    this.frame = 0;
    const passed = this.ticked ? Math.min(0.25, (now - this.ticked) / 1000) : 0;
    this.ticked = now;
    const run = this.shown;
    if (this.playing && run?.seen) {
      const start = this.at === Infinity || this.at < run.seen.start ? run.seen.start : this.at;
      this.at = Math.min(run.seen.now, start + passed * this.pace);
      if (this.at >= run.seen.now && run.ended) {
        this.playing = false;
        this.at = Infinity;
      }
    }
    this.draw();
  }

  /** Draw again with the next frame as long as something moves. */
  schedule() {
    const live = this.shown !== null && !this.shown.ended;
    const moves = (live || this.playing) && !this.calm.matches;
    if (!moves) {
      this.ticked = 0;
      if (this.playing && this.calm.matches) {
        this.playing = false;
        this.at = Infinity;
      }
      return;
    }
    if (!this.frame) this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  play() {
    if (this.calm.matches) return;
    this.playing = !this.playing;
    this.ticked = 0;
    if (this.playing && this.shown?.seen && (this.at === Infinity || this.at >= this.shown.seen.now)) this.at = this.shown.seen.start;
    this.draw();
  }

  /** @param {number} at */
  seek(at) {
    this.playing = false;
    this.at = at;
    this.draw();
  }

  // What one does

  /** @param {boolean} blindly */
  deploy(blindly) {
    const answer = this.model.get("answer");
    const complete = answer.kind === "never" || (answer.kind !== "" && answer.seconds > 0);
    if (this.setup.predict_first && !blindly && !complete) {
      this.unanswered = true;
      this.note = answer.kind ? "For how many seconds? Or deploy without an answer." : "Predict first: will it break? Or deploy without an answer.";
      this.draw();
      return;
    }
    this.unanswered = false;
    this.save();
    this.ask({ do: "deploy", blindly });
    this.wait();
  }

  stop() {
    this.ask({ do: "stop" });
    this.wait();
  }

  /** Say at once that it was heard; and if the kernel does not answer, that it is busy. */
  wait() {
    const asked = performance.now();
    this.asked = asked;
    this.note = "Asked the kernel.";
    setTimeout(() => {
      if (this.asked !== asked) return;
      this.note = "The kernel is busy: this waits for the cell that runs.";
      this.draw();
    }, PATIENCE_MS);
    this.draw();
  }

  /** @param {Partial<Answer>} change */
  answer(change) {
    this.model.set("answer", { ...this.model.get("answer"), ...change });
    this.save();
    this.note = "";
    this.unanswered = false;
    this.draw();
  }

  /** @param {Knob} knob @param {PointerEvent} event */
  grab(knob, event) {
    if (this.active || event.button) return;
    const handle = /** @type {SVGGElement} */ (event.currentTarget);
    const drawing = /** @type {SVGSVGElement} */ (handle.ownerSVGElement);
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    this.set({});
    this.still = axisOf(this.scene());
    /** @param {PointerEvent} moved */
    const move = (moved) => {
      const frame = drawing.getBoundingClientRect();
      const value = valueAt(this.scene(), knob, moved.clientX - frame.left, moved.clientY - frame.top);
      if (value !== this.plan[knob]) this.set({ [knob]: value });
    };
    const drop = () => {
      handle.removeEventListener("pointermove", move);
      this.still = null;
      this.save();
      this.draw();
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", drop, { once: true });
  }

  /** @param {Knob} knob @param {KeyboardEvent} event */
  press(knob, event) {
    const { low, high, step } = LIMITS[knob];
    const now = this.plan[knob];
    /** @type {Record<string, number>} */
    const keys = { ArrowRight: now + step, ArrowUp: now + step, ArrowLeft: now - step, ArrowDown: now - step, PageUp: now + 10 * step, PageDown: now - 10 * step, Home: low, End: high };
    if (!(event.key in keys) || this.active) return;
    event.preventDefault();
    event.stopPropagation();
    this.set({ [knob]: Math.min(high, Math.max(low, keys[event.key])) });
    this.save();
  }

  /** @param {number} id */
  look(id) {
    this.view = id;
    const run = this.shown;
    if (run && !this.lost && !this.details.has(`${run.id} ${id}`)) this.ask({ do: "view", run: run.id, id });
    this.draw();
  }

  // What it shows

  /** @returns {Scene} */
  scene() {
    const small = this.setup.knob !== "";
    /** @type {Knob[]} */
    const every = this.plan.order === "code-first" ? ["wait", "build", "rate"] : ["build", "rate"];
    const knobs = small ? every.filter((each) => each === this.setup.knob) : every;
    const run = this.shown;
    return {
      width: Math.max(NARROW, this.width),
      ident: this.ident,
      patterns: this.patterns,
      plan: run ? run.plan : this.plan,
      rules: this.setup.rules,
      run,
      ghost: this.ghost,
      at: this.instant,
      foreseen: this.foreseen,
      running: run !== null && (!run.ended || this.instant < (run.seen?.now ?? 0)),
      still: this.still,
      knobs: this.active || run ? [] : knobs,
      chosen: this.bar,
      grab: (knob, event) => this.grab(knob, event),
      press: (knob, event) => this.press(knob, event),
      choose: (start, end) => {
        this.bar = { start, end };
        this.view = null;
        this.playing = false;
        this.draw();
      },
    };
  }

  draw() {
    if (!this.width) return;
    const scene = this.scene();
    const small = this.setup.knob !== "";
    render(
      html`<div class="kw-panel-deploy">
        ${small ? nothing : this.drawChoices()}
        <div class="kw-go">${small ? nothing : this.drawAnswer()}${this.drawButtons()}</div>
        <p class="kw-live" role="status" aria-live="polite">${this.say()}</p>
        ${this.drawHead(scene)}
        ${drawLanes(scene)}
        ${this.drawPlayer(scene)}
        ${this.drawError(scene)}
        ${this.bar && this.shown ? this.drawInspector() : small ? nothing : html`${this.drawDetails(scene)}${this.drawVerdict(scene)}`}
        ${small ? nothing : drawStrips(this.runs.filter((run) => run.ended), this.shown, this.ghost, this.ident, this.setup.names, (run) => this.show(run), (run) => this.lay(run))}
      </div>`,
      this.el,
    );
    this.schedule();
  }

  say() {
    if (this.lost) return LOST;
    if (this.note) return this.note;
    return this.status.said;
  }

  drawChoices() {
    const { names } = this.setup;
    const { plan } = this;
    return html`<div class="kw-choices">
      ${this.drawChoice("Change", "change", names.change, plan.change)}
      ${this.drawChoice("Order", "order", names.order, plan.order)}
      ${this.drawChoice("On an error", "handling", names.handling, plan.handling)}
      ${this.drawChoice("Clock", "clock", names.clock, plan.clock)}
    </div>`;
  }

  /** @param {string} legend @param {keyof Plan} key @param {Record<string, string>} options @param {unknown} value */
  drawChoice(legend, key, options, value) {
    return html`<fieldset ?disabled=${this.active}><legend>${legend}</legend>${Object.entries(options).map(
      ([option, words]) => html`<label><input type="radio" name="${this.ident}-${key}" data-lm-suppress-shortcuts .checked=${option === value}
        @change=${() => {
          this.set({ [key]: option });
          this.save();
        }} /><span>${words}</span></label>`,
    )}</fieldset>`;
  }

  drawAnswer() {
    if (!this.setup.predict_first) return nothing;
    const answer = this.model.get("answer");
    /** @type {Record<string, string>} */
    const kinds = { never: "never breaks", silent: "breaks silently", loud: "breaks loudly" };
    return html`<fieldset class="kw-answer" ?disabled=${this.active}><legend>Predict first</legend>${Object.entries(kinds).map(
      ([kind, words]) => html`<label><input type="radio" name="${this.ident}-answer" data-lm-suppress-shortcuts .checked=${kind === answer.kind}
        @change=${() => this.answer({ kind: /** @type {Answer["kind"]} */ (kind) })} /><span>${words}</span></label>`,
    )}<label class="kw-number">for <input type="number" min="0" max="120" step="0.5" data-lm-suppress-shortcuts aria-label="For how many seconds?" .value=${String(answer.seconds || "")}
        ?disabled=${answer.kind === "never"} @change=${(/** @type {Event} */ event) => this.answer({ seconds: Number(/** @type {HTMLInputElement} */ (event.target).value) || 0 })} /> s</label></fieldset>`;
  }

  drawButtons() {
    const stopping = this.status.state === "stopping";
    return html`<div class="kw-buttons">
      <button type="button" class="kw-primary" ?disabled=${this.active || this.lost} @click=${() => this.deploy(false)}>${this.active ? "Deploying..." : "Deploy for real"}</button>
      ${this.unanswered && !this.active ? html`<button type="button" @click=${() => this.deploy(true)}>Without an answer</button>` : nothing}
      ${this.active ? html`<button type="button" ?disabled=${stopping} @click=${() => this.stop()}>Stop</button>` : nothing}
      ${this.shown && !this.active ? html`<button type="button" @click=${() => this.set({})}>Change the plan</button>` : nothing}
      ${this.setup.predict_first ? html`<label class="kw-show"><input type="checkbox" data-lm-suppress-shortcuts .checked=${this.model.get("shown")}
        @change=${(/** @type {Event} */ event) => {
          this.model.set("shown", /** @type {HTMLInputElement} */ (event.target).checked);
          this.save();
          this.draw();
        }} /> Show the prediction</label>` : nothing}
    </div>`;
  }

  /** @param {Scene} scene */
  drawHead(scene) {
    const { run, at } = scene;
    let text = "Not deployed yet";
    let detail = this.describe(scene.plan);
    if (run?.seen && (run.ended ? at >= run.seen.now : true)) {
      ({ text, detail } = run.seen.head);
    } else if (run?.seen) {
      const seen = until(run.seen, at);
      const broken = seen.windows.some((window) => window.open);
      const counts = count(views(run).slice(0, countUntil(views(run), at)));
      text = broken ? `Broken at ${sayInstant(at)}` : `Works at ${sayInstant(at)}`;
      detail = OUTCOMES.filter((name) => counts[name]).map((name) => `${counts[name]} ${name}`).join(", ");
    } else if (!run && scene.foreseen) {
      const expected = predict(scene.plan, scene.rules);
      text = expected.window ? `Predicted: broken for ${say(expected.window.end - expected.window.start)}` : "Predicted: never broken";
      detail = expected.window ? `about ${expected.lost} page views ${scene.plan.handling === "loud" ? "fail" : "lost"}; ${detail}` : detail;
    }
    return html`<p class="kw-head"><strong>${text}</strong> <span class="kw-soft">${detail}</span></p>`;
  }

  /** @param {Plan} plan */
  describe(plan) {
    const wait = plan.order === "code-first" ? ` after ${say(plan.wait)}` : "";
    return `${this.setup.names.order[plan.order]}${wait}; a build of ${say(plan.build)}; ${plan.rate} page views a second`;
  }

  /** @param {Scene} scene */
  drawPlayer(scene) {
    const seen = scene.run?.seen;
    const usable = Boolean(seen && (scene.run?.ended || scene.run?.plan.clock === "virtual"));
    const value = seen ? Math.min(seen.now, this.instant) : 0;
    const line = axisOf(scene);
    return html`<div class="kw-player" ?inert=${!usable} style="--kw-gutter:${gutter(scene.width)}px">
      <span class="kw-play"><button type="button" ?disabled=${!usable || this.calm.matches} aria-label=${this.playing ? "Pause" : "Play it again"} @click=${() => this.play()}>${this.playing ? "❚❚" : "▶"}</button>
      <select data-lm-suppress-shortcuts aria-label="Pace" ?disabled=${!usable} @change=${(/** @type {Event} */ event) => {
        this.pace = Number(/** @type {HTMLSelectElement} */ (event.target).value);
      }}>${PACES.map((pace) => html`<option value=${pace} ?selected=${pace === this.pace}>${pace} ×</option>`)}</select></span>
      <input type="range" data-lm-suppress-shortcuts ?disabled=${!usable} aria-label="Instant that is shown" aria-valuetext="${sayInstant(value)} since git push"
        min=${line.start} max=${line.end} step="0.01" .value=${String(value)}
        @input=${(/** @type {Event} */ event) => this.seek(Number(/** @type {HTMLInputElement} */ (event.target).value))} />
    </div>`;
  }

  /** @param {Scene} scene */
  drawError(scene) {
    const seen = scene.run?.seen;
    const error = seen && until(seen, scene.at).error;
    const look = seen ? html`<button type="button" class="kw-look" @click=${() => scene.choose(...bounds(barAt(scene, lastCome(scene))))}>Look into this instant</button>` : nothing;
    if (!error) return html`<p class="kw-error"><span class="kw-soft">${seen ? "No error of the database so far." : "Nobody has visited yet."}</span>${look}</p>`;
    return html`<p class="kw-error"><code class="kw-state">${error.sqlstate}</code> <code>${error.message}</code>
      <span class="kw-soft">first at ${sayInstant(error.at)}; the visitor got status ${error.status}</span>${look}</p>`;
  }

  /** @param {Scene} scene */
  drawDetails(scene) {
    const whole = scene.run?.seen ?? null;
    const seen = whole && until(whole, scene.at);
    const expected = predict(scene.plan, scene.rules);
    return html`<div class="kw-details">
      ${drawPlaces(expected, seen, whole, scene.run, scene.at, this.ident)}
      ${drawRoute(expected, seen, scene.run, scene.foreseen, this.ident)}
      ${this.drawNumbers(scene)}
    </div>`;
  }

  /** @param {Scene} scene */
  drawNumbers(scene) {
    const { run, at } = scene;
    const all = run ? views(run) : [];
    const counts = count(all.slice(0, countUntil(all, at)));
    const total = OUTCOMES.reduce((sum, name) => sum + counts[name], 0);
    return html`<div class="kw-numbers"><table><caption>Page views</caption>
      <tbody>${OUTCOMES.map((name) => html`<tr><th scope="row"><svg class="kw-drawing kw-swatch" width="12" height="12" aria-hidden="true"><rect class="kw-${name}" width="12" height="12" fill=${name === "ok" ? nothing : `url(#${this.ident}-${name})`} /></svg>${name}</th><td>${counts[name]}</td><td class="kw-soft">${this.setup.means[name]}</td></tr>`)}
      <tr><th scope="row">all</th><td>${total}</td><td></td></tr></tbody></table>
    </div>`;
  }

  /** What was said before the run beside what it was, and why. @param {Scene} scene */
  drawVerdict(scene) {
    const { run } = scene;
    if (!run?.ended || !(run.grades.length || run.reason)) return nothing;
    return html`<div class="kw-judged">
      ${run.grades.length ? html`<table class="kw-grades"><caption>Your answer</caption><tbody>${run.grades.map(
        ({ question, said, was, right }) => html`<tr><th scope="row">${question}</th><td>${said}</td><td>${right ? "✓ right" : `✗ it was ${was}`}</td></tr>`,
      )}</tbody></table>` : nothing}
      ${run.reason ? html`<p class="kw-reason">${run.reason}</p>` : nothing}</div>`;
  }

  drawInspector() {
    const run = /** @type {Run} */ (this.shown);
    const bar = /** @type {{start: number, end: number}} */ (this.bar);
    const detail = this.view === null ? undefined : this.details.get(`${run.id} ${this.view}`);
    return drawInspector(run, bar, this.instant, this.view, detail, this.lost ? "The kernel, which knew this, has gone." : "Asked the kernel for it.", (id) => this.look(id), () => {
      this.bar = null;
      this.draw();
    });
  }

  /** @param {Run} run */
  show(run) {
    if (this.active) return;
    this.shown = run;
    this.ghost = null;
    this.bar = null;
    this.at = Infinity;
    this.playing = false;
    this.draw();
  }

  /** @param {Run} run */
  lay(run) {
    this.ghost = this.ghost === run ? null : run;
    this.draw();
  }
}

export default {
  /** @param {{model: Model, el: HTMLElement, signal: AbortSignal}} given */
  render({ model, el, signal }) {
    el.classList.add("kw-deploy");
    new Panel(model, el, signal);
  },
};
