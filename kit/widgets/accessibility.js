// A group's name and a live region, which ipywidgets 8.1 can give to none of its boxes.
// Without this script all works the same.

const FRAMES = 600; // in which a view is put into its panel: ten seconds

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}

function nameCheck(root) {
  const label = root.querySelector("button")?.textContent ?? "";
  set(root, { role: "group", "aria-label": label, "aria-live": "polite", "aria-atomic": "false" });
}

export default {
  render({ el, signal }) {
    const begin = (frames) => {
      const root = el.closest(".kw-check");
      if (!root) {
        if (frames && !signal.aborted) requestAnimationFrame(() => begin(frames - 1));
        return;
      }
      // The views of a panel come one after the other.
      const observer = new MutationObserver(() => nameCheck(root));
      observer.observe(root, { childList: true, subtree: true });
      signal.addEventListener("abort", () => observer.disconnect());
      nameCheck(root);
    };
    begin(FRAMES); // and return: a view is put into its panel only after that
  },
};
