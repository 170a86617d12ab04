// What a plan should lead to: the rule of kit/experiments/prediction.py, so that a drag needs no kernel.
// tests/widgets/test_scene.py compares the two on a grid of plans.

/**
 * @typedef {object} Plan
 * @property {string} change
 * @property {string} order
 * @property {number} wait seconds from `git push` to `db push`, where the code goes first
 * @property {number} build seconds from `git push` to live
 * @property {number} rate page views a second
 * @property {string} handling "silent" or "loud"
 * @property {string} clock "wall" or "virtual"
 */
/**
 * A commit, and what holds once it is everywhere: what the code writes, what the table has.
 * @typedef {{writes: string[], has: string[], migrates: boolean}} Commit
 */
/** @typedef {{writes: string[], has: string[], whole: Commit, apart: Commit[]}} Recipe */
/**
 * What the kernel says once: seconds that a `db push` takes by clock, seconds between the steps, the changes.
 * @typedef {{takes: Record<string, number>, margin: number, lead: number, recipes: Record<string, Recipe>}} Rules
 */
/** @typedef {{at: number, columns: string[]}} Turn */
/** @typedef {{start: number, end: number, open?: boolean}} Span */
/** @typedef {{at: number, git: boolean, db: boolean}} Push */
/**
 * @typedef {object} Prediction
 * @property {Turn[]} code what the live code writes; the first is what was before
 * @property {Turn[]} schema what the cloud's table has, likewise
 * @property {Span | null} window
 * @property {number} lost page views that should be lost, or fail
 */

/** @param {Plan} plan @param {Rules} rules @returns {{at: number, commit: Commit}[]} */
function steps(plan, rules) {
  let at = 0;
  return rules.recipes[plan.change].apart.map((commit) => {
    const step = { at, commit };
    at += Math.max(plan.build + rules.margin, commit.migrates ? rules.takes[plan.clock] : 0);
    return step;
  });
}

/** The commands that a plan types, in seconds since the first `git push`. @param {Plan} plan @param {Rules} rules @returns {Push[]} */
export function pushes(plan, rules) {
  if (plan.order === "expand-contract") {
    return steps(plan, rules).map(({ at, commit }) => ({ at, git: true, db: commit.migrates }));
  }
  if (plan.order === "together") return [{ at: 0, git: true, db: true }];
  const git = { at: 0, git: true, db: false };
  if (plan.order === "schema-first") return [{ at: -rules.takes[plan.clock], git: false, db: true }, git];
  return [git, { at: plan.wait, git: false, db: true }];
}

/** From when to when visitors come. @param {Plan} plan @param {Rules} rules @returns {Span} */
export function span(plan, rules) {
  const all = pushes(plan, rules);
  const takes = rules.takes[plan.clock];
  const ends = all.map(
    ({ at, git, db }) => at + (db ? Math.max(takes, git ? plan.build : 0) : plan.build),
  );
  return { start: all[0].at - rules.lead, end: Math.max(...ends) + rules.lead };
}

/** @param {Plan} plan @param {Rules} rules @returns {Prediction} */
export function predict(plan, rules) {
  const made = rules.recipes[plan.change];
  const takes = rules.takes[plan.clock];
  /** @type {Turn[]} */
  const code = [{ at: -Infinity, columns: made.writes }];
  /** @type {Turn[]} */
  const schema = [{ at: -Infinity, columns: made.has }];
  if (plan.order === "expand-contract") {
    for (const { at, commit } of steps(plan, rules)) {
      code.push({ at: at + plan.build, columns: commit.writes });
      if (commit.migrates) schema.push({ at: at + takes, columns: commit.has });
    }
  } else {
    const push = pushes(plan, rules).find((each) => each.db);
    code.push({ at: plan.build, columns: made.whole.writes });
    schema.push({ at: (push?.at ?? 0) + takes, columns: made.whole.has });
  }
  const window = broken(code, schema);
  return { code, schema, window, lost: window ? Math.round((window.end - window.start) * plan.rate) : 0 };
}

/** From the first instant at which the code writes what the table lacks to the last. @param {Turn[]} code @param {Turn[]} schema @returns {Span | null} */
function broken(code, schema) {
  const instants = [...new Set([...code, ...schema].map((turn) => turn.at))].sort((a, b) => a - b);
  const bad = instants.filter((at, index) => index < instants.length - 1 && !works(columnsAt(code, at), columnsAt(schema, at)));
  if (!bad.length) return null;
  return { start: bad[0], end: instants[instants.indexOf(bad[bad.length - 1]) + 1] };
}

/** @param {Turn[]} turns @param {number} at @returns {string[]} */
function columnsAt(turns, at) {
  return turns.filter((turn) => turn.at <= at).at(-1)?.columns ?? [];
}

/** Whether code that writes these columns works with a table that has those. @param {string[]} writes @param {string[]} has */
export function works(writes, has) {
  return writes.every((column) => has.includes(column));
}
