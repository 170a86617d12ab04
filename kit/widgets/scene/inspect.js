// What became of single page views: those of one bar; of one of them the request, the page, the log, the row.

import { html, nothing } from "lit-html";
import { sayInstant } from "./axis.js";
import { countUntil, views } from "./run.js";

/** @typedef {import("./run.js").Run} Run */
/**
 * What the kernel knows of a page view.
 * @typedef {object} Detail
 * @property {string} request
 * @property {string} answer
 * @property {string} page HTML as this visitor got it
 * @property {string} statement what the database refused, "" for nothing
 * @property {string} error PostgreSQL's words
 * @property {string} log the line in the app's log, "" for none
 * @property {string} row what the database holds of the document
 * @property {string} missing what is not in it, "" for nothing
 */

/**
 * @param {Run} run @param {{start: number, end: number}} bar @param {number} at up to when it is shown
 * @param {number | null} chosen @param {Detail | undefined} detail @param {string} waiting
 * @param {(id: number) => void} choose @param {() => void} close
 */
export function drawInspector(run, bar, at, chosen, detail, waiting, choose, close) {
  const all = views(run);
  const some = all.slice(countUntil(all, bar.start - 1e-9), countUntil(all, Math.min(at, bar.end - 1e-9)));
  return html`<section class="kw-inspect" aria-label="Page views of a bar">
    <header><strong>${some.length} page views from ${sayInstant(bar.start)} to ${sayInstant(bar.end)}</strong>
      <button type="button" class="kw-plain" @click=${close}>Close</button></header>
    <div class="kw-inspected">
      <ul>${some.map(
        ({ id, at: came, outcome }) => html`<li><button type="button" class=${id === chosen ? "kw-view kw-on" : "kw-view"} aria-pressed=${id === chosen} @click=${() => choose(id)}>${sayInstant(came)} <b class="kw-mark-${outcome}">${outcome}</b></button></li>`,
      )}</ul>
      ${detail ? drawDetail(detail) : html`<p class="kw-soft">${chosen === null ? "Choose a page view: what was asked, what came back, what the database says." : waiting}</p>`}
    </div></section>`;
}

/** @param {Detail} detail */
function drawDetail(detail) {
  const facts = [
    ["asked", detail.request],
    ["answer", detail.answer],
    ["refused", detail.statement],
    ["PostgreSQL", detail.error],
    ["log", detail.log],
    ["row", detail.row],
    ["missing", detail.missing],
  ];
  // Sandboxed: no script of the page runs, and it reaches nothing of this one.
  return html`<dl>${facts.map(([name, text]) => (text ? html`<div><dt>${name}</dt><dd><code>${text}</code></dd></div>` : nothing))}</dl>
    <figure><figcaption>The page as this visitor saw it</figcaption>
      ${detail.page ? html`<iframe title="The page as this visitor saw it" sandbox="" srcdoc=${detail.page}></iframe>` : html`<p class="kw-soft">No page came.</p>`}</figure>`;
}
