// Where code and schema are at an instant: clone, GitHub, site, database, and who visits.

import { html, nothing, svg } from "lit-html";
import { along } from "./axis.js";
import { sayHolds } from "./lanes.js";
import { countUntil, views } from "./run.js";

/** @typedef {import("./plan.js").Prediction} Prediction */
/** @typedef {import("./run.js").Run} Run */
/** @typedef {import("./run.js").Measured} Measured */

const WIDTH = 372;
const HEIGHT = 150;
const COMES = 0.35; // seconds for which a page view is seen coming
const STAYS = 0.9; // seconds for which one that was not ok is seen afterwards

/** A record's way along a line, from 0 to 1. @param {number} from @param {number} to @param {number} at */
function share(from, to, at) {
  return to > from ? Math.min(1, Math.max(0, (at - from) / (to - from))) : 1;
}

/**
 * @param {Prediction} expected @param {Measured | null} seen as it stood at `at` @param {Measured | null} whole
 * @param {Run | null} run @param {number} at @param {string} ident
 */
export function drawPlaces(expected, seen, whole, run, at, ident) {
  const turns = { code: (seen?.code.length ?? 1) - 1, schema: (seen?.schema.length ?? 1) - 1 };
  const writes = expected.code[Math.min(turns.code, expected.code.length - 1)].columns;
  const has = expected.schema[Math.min(turns.schema, expected.schema.length - 1)].columns;
  const broken = seen?.windows.some((window) => window.open || (window.start <= at && at < window.end)) ?? false;
  const fresh = { code: turns.code > 0, schema: turns.schema > 0 };
  const words = seen
    ? `production runs ${fresh.code ? "new" : "old"} code on ${fresh.schema ? "the new" : "the old"} schema${broken ? ", and is broken" : ""}`
    : "nothing was deployed yet";
  return html`<figure class="kw-places"><figcaption>Where everything is</figcaption>
    <svg class="kw-drawing" role="img" aria-label="Map: ${words}." width=${WIDTH} height=${HEIGHT} viewBox="0 0 ${WIDTH} ${HEIGHT}">
      <path class="kw-path" d="M34 62V24H92" /><path class="kw-tip" d="M92 24l-8 -4v8z" />
      <path class="kw-path" d="M146 24H186" /><path class="kw-tip" d="M186 24l-8 -4v8z" />
      <path class="kw-path" d="M66 76H100V124H186" /><path class="kw-tip" d="M186 124l-8 -4v8z" />
      <text class="kw-small kw-note" x="40" y="18">git push</text><text class="kw-small kw-note" x="106" y="118">db push</text>
      ${drawNode(2, 62, 64, 28, 0, "your clone", "", false)}
      ${drawNode(92, 10, 54, 28, 0, "GitHub", "", false)}
      ${drawNode(188, 4, 128, 42, 0, "production site", sayHolds("code", writes).replace("does not write last_viewed", "old code"), fresh.code)}
      ${drawNode(188, 104, 128, 42, 9, "cloud database", sayHolds("schema", has), fresh.schema)}
      ${
        broken
          ? svg`<rect class="kw-edge" x="194" y="52" width="116" height="46" fill="url(#${ident}-window)" /><text class="kw-bold kw-halo" x="252" y="79" text-anchor="middle">broken</text>`
          : svg`<path class="kw-path kw-use" d="M252 46V104" />`
      }
      ${whole && seen ? drawPushes(whole, at) : nothing}
      ${run ? drawVisitors(run, at, ident) : nothing}
    </svg></figure>`;
}

/** @param {number} x @param {number} y @param {number} width @param {number} height @param {number} round @param {string} name @param {string} holds @param {boolean} fresh */
function drawNode(x, y, width, height, round, name, holds, fresh) {
  return svg`<rect class=${holds ? (fresh ? "kw-fresh" : "kw-old") : "kw-old"} x=${x} y=${y} width=${width} height=${height} rx=${round} />
    <text class=${holds ? "kw-bold" : "kw-small"} x=${x + width / 2} y=${y + 18} text-anchor="middle">${name}</text>
    ${holds ? svg`<text class="kw-small" x=${x + width / 2} y=${y + 33} text-anchor="middle">${holds}</text>` : nothing}`;
}

/** Code on its way is a square, a schema a circle; both are where their records say. @param {Measured} whole @param {number} at */
function drawPushes(whole, at) {
  const parts = [];
  for (const build of whole.builds) {
    const end = build.end ?? whole.now;
    if (at < build.start || at > end) continue;
    const done = share(build.start, end, at);
    // A seventh of a build is its queueing: the code is on its way to GitHub.
    const [x, y] = done < 1 / 7 ? along([[34, 62], [34, 24], [92, 24]], done * 7) : along([[146, 24], [186, 24]], (done * 7 - 1) / 6);
    parts.push(svg`<rect class="kw-token" x=${x - 6} y=${y - 6} width="12" height="12" />`);
  }
  whole.schema.slice(1).forEach((segment) => {
    const push = whole.marks.filter((mark) => mark.text.includes("db") && mark.at <= segment.start).at(-1);
    const from = Math.min(push?.at ?? segment.start, segment.start - 0.4);
    if (at < from || at > segment.start + 0.1) return;
    const [x, y] = along([[66, 76], [100, 76], [100, 124], [186, 124]], share(from, segment.start, at));
    parts.push(svg`<circle class="kw-token" cx=${x} cy=${y} r="7" />`);
  });
  return parts;
}

/** @param {Run} run @param {number} at @param {string} ident */
function drawVisitors(run, at, ident) {
  const all = views(run);
  const end = countUntil(all, at);
  const parts = [];
  for (let index = countUntil(all, at - STAYS); index < end; index += 1) {
    const { at: came, outcome, id } = all[index];
    const age = at - came;
    const lane = 10 + ((id * 7) % 30);
    if (age <= COMES) {
      parts.push(svg`<circle class="kw-visitor" cx=${366 - 48 * (age / COMES)} cy=${lane} r="3.5" />`);
    } else if (outcome !== "ok") {
      const fall = (age - COMES) / (STAYS - COMES);
      parts.push(svg`<rect class="kw-${outcome}" fill="url(#${ident}-${outcome})" x=${322 + ((id * 13) % 40)} y=${48 + fall * 84} width="9" height="9" opacity=${1 - fall * 0.6} />`);
    }
  }
  return svg`<text class="kw-small kw-note" x="372" y="62" text-anchor="end">visitors</text>${parts}`;
}
