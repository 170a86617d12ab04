// Where an instant lies on a drawing, and how numbers are said.

/** @typedef {{start: number, end: number, left: number, width: number, x: (at: number) => number, at: (x: number) => number}} Axis */

/** @param {number} start @param {number} end @param {number} left @param {number} width @returns {Axis} */
export function axis(start, end, left, width) {
  const scale = width / (end - start);
  return {
    start,
    end,
    left,
    width,
    x: (at) => left + Math.min(width, Math.max(0, (at - start) * scale)),
    at: (x) => start + (x - left) / scale,
  };
}

/** A round number of seconds that cuts a span into `most` pieces at most. @param {number} span @param {number} most @param {number} [least] */
export function step(span, most, least = 0) {
  const need = Math.max(span / most, least, 1e-3);
  const size = 10 ** Math.floor(Math.log10(need));
  return [1, 2, 5, 10].map((each) => size * each).find((each) => each >= need * (1 - 1e-9)) ?? need;
}

/** Round instants on an axis. @param {Axis} line @returns {number[]} */
export function ticks(line) {
  const size = step(line.end - line.start, Math.max(2, line.width / 64), 0.5);
  const first = Math.ceil(line.start / size);
  const count = Math.floor(line.end / size) - first + 1;
  return Array.from({ length: count }, (_, index) => (first + index) * size);
}

/** "4.36 s". @param {number} number */
export function say(number) {
  return `${Number(number.toFixed(2))} s`;
}

/** "+3.61 s", "0 s". @param {number} number */
export function sayInstant(number) {
  const text = say(number);
  return number > 0 && text !== "0 s" ? `+${text}` : text.replace("-0 s", "0 s");
}

/** The longest of some texts that fits into so many pixels, "" if none does. @param {string[]} texts @param {number} room */
export function fit(texts, room) {
  return texts.find((text) => text.length * 6.9 + 12 <= room) ?? "";
}

/** The point at a share of a way, from 0 to 1. @param {[number, number][]} way @param {number} part @returns {[number, number]} */
export function along(way, part) {
  const lengths = way.slice(1).map(([x, y], index) => Math.hypot(x - way[index][0], y - way[index][1]));
  let left = Math.min(1, Math.max(0, part)) * lengths.reduce((sum, each) => sum + each, 0);
  for (const [index, length] of lengths.entries()) {
    if (left <= length || index === lengths.length - 1) {
      const [[x, y], [endX, endY]] = [way[index], way[index + 1]];
      const done = length ? Math.min(1, left / length) : 1;
      return [x + (endX - x) * done, y + (endY - y) * done];
    }
    left -= length;
  }
  return way[0];
}
