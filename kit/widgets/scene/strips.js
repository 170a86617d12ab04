// Every run so far as a thin strip under the last: what was deployed in which order, and what it cost.

import { html, nothing, svg } from "lit-html";
import { say } from "./axis.js";
import { count, seconds, views } from "./run.js";

/** @typedef {import("./run.js").Run} Run */

const WIDTH = 220;
const HEIGHT = 16;

/**
 * @param {Run[]} runs @param {Run | null} shown @param {Run | null} ghost @param {string} ident
 * @param {Record<string, Record<string, string>>} names @param {(run: Run) => void} show @param {(run: Run) => void} lay
 */
export function drawStrips(runs, shown, ghost, ident, names, show, lay) {
  if (!runs.length) return nothing;
  const start = Math.min(...runs.map((run) => run.seen?.start ?? 0));
  const end = Math.max(...runs.map((run) => run.seen?.now ?? 1));
  const scale = WIDTH / (end - start || 1);
  return html`<section class="kw-strips" aria-label="Runs so far">
    <ol>${[...runs].reverse().map((run) => {
      const seen = run.seen;
      const bad = views(run).length - count(views(run)).ok;
      const cost = run.end !== "done" ? "stopped: nothing was measured" : seen?.windows.length ? `broken ${say(seconds(seen.windows))}, ${bad} views` : "never broken";
      const words = `${names.change[run.plan.change]}: ${names.order[run.plan.order]}`;
      /** @param {number} at */
      const x = (at) => (at - start) * scale;
      return html`<li class=${run === shown ? "kw-on" : ""}>
        <button type="button" class="kw-strip" aria-pressed=${run === shown} @click=${() => show(run)}>
          <svg class="kw-drawing" width=${WIDTH} height=${HEIGHT} aria-hidden="true">${
            seen
              ? svg`${seen.code.map((each) => svg`<rect class=${each.new ? "kw-fresh" : "kw-old"} x=${x(each.start)} y="1" width=${Math.max(0, x(each.end) - x(each.start))} height="6" />`)}
              ${seen.schema.map((each) => svg`<rect class=${each.new ? "kw-fresh" : "kw-old"} x=${x(each.start)} y="9" width=${Math.max(0, x(each.end) - x(each.start))} height="6" rx="3" />`)}
              ${seen.windows.map((each) => svg`<rect class="kw-edge" x=${x(each.start)} y="0" width=${Math.max(1, x(each.end) - x(each.start))} height="16" fill="url(#${ident}-window)" />`)}`
              : nothing
          }</svg>
          <span>${words}</span> <b>${cost}</b></button>
        ${run === shown || !seen ? nothing : html`<label><input type="checkbox" data-lm-suppress-shortcuts .checked=${run === ghost} @change=${() => lay(run)} /> lay over</label>`}
      </li>`;
    })}</ol></section>`;
}
