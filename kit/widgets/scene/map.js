// The world map for a narrow view: places as boxes, the ways of code and schema between them, the gap.

import { nothing, svg } from "lit-html";
import { along } from "./axis.js";

/** @typedef {{holds: boolean | null, says: string}} Fact */
/** @typedef {{key: string, name: string, lines: string[], facts: Fact[], note: string, passing: string, changes: string[]}} Place */

const BOX = { width: 150, height: 74 };
const COLUMNS = [0, 180, 360];
const ROWS = [0, 100, 200];

/** Where each place is; those that hold a schema are round. */
export const PLACES = [
  { key: "github", column: 1, row: 0, round: 0 },
  { key: "site", column: 2, row: 0, round: 0 },
  { key: "dev", column: 0, row: 1, round: 0 },
  { key: "cloud", column: 2, row: 1, round: 12 },
  { key: "local", column: 0, row: 2, round: 12 },
  { key: "production", column: 1, row: 2, round: 0 },
  { key: "worker", column: 2, row: 2, round: 0 },
];
export const MAP = { width: 546, height: 278, site: { y: 2, end: 360 + BOX.width } };

/** @type {Record<string, {points: [number, number][], name: string, at: [number, number]}>} */
const WAYS = {
  "git push": { points: [[75, 102], [75, 39], [180, 39]], name: "git push", at: [82, 32] },
  builds: { points: [[330, 39], [360, 39]], name: "", at: [0, 0] },
  "migration up": { points: [[75, 176], [75, 202]], name: "migration up", at: [82, 193] },
  "db push": { points: [[150, 139], [360, 139]], name: "db push", at: [158, 132] },
  "git pull": { points: [[255, 76], [255, 202]], name: "git pull", at: [262, 193] },
  "npm start": { points: [[330, 239], [360, 239]], name: "", at: [0, 0] },
};

/** Where something is on a way of the map. @param {string} name @param {number} part from 0 to 1 */
export function onWay(name, part) {
  return along(WAYS[name].points, part);
}

/** @param {boolean} gap @param {string} ident */
export function drawWays(gap, ident) {
  return svg`${Object.values(WAYS).map(({ points, name, at }) => {
    const [x, y] = points[points.length - 1];
    const downward = points[points.length - 2][0] === x;
    return svg`<path class="kw-path" d=${points.map(([px, py], index) => `${index ? "L" : "M"}${px} ${py}`).join("")} />
      <path class="kw-tip" d=${downward ? `M${x} ${y}l-4 -8h8z` : `M${x} ${y}l-8 -4v8z`} />
      ${name ? svg`<text class="kw-small kw-halo" x=${at[0]} y=${at[1]}>${name}</text>` : nothing}`;
  })}
  ${
    gap
      ? svg`<rect class="kw-edge" x="372" y="78" width="126" height="22" fill="url(#${ident}-window)" /><text class="kw-bold kw-halo" x="435" y="93" text-anchor="middle">GAP</text>`
      : svg`<path class="kw-path kw-use" d="M435 76V102" />`
  }
  <path class="kw-path kw-use" d="M435 176V202" />`;
}

/** @param {string} text @param {number} most */
function cut(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** @param {Place} place */
export function drawPlace(place) {
  const spot = PLACES.find((each) => each.key === place.key);
  if (!spot) return nothing;
  const x = COLUMNS[spot.column] + 1;
  const y = ROWS[spot.row] + 2;
  const whole = place.facts.length > 0 && place.facts.every((fact) => fact.holds);
  const changed = place.changes.length > 0;
  const lines = [place.passing || cut(place.lines.join(", ").replace("at migration ", "at "), 23)];
  return svg`<rect class=${whole ? "kw-fresh" : "kw-old"} x=${x} y=${y} width=${BOX.width - 2} height=${BOX.height} rx=${spot.round} />
    ${changed ? svg`<rect class="kw-changed" x=${x} y=${y} width=${BOX.width - 2} height=${BOX.height} rx=${spot.round} /><text class="kw-small kw-bold" x=${x + BOX.width - 12} y=${y + 15} text-anchor="end">changed</text>` : nothing}
    <text class="kw-bold kw-inside" x=${x + 8} y=${y + 15}>${changed ? place.name.replace("production", "prod.").replace("database", "db") : place.name}</text>
    ${lines.map((line) => svg`<text class="kw-small kw-inside" x=${x + 8} y=${y + 31}>${cut(line, 23)}</text>`)}
    ${place.facts.map((fact, index) => {
      const down = y + 47 + index * 15;
      return svg`<circle class=${fact.holds ? "kw-dot kw-full" : "kw-dot"} cx=${x + 13} cy=${down - 4} r="4" />
        ${fact.holds === null ? svg`<path class="kw-full" d="M${x + 13} ${down - 8}a4 4 0 0 1 0 8z" />` : nothing}
        <text class="kw-small kw-inside" x=${x + 22} y=${down}>${cut(fact.says, 23)}</text>`;
    })}`;
}
