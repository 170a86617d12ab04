// The stage: where everything is and what visitors meet, of the world in which something happens.

import { html, nothing, render, svg } from "lit-html";
import { guard } from "lit-html/directives/guard.js";
import { unsafeSVG } from "lit-html/directives/unsafe-svg.js";
import { axis, fit, say, sayInstant } from "./axis.js";
import { BARS, box, drawBars, drawShade, drawStrip, drawTicks } from "./lanes.js";
import { drawWays, MAP, PLACES, drawPlace, onWay } from "./map.js";
import { countUntil, OUTCOMES, seconds } from "./run.js";

/** @typedef {import("./run.js").View} View */
/** @typedef {import("./run.js").Segment & {texts: string[]}} Part */
/** @typedef {{at: number, way: string}} Flight */
/**
 * What the kernel tells; times in seconds of the world's clock. What only another record than a page view can
 * change is left out where there was none; here it is what was told of it last.
 * @typedef {object} Told
 * @property {boolean} anew
 * @property {number} now
 * @property {number} zero
 * @property {boolean} pushed whether `zero` is a push of main
 * @property {number} start
 * @property {number} rate
 * @property {string} title
 * @property {boolean} wall
 * @property {{clone: string, command: string} | null} doing
 * @property {[number, number, number][]} rows
 * @property {Flight[]} flights
 * @property {{at: number, places: Record<string, import("./map.js").Place>, says: string, gap: boolean}[]} turns what production was from an instant on
 * @property {number} since from when on nothing of this world was told before
 * @property {Part[]} code
 * @property {Part[]} schema
 * @property {(import("./run.js").Build & {word: string})[]} builds
 * @property {{at: number, text: string}[]} marks
 * @property {import("./plan.js").Span[]} windows
 * @property {Record<string, number>} counts
 * @property {Record<string, import("./map.js").Place>} [places]
 * @property {string} [says]
 * @property {boolean} [gap]
 */
/** @typedef {{patterns: string, span: number, means: Record<string, string>}} Setup */
/** @typedef {import("@anywidget/types").AnyModel<{setup: Setup, last: Told | {}, side: string}>} Model */

const PACE = 12; // seconds of a virtual clock that pass in one, at least: 36 in three
const LAG_S = 1.2; // real seconds that the picture may be behind, however fast the kernel is
const FLIES_MS = 700;
const FRAME_MS = 50; // from picture to picture
const BUSY_FRAME_MS = 150; // while a virtual clock runs: the cell that is watched needs the processor
const STEP_S = 12; // the axis grows by so much at a time, and stands still meanwhile
const BUSY_MS = 1000; // after which a command says how long it has been at it
const DOCKED = "The stage is on the right; it follows whatever this notebook does.";
const LOST = "The kernel of this stage has gone; this is the last that it told.";
const BEGINS = "kw-stage-begins"; // an event of the page: a stage has come to life
const NARROW = 280; // pixels, below which the map's letters are too small to read: it is a list there
const LANES = { marks: 12, strip: 22, code: 50, build: 77, schema: 108, floor: 214, height: 234 };

/** The map in words. @param {Record<string, import("./map.js").Place>} places */
function listPlaces(places) {
  return html`<ul class="kw-list">${PLACES.map(({ key }) => {
    const place = places[key];
    if (!place) return nothing;
    const parts = [...(place.passing ? [place.passing] : place.lines), ...place.facts.map((fact) => fact.says), ...(place.changes.length ? ["changed"] : [])];
    return html`<li><strong>${place.name}</strong>: ${parts.join(", ")}</li>`;
  })}</ul>`;
}

class Stage {
  /** @param {Model} model @param {HTMLElement} el @param {AbortSignal} signal */
  constructor(model, el, signal) {
    this.model = model;
    this.el = el;
    this.ident = `kw${Math.random().toString(36).slice(2, 10)}`;
    this.setup = model.get("setup");
    this.patterns = this.setup.patterns.replaceAll("IDENT", this.ident);
    /** @type {Told | null} */
    this.told = null;
    /** What was true from an instant on. @type {Told[]} */
    this.scenes = [];
    /** @type {View[]} */
    this.views = [];
    /** @type {{way: string, began: number}[]} */
    this.flying = [];
    /** @type {Flight[]} */
    this.flights = [];
    this.shown = 0;
    this.begin = 0; // of the lanes, until they are full
    this.pace = PACE;
    this.ticked = 0;
    this.timer = 0;
    this.drawn = 0;
    this.frame = 0;
    this.since = 0;
    this.width = 0;
    this.trouble = "";
    this.lost = false; // its kernel
    this.heard = false;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    /** @param {any} message */
    const hear = (message) => this.hear(message);
    model.on("msg:custom", hear);
    const lose = () => this.lose();
    model.on("comm_live_update", lose);
    /** @param {any} event */
    const follow = (event) => this.giveWay(event.detail);
    addEventListener(BEGINS, follow, { signal });
    const observer = new ResizeObserver(([entry]) => {
      this.width = Math.floor(entry.contentRect.width);
      this.draw();
    });
    observer.observe(el);
    signal.addEventListener("abort", () => {
      model.off("msg:custom", hear);
      model.off("comm_live_update", lose);
      observer.disconnect();
      clearTimeout(this.timer);
      cancelAnimationFrame(this.frame);
    });
    const last = model.get("last");
    if ("now" in last) this.take({ ...last, anew: true });
    model.send({ do: "hello" });
  }

  /** The kernel was restarted or has ended: what was seen stays. */
  lose() {
    this.lost = true;
    if (this.told) this.told = { ...this.told, doing: null };
    this.draw();
  }

  /**
   * A dock is of its kernel: after a restart, or in a notebook that was saved, nobody there knows this one, so it goes when the next has come.
   * @param {{manager: unknown, side: string}} begun the notebook in which that was, and its dock
   */
  async giveWay({ manager, side: other }) {
    const side = this.model.get("side");
    const lives = this.heard && !this.lost;
    if (lives || !side || side === other || manager !== this.model.widget_manager) return;
    const dock = /** @type {any} */ (await this.model.widget_manager.get_model(side));
    dock.close(true);
  }

  /** Whether this is the view in the cell, of a stage that is docked; only JupyterLab can do that. */
  get aside() {
    return this.model.get("side") !== "" && document.getElementById("jp-main-dock-panel") !== null && !this.el.closest(".jupyterlab-sidecar");
  }

  /** @param {any} message */
  hear(message) {
    const begins = !this.heard;
    this.heard = true;
    if (begins) dispatchEvent(new CustomEvent(BEGINS, { detail: { manager: this.model.widget_manager, side: this.model.get("side") } }));
    if (message.type === "trouble") this.trouble = message.said;
    if (message.type !== "stage") {
      this.draw();
      return;
    }
    this.take(message);
  }

  /** @param {Told} news */
  take(news) {
    this.trouble = "";
    const before = this.told;
    const told = news.anew || !before ? news : { ...before, ...news };
    this.told = told;
    if (told.anew || !before) {
      this.views = [];
      this.scenes = [];
      this.flights = [];
      this.shown = told.since ?? told.now;
      this.begin = this.shown >= told.start ? told.start : this.shown - 20;
    }
    for (const { at, places, says, gap } of told.turns) this.scenes.push({ ...told, now: at, places, says, gap });
    if (news.places || !this.scenes.length) this.scenes.push(told);
    if (told.rows.length) {
      for (const [id, at, outcome] of told.rows) this.views.push({ id, at, outcome: OUTCOMES[outcome] });
      this.views.sort((a, b) => a.at - b.at || a.id - b.id);
      this.views = this.views.slice(countUntil(this.views, Math.min(told.start, this.shown - this.setup.span) - STEP_S));
    }
    this.flights.push(...told.flights.filter((flight) => flight.at >= this.shown));
    if (Boolean(told.doing) !== Boolean(before?.doing)) this.since = performance.now();
    // What is left is shown in at most so many seconds: a kernel may be quicker than an eye.
    this.pace = Math.max(told.wall ? 1 : PACE, (told.now - this.shown) / LAG_S);
    if (this.calm.matches || document.hidden) {
      this.shown = told.now;
      this.draw();
    } else this.plan();
  }

  /** Draw in a frame, though not in each. */
  plan() {
    if (this.timer || this.frame) return;
    const rest = this.told?.doing && !this.told.wall ? BUSY_FRAME_MS : FRAME_MS;
    this.timer = setTimeout(
      () => {
        this.timer = 0;
        this.frame = requestAnimationFrame((now) => this.tick(now));
      },
      Math.max(0, this.drawn + rest - performance.now()),
    );
  }

  /** @param {number} now */
  tick(now) {
    this.frame = 0;
    const passed = this.ticked ? Math.min(0.25, (now - this.ticked) / 1000) : 0.016;
    this.ticked = now;
    if (this.told) this.shown = Math.min(this.told.now, this.shown + passed * this.pace);
    this.draw();
  }

  draw() {
    if (!this.width) return;
    const { told } = this;
    if (this.aside) {
      this.scenes = this.scenes.slice(-1);
      this.flights = [];
      render(html`<p class="kw-soft">${DOCKED}</p>`, this.el);
      return;
    }
    if (!told) {
      render(html`<div class="kw-stage"><p class="kw-soft">Nothing has happened yet. Run the notebook's setup cell, then a command.</p></div>`, this.el);
      return;
    }
    const clock = performance.now();
    this.drawn = clock;
    const due = this.flights.filter((flight) => flight.at <= this.shown + 1e-6);
    this.flights = this.flights.filter((flight) => flight.at > this.shown + 1e-6);
    if (!this.calm.matches) this.flying.push(...due.map(({ way }) => ({ way, began: clock })));
    this.flying = this.flying.filter((flight) => clock - flight.began < FLIES_MS);
    while (this.scenes.length > 1 && this.scenes[1].now <= this.shown + 1e-6) this.scenes.shift();
    const scene = this.scenes[0];
    render(
      html`<div class="kw-stage">
        <p class="kw-head"><strong class=${scene.gap ? "kw-alarm" : ""}>${scene.says ?? "Looking."}</strong></p>
        ${this.drawMap(scene, clock)}
        <p class="kw-clock"><strong>${told.pushed ? sayInstant(Number((this.shown - told.zero).toFixed(1))) : say(Number((this.shown - told.zero).toFixed(1)))}</strong>
          <span class="kw-soft">${told.pushed ? "since git push" : "of this world's clock"}, ${told.title}</span></p>
        <p class="kw-live" role="status" aria-live="polite">${this.sayDoing(clock)}</p>
        ${this.drawLanes(told)}
        <p class="kw-tally">${OUTCOMES.map((name) => (told.counts[name] || name === "ok" ? html`<span><svg class="kw-drawing kw-swatch" width="12" height="12" aria-hidden="true"><rect class="kw-${name}" width="12" height="12" fill=${name === "ok" ? nothing : `url(#${this.ident}-${name})`} /></svg>${told.counts[name]} ${name}</span>` : nothing))}</p>
        ${this.lost || this.trouble ? html`<p class="kw-soft">${this.lost ? LOST : this.trouble}</p>` : nothing}
      </div>`,
      this.el,
    );
    const moves = this.shown < told.now || this.flying.length > 0;
    const waits = told.doing !== null && clock - this.since < BUSY_MS + 50;
    if (moves && !this.calm.matches) {
      this.plan();
    } else {
      this.ticked = 0;
      if (waits) setTimeout(() => this.draw(), BUSY_MS);
    }
  }

  /** @param {number} clock */
  sayDoing(clock) {
    if (this.lost) return "Nothing runs any more.";
    const doing = this.told?.doing;
    if (!doing) return "Nothing runs.";
    const where = doing.clone === "world" ? "" : `${doing.clone}$ `;
    return `${clock - this.since > BUSY_MS ? "Still at it: " : ""}${where}${doing.command}`;
  }

  /** @param {Told} scene @param {number} clock */
  drawMap(scene, clock) {
    const { places } = scene;
    if (!places) return nothing;
    if (this.width < NARROW) return guard([places, NARROW], () => listPlaces(places));
    const building = this.told?.builds.find((build) => build.start <= this.shown && (build.end === null || build.end > this.shown));
    const takes = building ? (building.end ?? building.start + 35) - building.start : 1;
    return html`<svg class="kw-drawing kw-world" role="img" aria-label="World map. ${scene.says ?? ""}" viewBox="0 0 ${MAP.width} ${MAP.height}" width=${this.width}>
      <g>${unsafeSVG(this.patterns)}</g>
      ${guard([places, scene.gap], () => [drawWays(scene.gap ?? false, this.ident), PLACES.map(({ key }) => (places[key] ? drawPlace(places[key]) : nothing))])}
      ${building ? this.drawToken("builds", Math.min(1, (this.shown - building.start) / takes)) : nothing}
      ${this.flying.map(({ way, began }) => this.drawToken(way, (clock - began) / FLIES_MS))}
      ${this.drawVisitors()}
    </svg>`;
  }

  /** Code on its way is a square, a schema a circle. @param {string} way @param {number} part */
  drawToken(way, part) {
    const [x, y] = onWay(way, part);
    return way === "db push" || way === "migration up"
      ? svg`<circle class="kw-token" cx=${x} cy=${y} r="7" />`
      : svg`<rect class="kw-token" x=${x - 6} y=${y - 6} width="12" height="12" />`;
  }

  /** The page views of the last moment, on their way to the site; those that were not ok fall. */
  drawVisitors() {
    // On a virtual clock that stands still nobody is on the way.
    if (this.calm.matches || !(this.told?.wall || this.told?.doing || this.shown < (this.told?.now ?? 0))) return nothing;
    const long = 0.05 * this.pace; // of the clock that is shown
    const end = countUntil(this.views, this.shown);
    const recent = this.views.slice(Math.max(countUntil(this.views, this.shown - 6 * long), end - 60), end);
    return recent.map(({ id, at, outcome }) => {
      const age = (this.shown - at) / long;
      const lane = MAP.site.y + 8 + ((id * 7) % 50);
      if (age < 2) return svg`<circle class="kw-visitor" cx=${MAP.width - 4 - (MAP.width - 4 - MAP.site.end) * (age / 2)} cy=${lane} r="3" />`;
      if (outcome === "ok") return nothing;
      return svg`<rect class="kw-${outcome}" fill="url(#${this.ident}-${outcome})" x=${MAP.site.end + 4 + ((id * 13) % 22)} y=${MAP.site.y + 40 + (age - 2) * 22} width="8" height="8" opacity=${1 - (age - 2) * 0.2} />`;
    });
  }

  /** Names only where there is room for them: beside the edge, and beside each other. @param {{x: number, text: string}[]} marks @param {number} width */
  drawMarks(marks, width) {
    let taken = 0; // up to there
    return marks.map(({ x, text }) => {
      const place = [text, ""]
        .flatMap((words) => [{ words: `▾ ${words}`, left: x + 5 }, { words: `${words} ▾`, left: x - 5 - (words.length + 2) * 7.5 }])
        .find(({ words, left }) => left >= taken && left + words.length * 7.5 <= width);
      if (place) taken = place.left + place.words.length * 7.5;
      const leftward = place !== undefined && place.left < x;
      return svg`<line class="kw-mark" x1=${x} x2=${x} y1="4" y2=${LANES.floor} />
        ${place ? svg`<text class="kw-bold kw-halo" x=${leftward ? x - 5 : x + 5} y=${LANES.marks} text-anchor=${leftward ? "end" : "start"}>${place.words.trim()}</text>` : nothing}`;
    });
  }

  /** @param {Told} told */
  drawLanes(told) {
    const place = LANES;
    // Some seconds at least, so that the first views do not fill the picture.
    const end = this.begin + Math.ceil((this.shown + 2 - this.begin) / STEP_S) * STEP_S;
    const first = Math.max(this.begin, end - this.setup.span);
    const line = axis(first - told.zero, end - told.zero, 0, this.width - 2);
    /** @param {number} at */
    const since = (at) => at - told.zero;
    /** @param {Part[]} parts @param {number} y @param {"code" | "schema"} lane */
    const lane = (parts, y, lane) =>
      parts
        .filter((part, index) => !index || part.start <= this.shown)
        .map((part, index, shown) => box(line, y, lane, since(index ? part.start : first), since(shown[index + 1]?.start ?? this.shown), part.new ? "kw-fresh" : "kw-old", part.texts));
    const windows = told.windows
      .filter((window) => window.start < this.shown)
      .map((window) => ({ start: since(window.start), end: since(Math.min(window.open ? this.shown : window.end, this.shown)) }));
    const come = countUntil(this.views, this.shown);
    const bars = () => drawBars(this.views.slice(0, come), axis(first, end, 0, this.width - 2), place.floor, told.rate || 20, this.ident);
    return html`<svg class="kw-drawing" role="img" aria-label="Lanes of the last ${this.setup.span} seconds: code, schema, ${come - countUntil(this.views, first)} page views." width=${this.width} height=${place.height} viewBox="0 0 ${this.width} ${place.height}">
      ${guard([line.start, line.end, line.width], () => drawTicks(line, place))}
      ${windows.map((window, index) => svg`${drawStrip(line, window, place.strip, index === windows.length - 1 ? [`broken ${say(seconds(windows))}`] : [], `${this.ident}-window`, "kw-edge")}
        ${drawShade(line, window, place.strip + 12, place.floor, `${this.ident}-window`, "kw-shade", "kw-edge")}`)}
      ${[["Code", place.code], ["Schema", place.schema], ["Visitors", place.floor - BARS]].map(([name, y]) => svg`<text class="kw-name kw-small" x="0" y=${Number(y) - 4}>${name}</text>`)}
      ${lane(told.code, place.code, "code")}
      ${told.builds.filter((build) => build.start <= this.shown).map((build) => {
        const x = line.x(since(build.start));
        const width = Math.max(1, line.x(since(Math.min(build.end ?? this.shown, this.shown))) - x);
        return svg`<rect class=${build.failed ? "kw-unknown kw-edge" : "kw-unknown"} x=${x} y=${place.build} width=${width} height="12" />
          <rect x=${x} y=${place.build} width=${width} height="12" fill="url(#${this.ident}-${build.failed ? "window" : "build"})" opacity=".7" />
          <text class="kw-small" x=${x + 8} y=${place.build + 10}>${fit([`${build.end === null || build.end > this.shown ? "building" : build.word} ${build.commit.slice(0, 7)}`, "build"], width)}</text>`;
      })}
      ${lane(told.schema, place.schema, "schema")}
      ${guard([this.views, come, first, end, line.width, told.rate], bars)}
      ${this.drawMarks(told.marks.filter((mark) => mark.at >= first && mark.at <= this.shown).map((mark) => ({ x: line.x(since(mark.at)), text: mark.text })), line.width)}
      <line class="kw-hand" x1=${line.x(since(this.shown))} x2=${line.x(since(this.shown))} y1=${place.code - 6} y2=${place.floor} />
    </svg>`;
  }
}

export default {
  /** @param {{model: Model, el: HTMLElement, signal: AbortSignal}} given */
  render({ model, el, signal }) {
    el.classList.add("kw-deploy");
    new Stage(model, el, signal);
  },
};
