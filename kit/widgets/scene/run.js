// A measured run, whole or as it stood at an instant; times in seconds since its `git push`.

/** @typedef {import("./plan.js").Plan} Plan */
/** @typedef {import("./plan.js").Span} Span */
/** @typedef {"ok" | "lost" | "failed" | "blocked"} Outcome */
/** A page view; `id` is what the kernel calls it. @typedef {{id: number, at: number, outcome: Outcome}} View */
/** A time in which one thing held. @typedef {{start: number, end: number, name: string, new: boolean}} Segment */
/** @typedef {{start: number, end: number | null, commit: string, failed: boolean}} Build */
/**
 * What the kernel measured, as far as it has come.
 * @typedef {object} Measured
 * @property {number} start
 * @property {number} now
 * @property {number} zero the instant of `git push` on the run's clock
 * @property {{at: number, text: string}[]} marks
 * @property {Segment[]} code
 * @property {Build[]} builds
 * @property {Segment[]} schema
 * @property {Span[]} windows
 * @property {{at: number, sqlstate: string, message: string, status: number} | null} error
 * @property {{text: string, detail: string}} head
 * @property {number} late
 */
/** @typedef {{question: string, said: string, was: string, right: boolean}} Grade */
/**
 * @typedef {object} Run
 * @property {number} id
 * @property {Plan} plan
 * @property {boolean} ended
 * @property {string} end how it ended: "done", "stopped", "failed"
 * @property {Measured | null} seen
 * @property {[number, number, number][]} rows page views as they came: id, instant on the clock, outcome
 * @property {Grade[]} grades
 * @property {string} reason
 */

/** @type {Outcome[]} */
export const OUTCOMES = ["ok", "lost", "failed", "blocked"];

/** @type {WeakMap<Run, {count: number, zero: number, views: View[]}>} */
const sorted = new WeakMap();

/** The page views in order of time. @param {Run} run @returns {View[]} */
export function views(run) {
  const zero = run.seen?.zero ?? 0;
  const known = sorted.get(run);
  if (known && known.count === run.rows.length && known.zero === zero) return known.views;
  const made = run.rows.map(([id, at, outcome]) => ({ id, at: at - zero, outcome: OUTCOMES[outcome] }));
  made.sort((a, b) => a.at - b.at || a.id - b.id);
  sorted.set(run, { count: run.rows.length, zero, views: made });
  return made;
}

/** How many page views came until an instant. @param {View[]} all @param {number} at */
export function countUntil(all, at) {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle].at <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {View[]} some @returns {Record<Outcome, number>} */
export function count(some) {
  const counts = { ok: 0, lost: 0, failed: 0, blocked: 0 };
  for (const view of some) counts[view.outcome] += 1;
  return counts;
}

/** What had been measured at an instant. @param {Measured} seen @param {number} at @returns {Measured} */
export function until(seen, at) {
  if (at >= seen.now) return seen;
  /** @template {Segment} T @param {T[]} some @returns {T[]} */
  const cut = (some) =>
    some.filter((each) => each.start <= at).map((each) => ({ ...each, end: Math.min(each.end, at) }));
  return {
    ...seen,
    now: at,
    marks: seen.marks.filter((mark) => mark.at <= at),
    code: cut(seen.code),
    schema: cut(seen.schema),
    builds: seen.builds
      .filter((build) => build.start <= at)
      .map((build) => (build.end !== null && build.end > at ? { ...build, end: null, failed: false } : build)),
    windows: seen.windows
      .filter((window) => window.start < at)
      .map((window) => (window.end > at ? { start: window.start, end: at, open: true } : window)),
    error: seen.error && seen.error.at <= at ? seen.error : null,
  };
}

/** How long production was broken. @param {Span[]} windows */
export function seconds(windows) {
  return windows.reduce((sum, window) => sum + window.end - window.start, 0);
}
