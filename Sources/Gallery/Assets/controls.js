// Search, filters and sorting. Their state is in the URL, so views can be linked, bookmarked and reached with Back.

const fields = ["q", "verdict", "tier", "shape", "model", "format", "signer", "agent", "credentials", "from", "to", "sort"];
const form = document.getElementById("controls");

const controls = {
  read() {
    const state = {};
    for (const name of fields) {
      const value = form.elements[name].value.trim();
      if (value) state[name] = value;
    }
    return state;
  },

  fill(state) {
    for (const name of fields) {
      const field = form.elements[name];
      const value = state[name] ?? "";
      // A link may contain a value that no picture has any more. It stays selectable and matches nothing.
      if (field.tagName === "SELECT" && value && ![...field.options].some((option) => option.value === value)) {
        field.append(make("option", { value }, value));
      }
      if (field.value !== value) field.value = value;
    }
  },

  /** Fills the filters with the values that occur and their counts. */
  offer() {
    const state = this.read();
    const shapes = { square: "Square", landscape: "Landscape", portrait: "Portrait", panorama: "Panorama", tall: "Tall" };
    this.list("verdict", (row) => row.verdict, [...verdicts.values()].map(({ id, label }) => [id, label]), [
      ["complaint", "Not as requested", (row) => verdicts.get(row.verdict)?.isComplaint],
    ]);
    this.list("tier", (row) => row.deliveredTier, [["1K", "1K"], ["2K", "2K"], ["4K", "4K"]]);
    this.list("shape", shapeOf, Object.entries(shapes));
    this.list("shape", ratioOf, ratios.map(([name]) => [name, name]), [], "Exact ratio");
    this.list("model", (row) => row.model);
    this.list("format", (row) => row.format, [["png", "PNG"], ["jpeg", "JPEG"], ["webp", "WebP"]]);
    this.list("signer", signerOf);
    this.list("agent", agentOf);
    this.list("credentials", credentialsKind, [...credentialKinds.values()].map(({ id, label }) => [id, label]));
    this.fill(state);
    const jump = document.getElementById("jump");
    const keys = [...new Set(store.rows.map((row) => row.month))];
    jump.replaceChildren(jump.options[0], ...keys.map((key) => make("option", { value: key }, monthName(key))));
    form.querySelector(".jump").hidden = keys.length < 2 || !["", "oldest"].includes(state.sort ?? "");
  },

  /**
   * Fills a field with the values that occur.
   * @param known values with their labels, in order; if missing, all values that occur, sorted
   * @param groups additional values, each with a predicate for its rows
   * @param under if set, the options are added below this heading and existing options stay
   */
  list(name, valueOf, known, groups = [], under = null) {
    const numbers = new Map();
    for (const row of store.rows) {
      const value = valueOf(row);
      if (value) numbers.set(value, (numbers.get(value) ?? 0) + 1);
    }
    const values = known ?? [...numbers.keys()].sort().map((value) => [value, value]);
    const options = values.filter(([value]) => numbers.has(value)).map(([value, label]) => [value, label, numbers.get(value)]);
    for (const [value, label, isIn] of groups) {
      const number = store.rows.filter(isIn).length;
      if (number > 0) options.unshift([value, label, number]);
    }
    const field = form.elements[name];
    const made = options.map(([value, label, number]) => make("option", { value }, `${label} (${grouped(number)})`));
    if (!under) field.replaceChildren(field.options[0], ...made);
    else if (made.length > 0) field.append(make("optgroup", { label: under }, ...made));
  },

  /** Updates the count and marks the active filters. */
  tell(state, found) {
    const narrowing = fields.filter((name) => state[name] && name !== "sort");
    const loading = store.isComplete ? "" : ", still loading";
    const missing = store.failed > 0 ? ` (${grouped(store.failed)} could not be loaded)` : "";
    const text = narrowing.length > 0 ? `${grouped(found)} of ${counted(store.total)}` : counted(store.total);
    const output = document.getElementById("count");
    if (output.value !== text + loading + missing) output.value = text + loading + missing;
    for (const button of document.querySelectorAll("[data-clear]")) button.hidden = narrowing.length === 0;
    const inPanel = fields.filter((name) => state[name] && name !== "q").length;
    const more = document.getElementById("more");
    more.replaceChildren("Filters", ...(inPanel ? [make("span", { class: "number" }, String(inPanel), make("span", { class: "quiet" }, " set"))] : []));
    for (const figure of document.querySelectorAll("button.figure")) {
      const isAll = figure.dataset.filter === "";
      figure.setAttribute("aria-pressed", String(isAll ? narrowing.length === 0 : state.verdict === figure.dataset.filter));
    }
  },

  /** The rows that match a state, in its sort order. */
  select(state) {
    const words = fold(state.q ?? "").split(/\s+/).filter(Boolean);
    const from = state.from ? Date.parse(state.from) : -Infinity;
    const to = state.to ? Date.parse(state.to) + 86400000 : Infinity;
    const isDated = Boolean(state.from || state.to);
    const view = store.rows.filter((row) =>
      (!state.verdict || row.verdict === state.verdict || (state.verdict === "complaint" && verdicts.get(row.verdict)?.isComplaint))
      && (!state.tier || row.deliveredTier === state.tier)
      && (!state.shape || (state.shape.includes(":") ? ratioOf(row) : shapeOf(row)) === state.shape)
      && (!state.model || row.model === state.model)
      && (!state.format || row.format === state.format)
      && (!state.signer || signerOf(row) === state.signer)
      && (!state.agent || agentOf(row) === state.agent)
      && (!state.credentials || credentialsKind(row) === state.credentials)
      && (!isDated || (row.time !== null && row.time >= from && row.time < to))
      && words.every((word) => haystack(row).includes(word)));
    const by = (value) => view.sort((a, b) => value(b) - value(a) || a.place - b.place);
    switch (state.sort) {
      case "oldest": return view.reverse();
      case "overpaid": return by((row) => row.overpaidMultiplier ?? -1);
      case "pixels": return by(pixelsOf);
      case "bytes": return by((row) => row.bytes ?? -1);
      case "prompt": {
        const order = new Intl.Collator("en", { numeric: true });
        return view.sort((a, b) => order.compare(a.prompt ?? "\uffff", b.prompt ?? "\uffff") || a.place - b.place);
      }
      default: return view;
    }
  },

  /** Turns the summary's figures into filter buttons. */
  upgradeSummary(onFilter) {
    for (const item of document.querySelectorAll(".summary .figure")) {
      const { filter } = item.dataset;
      const button = make("button", { type: "button", class: item.className, "data-filter": filter }, ...item.childNodes);
      button.onclick = () => onFilter(filter);
      item.className = "";
      item.removeAttribute("data-filter");
      item.append(button);
    }
  },
};
