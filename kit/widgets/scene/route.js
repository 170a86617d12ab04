// The way of a run through the combinations of code and schema: one picture of why the order matters.

import { nothing, svg, html } from "lit-html";
import { works } from "./plan.js";
import { count, views } from "./run.js";

/** @typedef {import("./plan.js").Turn} Turn */
/** @typedef {import("./plan.js").Prediction} Prediction */
/** @typedef {import("./run.js").Run} Run */
/** @typedef {import("./run.js").Measured} Measured */

const CELL = { width: 92, height: 42 };
const LEFT = 74;
const TOP = 20;
const TRACK = 0.68; // how far down a cell the way runs, below the cell's words

/** What differs from what was before. @param {Turn[]} turns @returns {number[]} for each turn the number of its row or column */
function numbers(turns) {
  let number = 0;
  return turns.map((turn, index) => {
    if (index && turn.columns.join() !== turns[index - 1].columns.join()) number += 1;
    return number;
  });
}

/** @param {string[]} columns @param {number} number @param {number} last @param {string} what */
function name(columns, number, last, what) {
  if (last === 1) return `${number ? "new" : "old"} ${what}`;
  return columns.length > 1 ? "both" : (columns[0] ?? "none");
}

/**
 * Where a deploy stood, in order: the instant from which on, the column (code), the row (schema).
 * @param {{at: number}[]} code @param {{at: number}[]} schema @param {number[]} across @param {number[]} down
 */
function stations(code, schema, across, down) {
  const instants = [...new Set([...code, ...schema].map((turn) => turn.at))].sort((a, b) => a - b);
  /** @param {{at: number}[]} turns @param {number[]} places @param {number} at */
  const place = (turns, places, at) => places[Math.min(places.length, turns.filter((turn) => turn.at <= at).length) - 1] ?? 0;
  return instants
    .map((at) => ({ at, column: place(code, across, at), row: place(schema, down, at) }))
    .filter((each, index, all) => !index || each.column !== all[index - 1].column || each.row !== all[index - 1].row);
}

/**
 * @param {Prediction} expected @param {Measured | null} seen as it stood at the instant that is shown
 * @param {Run | null} run @param {boolean} foreseen @param {string} ident
 */
export function drawRoute(expected, seen, run, foreseen, ident) {
  const across = numbers(expected.code);
  const down = numbers(expected.schema);
  const columns = (across.at(-1) ?? 0) + 1;
  const rows = (down.at(-1) ?? 0) + 1;
  const way = seen
    ? stations(
        seen.code.map((each) => ({ at: each.start })),
        seen.schema.map((each) => ({ at: each.start })),
        across,
        down,
      )
    : [];
  const planned = stations(expected.code, expected.schema, across, down);
  const met = way.map((station, index) => {
    const end = way[index + 1]?.at ?? seen?.now ?? 0;
    return { ...station, counts: run ? count(views(run).filter((view) => view.at >= station.at && view.at < end)) : null };
  });
  const width = LEFT + columns * CELL.width;
  const height = TOP + rows * CELL.height + 4;
  /** @param {{column: number, row: number}[]} some */
  const path = (some) => some.map(({ column, row }, index) => `${index ? "L" : "M"}${LEFT + (column + 0.5) * CELL.width} ${TOP + (row + TRACK) * CELL.height}`).join("");
  const cells = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const writes = expected.code[across.indexOf(column)].columns;
      const has = expected.schema[down.indexOf(row)].columns;
      const been = met.filter((station) => station.column === column && station.row === row);
      cells.push(drawCell(column, row, been, works(writes, has), foreseen, ident));
    }
  }
  const says = way.map(({ column, row }) => `${name(expected.code[across.indexOf(column)].columns, column, columns - 1, "code")} on ${name(expected.schema[down.indexOf(row)].columns, row, rows - 1, "schema")}`).join(", then ");
  return html`<figure class="kw-route"><figcaption>The way from old to new</figcaption>
    <svg class="kw-drawing" role="img" aria-label="Code across, schema down. ${says ? `The run went: ${says}.` : "No run yet."}" width=${width} height=${height} viewBox="0 0 ${width} ${height}">
    ${Array.from({ length: columns }, (_, column) => svg`<text class="kw-note" x=${LEFT + (column + 0.5) * CELL.width} y="12" text-anchor="middle">${name(expected.code[across.indexOf(column)].columns, column, columns - 1, "code")}</text>`)}
    ${Array.from({ length: rows }, (_, row) => svg`<text class="kw-note" x="0" y=${TOP + (row + 0.5) * CELL.height + 4}>${name(expected.schema[down.indexOf(row)].columns, row, rows - 1, "schema")}</text>`)}
    ${columns > 2 ? svg`<text class="kw-note kw-small" x="0" y="12">schema \\ code</text>` : nothing}
    ${cells}
    ${foreseen && !run ? svg`<path class="kw-way kw-planned" d=${path(planned)} />` : nothing}
    ${way.length > 1 ? svg`<path class="kw-way" d=${path(way)} />` : nothing}
    ${way.length ? drawHere(way[way.length - 1]) : nothing}
  </svg></figure>`;
}

/** @param {number} column @param {number} row @param {{counts: Record<string, number> | null}[]} been @param {boolean} fine @param {boolean} foreseen @param {string} ident */
function drawCell(column, row, been, fine, foreseen, ident) {
  const x = LEFT + column * CELL.width + 2;
  const y = TOP + row * CELL.height + 2;
  const width = CELL.width - 4;
  const height = CELL.height - 4;
  const bad = been.reduce((sum, { counts }) => sum + (counts ? counts.lost + counts.failed + counts.blocked : 0), 0);
  const good = been.reduce((sum, { counts }) => sum + (counts?.ok ?? 0), 0);
  const broken = been.length ? bad > 0 && bad >= good : foreseen && !fine;
  const words = been.length ? (bad ? `${bad} not ok` : `${good} ok`) : foreseen ? (fine ? "works" : "breaks") : "?";
  return svg`<rect class=${broken ? "kw-cell kw-edge" : been.length ? "kw-cell kw-been" : "kw-cell"} x=${x} y=${y} width=${width} height=${height} fill=${broken ? `url(#${ident}-window)` : nothing} />
    <text class="kw-halo kw-small" x=${x + 6} y=${y + 13}>${words}</text>`;
}

/** @param {{column: number, row: number}} station */
function drawHere({ column, row }) {
  return svg`<circle class="kw-here" cx=${LEFT + (column + 0.5) * CELL.width} cy=${TOP + (row + TRACK) * CELL.height} r="6" />`;
}
