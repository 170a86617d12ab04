// Names, groups, keys and a live region, where ipywidgets and JupyterLab have none.
//
// ipywidgets 8.1 gives a slider's handle no accessible name, cannot make a region live or name a group, and
// gives the radio buttons of one choice no common name, so that no browser lets arrow keys move between them.
// JupyterLab 4 takes arrow keys for moving between cells wherever the element that has the focus does not say
// `data-lm-suppress-shortcuts` itself (Lumino, CommandRegistry; saying it further up does not help).
// Without this script all works the same; Tab and Space still choose.

const FRAMES = 600; // in which a view is put into its panel: ten seconds

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}

function nameCheck(root) {
  const label = root.querySelector("button")?.textContent ?? "";
  set(root, { role: "group", "aria-label": label, "aria-live": "polite", "aria-atomic": "false" });
}

function nameDeploy(root) {
  for (const slider of root.querySelectorAll(".widget-hslider")) {
    const label = slider.querySelector(".widget-label").textContent;
    slider.querySelectorAll("[role=slider]").forEach((handle) => set(handle, { "aria-label": label }));
    const number = { role: "textbox", "aria-label": `${label}, as a number` };
    set(slider.querySelector(".widget-readout"), number);
  }
  for (const radio of root.querySelectorAll(".widget-radio")) {
    const box = radio.querySelector(".widget-radio-box");
    set(box, { role: "radiogroup", "aria-label": radio.querySelector(".widget-label").textContent });
    // Made up for each view, so that two views of one panel on a page do not share a group.
    box.dataset.group ||= `kw${Math.random()}`;
    for (const button of box.querySelectorAll("input")) {
      set(button, { name: box.dataset.group, "data-lm-suppress-shortcuts": "" });
    }
  }
  set(root.querySelector(".kw-live .widget-html-content"), { role: "status", "aria-live": "polite" });
  set(root.querySelector(".kw-progress .progress"), { "aria-hidden": "true" });
}

export default {
  render({ el, signal }) {
    const begin = (frames) => {
      const root = el.closest(".kw-check, .kw-deploy");
      if (!root) {
        if (frames && !signal.aborted) requestAnimationFrame(() => begin(frames - 1));
        return;
      }
      const name = () => (root.matches(".kw-check") ? nameCheck : nameDeploy)(root);
      // The views of a panel come one after the other, and a radio button anew with each change.
      const observer = new MutationObserver(name);
      observer.observe(root, { childList: true, subtree: true });
      signal.addEventListener("abort", () => observer.disconnect());
      name();
    };
    begin(FRAMES); // and return: a view is put into its panel only after that
  },
};
