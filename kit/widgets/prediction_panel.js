// A question about a run that is still to come: a field, a row of choices, or a grid of boxes.
//
// The kernel reads what was typed and says what it understood; this only asks, sends and shows. An answer
// that was sent can be sent anew until the run has been measured: then all of it is fixed.

const GONE = "The kernel was restarted: run the notebook's setup, then this cell again.";

function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export default {
  render({ model, el, signal }) {
    const { kind, text, unit, rule, options, rows, columns } = model.get("question");
    const name = `kw-predict-${Math.random()}`; // radio buttons of one name on a page exclude each other
    const note = make("p", { className: "kw-note", role: "status" });
    const fields = make("fieldset", { className: kind }, make("legend", { textContent: text }));
    const send = make("button", { type: "button", textContent: "Predict" });
    const commit = (answer) => model.send({ answer });
    const labelled = (input, label) => make("label", {}, input, make("span", { textContent: label }));
    const box = (option, type) => make("input", { type, name, value: option });
    let inputs = []; // one for each option; of a number the field

    if (kind === "number") {
      const field = make("input", { type: "text", inputMode: "decimal", autocomplete: "off", ariaLabel: text });
      let sent = "";
      const say = () => {
        if (!field.value.trim()) field.focus();
        else if (field.value !== sent) commit((sent = field.value));
      };
      // Enter, and leaving the field: what stands there is meant.
      field.addEventListener("keydown", (event) => event.key === "Enter" && say());
      field.addEventListener("change", () => field.value.trim() && say());
      send.addEventListener("click", say);
      fields.append(field, make("span", { className: "kw-unit", textContent: unit }), send);
      fields.append(make("span", { className: "kw-soft", textContent: rule }));
      inputs = [field];
    } else if (kind === "choice") {
      inputs = options.map((option) => box(option, "radio"));
      for (const input of inputs) input.addEventListener("change", () => commit(input.value));
      fields.append(...inputs.map((input) => labelled(input, input.value)));
    } else {
      inputs = options.map((option) => box(option, "checkbox"));
      if (kind === "grid") {
        const head = make("tr", {}, make("td", {}), ...columns.map((column) => make("th", { scope: "col", textContent: column })));
        const lines = rows.map((row, line) => make("tr", {}, make("th", { scope: "row", textContent: row }),
          ...columns.map((_, place) => {
            const input = inputs[line * columns.length + place];
            input.ariaLabel = input.value;
            return make("td", {}, make("label", {}, input));
          })));
        fields.append(make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines)));
      } else {
        fields.append(...inputs.map((input) => labelled(input, input.value)));
      }
      fields.append(send, make("span", { className: "kw-soft", textContent: "Some, all, or none." }));
      send.addEventListener("click", () => commit(inputs.filter((input) => input.checked).map((input) => input.value)));
    }
    for (const each of [...inputs, send]) each.dataset.lmSuppressShortcuts = "";

    function show() {
      const { value, note: said, fixed, right } = model.get("state");
      if (kind === "number") {
        if (typeof value === "number" && document.activeElement !== inputs[0]) inputs[0].value = `${value}`;
      } else if (value !== null) {
        for (const input of inputs) input.checked = kind === "choice" ? input.value === value : value.includes(input.value);
      }
      fields.disabled = fixed;
      const mark = right === true ? "✓ " : right === false ? "✗ " : "";
      if (note.textContent !== mark + said) note.textContent = mark + said;
      el.classList.toggle("kw-right", right === true);
      el.classList.toggle("kw-wrong", right === false);
    }
    function leave() {
      fields.disabled = true;
      note.textContent = GONE;
    }

    el.classList.add("kw-predict");
    el.append(fields, note);
    model.on("change:state", show);
    // Only ever set when a model is made, which was before, and when its kernel has gone.
    model.on("comm_live_update", leave);
    signal.addEventListener("abort", () => {
      model.off("change:state", show);
      model.off("comm_live_update", leave);
    });
    show();
  },
};
