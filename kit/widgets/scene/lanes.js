// The picture of a deploy: code, schema and visitors over one axis of time, with what one can drag.

import { html, nothing, svg } from "lit-html";
import { unsafeSVG } from "lit-html/directives/unsafe-svg.js";
import { axis, fit, say, sayInstant, step, ticks } from "./axis.js";
import { predict, pushes, span } from "./plan.js";
import { countUntil, OUTCOMES, seconds, until, views } from "./run.js";

/** @typedef {import("./axis.js").Axis} Axis */
/** @typedef {import("./plan.js").Plan} Plan */
/** @typedef {import("./plan.js").Rules} Rules */
/** @typedef {import("./plan.js").Turn} Turn */
/** @typedef {import("./plan.js").Span} Span */
/** @typedef {import("./run.js").Run} Run */
/** @typedef {import("./run.js").Measured} Measured */
/** @typedef {import("./run.js").Segment} Segment */
/** @typedef {import("./run.js").View} View */
/** @typedef {"wait" | "build" | "rate"} Knob */
/**
 * @typedef {object} Scene what is to be drawn
 * @property {number} width in CSS pixels
 * @property {string} ident of the patterns
 * @property {string} patterns SVG, the kit's own
 * @property {Plan} plan
 * @property {Rules} rules
 * @property {Run | null} run what is shown of a measured run; null before any
 * @property {Run | null} ghost another run, laid over it
 * @property {number} at the instant up to which it is shown
 * @property {boolean} foreseen whether the prediction is shown
 * @property {boolean} running
 * @property {Axis | null} still the axis that stands still while something is dragged
 * @property {Knob[]} knobs what can be dragged
 * @property {{start: number, end: number} | null} chosen the bar that is looked into
 * @property {(knob: Knob, event: PointerEvent) => void} grab
 * @property {(knob: Knob, event: KeyboardEvent) => void} press
 * @property {(start: number, end: number) => void} choose
 */

const GUTTER = 112;
const WIDE = 620; // from here on the lanes' names stand beside them
export const LANE = 24;
const BUILD = 12;
export const BARS = 62; // the height of the busiest lane of visitors
const ROOM = 6; // seconds
const FULL = 60; // page views a second that fill it

/** The limits of what can be dragged, and its step by keys. @type {Record<Knob, {low: number, high: number, step: number}>} */
export const LIMITS = {
  wait: { low: 0, high: 45, step: 0.5 },
  build: { low: 1, high: 40, step: 0.5 },
  rate: { low: 2, high: 60, step: 1 },
};

/** The room beside the lanes for their names. @param {number} width */
export function gutter(width) {
  return width >= WIDE ? GUTTER : 0;
}

/** @param {number} width */
function layout(width) {
  const wide = width >= WIDE;
  const code = wide ? 66 : 82;
  const schema = code + (wide ? 56 : 66);
  const floor = schema + (wide ? 100 : 112);
  return {
    wide,
    left: gutter(width),
    marks: [12, 28],
    foreseen: 34,
    measured: 48,
    code,
    build: code + LANE + 3,
    schema,
    floor,
    height: floor + 20,
  };
}

/** How high the bars of a constant rate are; a root, so that few visitors can be seen beside many. @param {number} rate */
function heightOf(rate) {
  return BARS * Math.sqrt(Math.min(FULL, rate) / FULL);
}

/** The rate whose bars are so high. @param {number} height */
function rateOf(height) {
  return FULL * (Math.min(BARS, Math.max(0, height)) / BARS) ** 2;
}

/** @param {Scene} scene @returns {Axis} */
export function axisOf(scene) {
  if (scene.still) return scene.still;
  const { left } = layout(scene.width);
  const planned = span(scene.plan, scene.rules);
  const seen = scene.run?.seen;
  const start = Math.min(planned.start, seen?.start ?? planned.start);
  // Some room behind what is live, so that `db push` can be dragged beyond it; the same before and after a run.
  const room = scene.plan.order === "code-first" ? scene.plan.build + ROOM : planned.end;
  const end = Math.max(planned.end, room, seen?.now ?? planned.end);
  return axis(start, end, left, scene.width - left - 9); // half of the player's thumb is left beside it
}

/** The value of a knob where the pointer is. @param {Scene} scene @param {Knob} knob @param {number} x @param {number} y */
export function valueAt(scene, knob, x, y) {
  const limit = LIMITS[knob];
  const raw = knob === "rate" ? rateOf(layout(scene.width).floor - y) : axisOf(scene).at(x);
  return Math.min(limit.high, Math.max(limit.low, Math.round(raw / limit.step) * limit.step));
}

/** @param {Scene} scene */
export function drawLanes(scene) {
  const place = layout(scene.width);
  const line = axisOf(scene);
  const whole = scene.run?.seen ?? null;
  const seen = whole && until(whole, scene.at);
  const expected = predict(scene.plan, scene.rules);
  const running = scene.running || !seen;
  const all = scene.run?.seen ? views(scene.run) : [];
  const shown = all.slice(0, countUntil(all, scene.at));
  const label = seen ? `${seen.head.text}: ${seen.head.detail}` : "not deployed yet";
  return html`<svg class="kw-drawing" role="group" aria-label="Timeline. ${label}" width=${scene.width} height=${place.height} viewBox="0 0 ${scene.width} ${place.height}">
    <g>${unsafeSVG(scene.patterns)}</g>
    ${drawTicks(line, place)}
    ${scene.foreseen ? drawForeseen(scene, expected.window, line, place) : nothing}
    ${seen ? drawWindows(scene, seen, line, place) : nothing}
    ${scene.ghost?.seen ? drawGhost(scene.ghost.seen, line, place) : nothing}
    ${drawNames(scene, place, line, seen)}
    ${drawLane(scene, line, place.code, "code", seen?.code ?? null, expected.code, running)}
    ${drawBuilds(scene, seen, line, place, running)}
    ${drawLane(scene, line, place.schema, "schema", seen?.schema ?? null, expected.schema, running)}
    ${seen ? nothing : svg`<rect class="kw-unknown" x=${line.left} y=${place.floor - heightOf(scene.plan.rate)} width=${line.width} height=${heightOf(scene.plan.rate)} />`}
    ${shown.length ? drawBars(shown, line, place.floor, scene.run?.plan.rate ?? 20, scene.ident, scene.chosen, scene.choose) : nothing}
    ${drawMarks(scene, seen, line, place)}
    ${seen ? drawHand(line.x(seen.now), place) : nothing}
    ${drawHandles(scene, line, place)}
  </svg>`;
}

/** @typedef {ReturnType<typeof layout>} Layout */

/** @param {Axis} line @param {{floor: number}} place */
export function drawTicks(line, place) {
  return svg`<line class="kw-axis" x1=${line.left} x2=${line.left + line.width} y1=${place.floor} y2=${place.floor} />
    ${ticks(line).map((at) => {
      const x = line.x(at);
      const anchor = x < line.left + 16 ? "start" : x > line.left + line.width - 20 ? "end" : "middle";
      return svg`<line class="kw-axis" x1=${x} x2=${x} y1=${place.floor} y2=${place.floor + 4} />
        <text class="kw-note" x=${x} y=${place.floor + 16} text-anchor=${anchor}>${sayInstant(at)}</text>`;
    })}`;
}

/** @param {Scene} scene @param {Layout} place @param {Axis} line @param {Measured | null} seen */
function drawNames(scene, place, line, seen) {
  const size = barSeconds(line, scene.plan.rate);
  const late = seen?.late ? `up to ${say(seen.late)} late` : "";
  const names = [
    [place.code, "Code", "live on production"],
    [place.schema, "Schema", "cloud database"],
    [place.floor - (place.wide ? 44 : BARS), "Visitors", seen ? `${say(size)} a bar` : "nobody yet", late],
  ];
  return names.map(([y, name, note, more = ""]) =>
    place.wide
      ? svg`<text class="kw-name" x="0" y=${Number(y) + 11}>${name}</text>
          <text class="kw-note kw-small" x="0" y=${Number(y) + 24}>${note}</text>
          ${more ? svg`<text class="kw-note kw-small" x="0" y=${Number(y) + 37}>${more}</text>` : nothing}`
      : svg`<text class="kw-name" x="0" y=${Number(y) - 5}>${name} <tspan class="kw-note">${[note, more].filter(Boolean).join(", ")}</tspan></text>`,
  );
}

// Windows

/** @param {Scene} scene @param {Span | null} window @param {Axis} line @param {Layout} place */
function drawForeseen(scene, window, line, place) {
  if (!window) return svg`<text class="kw-bold" x=${line.x(0) + 6} y=${place.foreseen + 10}>predicted: not broken</text>`;
  const long = say(window.end - window.start);
  const words = [`predicted: broken ${long}`, `predicted ${long}`, long];
  const top = place.foreseen + 12;
  return svg`${drawStrip(line, window, place.foreseen, words, `${scene.ident}-foreseen`, "kw-dashed")}
    ${scene.run?.seen ? nothing : drawShade(line, window, top, place.floor, `${scene.ident}-foreseen`, "kw-foreseen", "kw-dashed")}`;
}

/** @param {Scene} scene @param {Measured} seen @param {Axis} line @param {Layout} place */
function drawWindows(scene, seen, line, place) {
  if (!seen.windows.length) {
    if (scene.running) return nothing;
    return svg`<text class="kw-bold" x=${line.x(0) + 6} y=${place.measured + 11}>measured: not broken</text>`;
  }
  const long = say(seconds(seen.windows));
  const words = [`broken window: ${long}`, `broken ${long}`, long];
  const ident = `${scene.ident}-window`;
  return seen.windows.map(
    (window, index) => svg`${drawStrip(line, window, place.measured, index ? [] : words, ident, "kw-edge", seen.windows.at(-1)?.end)}
      ${drawShade(line, window, place.measured + 12, place.floor, ident, "kw-shade", "kw-edge")}`,
  );
}

/** @param {Axis} line @param {Span} window @param {number} y @param {string[]} texts from the longest @param {string} pattern @param {string} edge @param {number} [last] */
export function drawStrip(line, window, y, texts, pattern, edge, last = window.end) {
  const x = line.x(window.start);
  const end = line.x(window.end);
  const beside = line.x(last) + 6;
  /** @param {string} text */
  const after = (text) => beside + text.length * 7 < line.left + line.width;
  /** @param {string} text */
  const before = (text) => x - 6 - text.length * 7 > 0;
  const text = texts.find((each) => after(each) || before(each)) ?? "";
  const fits = after(text);
  return svg`<rect class=${edge} x=${x} y=${y} width=${Math.max(1, end - x)} height="12" fill="url(#${pattern})" />
    <text class="kw-bold kw-halo" x=${fits ? beside : x - 6} y=${y + 10} text-anchor=${fits ? "start" : "end"}>${text}</text>`;
}

/** @param {Axis} line @param {Span} window @param {number} top @param {number} floor @param {string} pattern @param {string} ground @param {string} edge */
export function drawShade(line, window, top, floor, pattern, ground, edge) {
  const x = line.x(window.start);
  const width = Math.max(1, line.x(window.end) - x);
  return svg`<rect class=${ground} x=${x} y=${top} width=${width} height=${floor - top} />
    <rect x=${x} y=${top} width=${width} height=${floor - top} fill="url(#${pattern})" opacity=".6" />
    ${[x, x + width].map((edgeX) => svg`<line class=${edge} x1=${edgeX} x2=${edgeX} y1=${top} y2=${floor} />`)}`;
}

/** Another run's switches and window, as outlines. @param {Measured} seen @param {Axis} line @param {Layout} place */
function drawGhost(seen, line, place) {
  /** @param {Segment[]} lane @param {number} y */
  const switches = (lane, y) =>
    lane
      .filter((each) => each.new)
      .map((each) => svg`<line class="kw-ghost" x1=${line.x(each.start)} x2=${line.x(each.start)} y1=${y - 4} y2=${y + LANE + 4} />`);
  return svg`${seen.windows.map((window) => {
    const x = line.x(window.start);
    return svg`<rect class="kw-ghost" x=${x} y=${place.code - 6} width=${Math.max(1, line.x(window.end) - x)} height=${place.floor - place.code + 6} />`;
  })}${switches(seen.code, place.code)}${switches(seen.schema, place.schema)}`;
}

// Lanes: what held when, what is still to come. Code has corners, a schema is round.

/** @param {string[]} columns */
function sayColumns(columns) {
  return columns.length > 1 ? "both" : columns.length ? columns[0] : "none";
}

/** @param {"code" | "schema"} lane @param {string[]} columns */
export function sayHolds(lane, columns) {
  if (lane === "code") return columns.length ? `writes ${sayColumns(columns)}` : "does not write last_viewed";
  return columns.length ? `has ${sayColumns(columns)}` : "no last_viewed";
}

/** @param {Scene} scene @param {Axis} line @param {number} y @param {"code" | "schema"} lane @param {Segment[] | null} segments @param {Turn[]} turns @param {boolean} running */
function drawLane(scene, line, y, lane, segments, turns, running) {
  const several = turns.length > 2;
  /** @param {number} number @param {string} name */
  const texts = (number, name) => {
    const turn = turns[Math.min(number, turns.length - 1)];
    const same = number > 0 && number < turns.length && turn.columns.join() === turns[number - 1].columns.join();
    const holds = same ? "unchanged" : sayHolds(lane, turn.columns);
    const word = number ? "new" : "old";
    const short = name.slice(0, lane === "code" ? 7 : 14);
    return several && number
      ? [`${short} ${holds}`, holds, sayColumns(turn.columns)]
      : [`${word} ${lane} ${short}: ${holds}`.replace(" :", ":"), `${word}: ${holds}`, `${word} ${lane}`, word];
  };
  const parts = (segments ?? []).map((each, index) => box(line, y, lane, each.start, each.end, each.new ? "kw-fresh" : "kw-old", texts(index, each.name)));
  if (!running) return parts;
  const done = segments?.length ?? 1;
  let start = segments?.at(-1)?.end ?? line.start;
  if (!segments) {
    // Before a run: what is there now, up to the first turn.
    const first = scene.foreseen ? (turns[1]?.at ?? line.end) : Math.min(turns[1]?.at ?? line.end, lane === "code" ? 0 : firstDb(scene));
    parts.push(box(line, y, lane, start, first, "kw-old", texts(0, "")));
    start = first;
  }
  if (!scene.foreseen) {
    parts.push(box(line, y, lane, start, line.end, "kw-unknown", ["old or new?", "?"]));
    return parts;
  }
  let style = segments?.at(-1)?.new ? "kw-fresh" : "kw-old";
  /** @type {string[]} */
  let words = [];
  for (const [at, number] of [...turns.slice(done).map((turn, index) => /** @type {[number, number]} */ ([turn.at, done + index])), /** @type {[number, number]} */ ([line.end, -1])]) {
    const end = Math.max(start, Math.min(at, line.end));
    parts.push(box(line, y, lane, start, end, `${style} kw-plan`, words));
    start = end;
    style = "kw-fresh";
    words = number < 0 ? [] : texts(number, "");
  }
  return parts;
}

/** @param {Scene} scene */
function firstDb(scene) {
  return pushes(scene.plan, scene.rules).find((push) => push.db)?.at ?? 0;
}

/** @param {Axis} line @param {number} y @param {"code" | "schema"} lane @param {number} start @param {number} end @param {string} style @param {string[]} texts */
export function box(line, y, lane, start, end, style, texts) {
  const x = line.x(start);
  const width = line.x(end) - x;
  if (width <= 0) return nothing;
  const round = Math.min(lane === "schema" ? 9 : 0, width / 2);
  const text = fit(texts, width);
  return svg`<rect class=${style} x=${x} y=${y} width=${width} height=${LANE} rx=${round} />
    ${text ? svg`<text class="kw-inside" x=${x + 8} y=${y + 16}>${text}</text>` : nothing}`;
}

/** @param {Scene} scene @param {Measured | null} seen @param {Axis} line @param {Layout} place @param {boolean} running */
function drawBuilds(scene, seen, line, place, running) {
  const takes = scene.plan.build;
  const parts = (seen?.builds ?? []).map((build) => {
    const end = build.end ?? build.start + takes;
    const done = build.end ?? Math.min(end, seen?.now ?? build.start);
    const x = line.x(build.start);
    const word = build.failed ? "build failed" : build.end === null ? "building" : "built";
    const pattern = build.failed ? "window" : "build";
    return svg`<rect class=${build.failed ? "kw-unknown kw-edge" : "kw-unknown"} x=${x} y=${place.build} width=${line.x(end) - x} height=${BUILD} />
      <rect x=${x} y=${place.build} width=${Math.max(0, line.x(done) - x)} height=${BUILD} fill="url(#${scene.ident}-${pattern})" opacity=".7" />
      <text class="kw-small" x=${x + 8} y=${place.build + 10}>${fit([`${word} ${build.commit.slice(0, 7)}`, word], line.x(end) - x)}</text>`;
  });
  if (!running) return parts;
  const planned = pushes(scene.plan, scene.rules).filter((push) => push.git).slice(seen?.builds.length ?? 0);
  return [
    ...parts,
    ...planned.map(({ at }) => {
      const x = line.x(at);
      const width = line.x(at + takes) - x;
      return svg`<rect class="kw-unknown" x=${x} y=${place.build} width=${width} height=${BUILD} />
        <text class="kw-small" x=${x + 8} y=${place.build + 10}>${fit([`build of ${say(takes)}`, "build"], width)}</text>`;
    }),
  ];
}

// Page views as bars

/** The bar in which an instant lies. @param {Scene} scene @param {number} at @returns {{start: number, end: number}} */
export function barAt(scene, at) {
  const line = axisOf(scene);
  const size = barSeconds(line, scene.plan.rate);
  const start = line.start + Math.max(0, Math.ceil((Math.min(at, line.end) - line.start) / size - 1e-9) - 1) * size;
  return { start, end: start + size };
}

/** How many seconds one bar stands for. @param {Axis} line @param {number} rate */
function barSeconds(line, rate) {
  return step(line.end - line.start, line.width / 10, 1 / rate);
}

/**
 * @param {View[]} some in order of time @param {Axis} line @param {number} floor @param {number} rate @param {string} ident
 * @param {{start: number} | null} [chosen] @param {(start: number, end: number) => void} [choose]
 */
export function drawBars(some, line, floor, rate, ident, chosen, choose) {
  const size = barSeconds(line, rate);
  const number = Math.ceil((line.end - line.start) / size);
  const counts = Array.from({ length: number }, () => [0, 0, 0, 0]);
  for (const view of some) {
    const bucket = Math.floor((view.at - line.start) / size + 1e-9);
    if (bucket >= 0 && bucket < number) counts[bucket][OUTCOMES.indexOf(view.outcome)] += 1;
  }
  const most = Math.max(rate * size * 1.25, ...counts.map((bar) => bar[0] + bar[1] + bar[2] + bar[3]));
  const scale = (heightOf(rate) * 1.25) / most;
  return counts.map((bar, index) => {
    if (!bar.some(Boolean)) return nothing;
    const start = line.start + index * size;
    const x = line.x(start);
    const width = Math.max(1, (line.x(start + size) - x) * 0.86);
    let top = floor;
    const parts = bar.map((each, outcome) => {
      if (!each) return nothing;
      top -= each * scale;
      const name = OUTCOMES[outcome];
      return svg`<rect class="kw-${name}" x=${x} y=${top} width=${width} height=${each * scale} fill=${name === "ok" ? nothing : `url(#${ident}-${name})`} />`;
    });
    if (!choose) return parts;
    const on = chosen !== null && chosen !== undefined && Math.abs(chosen.start - start) < size / 2;
    return svg`<g class=${on ? "kw-bar kw-chosen" : "kw-bar"} @click=${() => choose(start, start + size)}>${parts}
      <rect class="kw-reach" x=${x} y=${floor - BARS} width=${width} height=${BARS} /></g>`;
  });
}

// The commands above, the hand of the clock, and what one can take hold of

/** @param {Scene} scene @param {Measured | null} seen @param {Axis} line @param {Layout} place */
function drawMarks(scene, seen, line, place) {
  const marks = seen
    ? seen.marks
    : pushes(scene.plan, scene.rules).map(({ at, git, db }) => ({ at, text: git && db ? "git push && db push" : git ? "git push" : "db push" }));
  const tall = line.left + line.width;
  return marks.map(({ at, text }, index) => {
    const x = line.x(at);
    const row = index % place.marks.length;
    const y = place.marks[row];
    // Several: each has the room up to the next one of its row. Two: each has a row, and both sides.
    const after = marks[index + place.marks.length];
    const room = marks.length > 2 ? (after ? line.x(after.at) : tall) - x : tall - x;
    const short = text.replace("git push && db push", "git, db push");
    const label = [text, short].find((each) => (each.length + 2) * 7 + 8 <= room);
    const leftward = !label && marks.length <= 2;
    const words = leftward ? `${short} ▾` : `▾ ${label ?? ""}`;
    const dragged = !seen && text === "db push" && scene.knobs.includes("wait");
    return svg`<line class="kw-mark" x1=${x} x2=${x} y1=${y - 9} y2=${place.floor} />
      ${dragged ? nothing : svg`<text class="kw-bold" x=${leftward ? x - 5 : x + 5} y=${y} text-anchor=${leftward ? "end" : "start"}>${words}</text>`}`;
  });
}

/** @param {number} x @param {Layout} place */
function drawHand(x, place) {
  return svg`<line class="kw-hand" x1=${x} x2=${x} y1=${place.code - 6} y2=${place.floor} />`;
}

/** @param {Scene} scene @param {Axis} line @param {Layout} place */
function drawHandles(scene, line, place) {
  const { plan } = scene;
  const tall = line.left + line.width;
  /** @type {Record<Knob, {x: number, y: number, name: string, text: string, words: string}>} */
  const places = {
    wait: {
      x: line.x(plan.wait),
      y: place.marks[1] - 4,
      name: "db push, seconds after git push",
      text: `db push ${sayInstant(plan.wait)}`,
      words: `${say(plan.wait)} after git push`,
    },
    build: {
      x: line.x(plan.build),
      y: place.build + BUILD / 2,
      name: "Build, seconds from git push to live",
      text: "",
      words: `new code live ${say(plan.build)} after git push`,
    },
    rate: {
      x: tall - 12,
      y: place.floor - heightOf(plan.rate),
      name: "Visitors a second",
      text: `${plan.rate} / s`,
      words: `${plan.rate} page views a second`,
    },
  };
  return scene.knobs.map((knob) => {
    const { x, y, name, text, words } = places[knob];
    const limit = LIMITS[knob];
    const leftward = x + text.length * 7 + 24 > tall;
    const upright = knob === "rate";
    const grip = upright ? `M${x - 8} ${y - 3}h16M${x - 8} ${y + 3}h16` : `M${x - 3} ${y - 7}v14M${x + 3} ${y - 7}v14`;
    return svg`<g class="kw-handle kw-${knob}" role="slider" tabindex="0" data-lm-suppress-shortcuts
        aria-label=${name} aria-orientation=${upright ? "vertical" : "horizontal"} aria-valuemin=${limit.low} aria-valuemax=${limit.high} aria-valuenow=${plan[knob]} aria-valuetext=${words}
        @pointerdown=${(/** @type {PointerEvent} */ event) => scene.grab(knob, event)}
        @keydown=${(/** @type {KeyboardEvent} */ event) => scene.press(knob, event)}>
      ${upright ? svg`<line class="kw-level" x1=${line.left} x2=${tall} y1=${y} y2=${y} />` : nothing}
      <rect class="kw-reach" x=${x - 13} y=${y - 13} width="26" height="26" />
      <rect class="kw-grip" x=${x - 9} y=${y - 9} width="18" height="18" rx=${knob === "build" ? 2 : 9} />
      <path class="kw-ridges" d=${grip} />
      ${text ? svg`<text class="kw-bold" x=${leftward ? x - 14 : x + 14} y=${y + 4} text-anchor=${leftward ? "end" : "start"}>${text}</text>` : nothing}
    </g>`;
  });
}
