// The grid: only tiles near the visible area exist.

const grid = {
  box: document.getElementById("grid"),
  view: [],
  byMonth: true,
  layout: { height: 0, sections: [], lines: [] },
  tiles: new Map(),
  sections: new Map(),
  placeOf: new Map(),
  /** The number of the current layout. A tile with an older number must be moved. */
  version: 0,
  rendered: "",

  /** Shows `view`. The picture at the top of the window stays in place if `view` still contains it. */
  show(view, byMonth, { keepsPlace = true } = {}) {
    const anchor = keepsPlace ? this.anchor() : null;
    // While data files are loading, existing tiles stay and new ones are added below.
    const isLonger = this.byMonth === byMonth && this.view.length > 0 && this.view.every((row, place) => row === view[place]);
    this.view = view;
    this.byMonth = byMonth;
    this.placeOf = new Map(view.map((row, place) => [row, place]));
    this.box.classList.add("live");
    if (!isLonger) this.clear();
    this.relayout(anchor);
  },

  clear() {
    this.box.replaceChildren();
    this.tiles.clear();
    this.sections.clear();
  },

  relayout(anchor = this.anchor()) {
    // Until the first rows are loaded, the static page is shown.
    if (!this.box.classList.contains("live")) return;
    this.width = this.box.clientWidth;
    this.layout = layOut(this.view, this.width, this.byMonth);
    this.version += 1;
    this.box.style.height = `${this.layout.height}px`;
    if (anchor && this.placeOf.has(anchor.row)) {
      const line = this.layout.lines[this.lineOf(this.placeOf.get(anchor.row))];
      window.scrollTo(0, this.top() + line.top - anchor.offset);
    }
    this.render();
  },

  /** The top of the grid in document coordinates. */
  top() { return this.box.getBoundingClientRect().top + window.scrollY; },

  barHeight() { return document.getElementById("controls").offsetHeight; },

  /** The first picture below the bar, and the distance of its row from the window's top. `null` at the top of the page. */
  anchor() {
    const edge = window.scrollY - this.top() + this.barHeight();
    if (edge <= 0 || this.layout.lines.length === 0) return null;
    const line = this.layout.lines[firstWhere(this.layout.lines, (line) => line.top + line.height > edge)];
    return line ? { row: this.view[line.first], offset: line.top - window.scrollY + this.top() } : null;
  },

  lineOf(place) { return firstWhere(this.layout.lines, (line) => line.first > place) - 1; },

  render() {
    const { lines } = this.layout;
    const edge = window.scrollY - this.top();
    const reach = Math.min(900, window.innerHeight);
    const from = firstWhere(lines, (line) => line.top + line.height > edge - reach * 0.6);
    const to = firstWhere(lines, (line) => line.top > edge + window.innerHeight + reach);
    // Most scroll frames show the same rows as the previous one.
    const rendered = `${this.version} ${from} ${to}`;
    if (rendered === this.rendered) return;
    this.rendered = rendered;
    const wanted = new Map();
    for (const line of lines.slice(from, to)) line.items.forEach((item, i) => wanted.set(line.first + i, { line, item }));
    // Keep the focused tile; otherwise keyboard navigation would lose its position.
    const focused = document.activeElement?.closest?.(".live .tile");
    for (const [place, tile] of this.tiles) {
      if (wanted.has(place)) continue;
      if (tile === focused) { wanted.set(place, this.itemAt(place)); continue; }
      tile.remove();
      this.tiles.delete(place);
    }
    const used = new Set();
    const places = [...wanted.keys()].sort((a, b) => a - b);
    let previous = null;
    for (const place of places) {
      const { line, item } = wanted.get(place);
      const list = this.sectionAt(line.section);
      if (!used.has(line.section)) previous = null;
      used.add(line.section);
      let tile = this.tiles.get(place);
      if (!tile) {
        tile = tileOf(this.view[place]);
        this.tiles.set(place, tile);
      }
      if (tile.version !== this.version) this.put(tile, place, line, item);
      const after = previous ? previous.nextSibling : list.firstChild;
      if (after !== tile) list.insertBefore(tile, after);
      previous = tile;
    }
    for (const [number, section] of this.sections) {
      if (used.has(number)) continue;
      section.remove();
      this.sections.delete(number);
    }
  },

  /** Moves a tile to its position in the layout. */
  put(tile, place, line, item) {
    const section = this.layout.sections[line.section];
    const { style } = tile;
    style.left = `${item.left}px`;
    style.top = `${line.top - section.top}px`;
    style.width = `${item.width}px`;
    style.height = `${line.height}px`;
    tile.setAttribute("aria-setsize", section.count);
    tile.setAttribute("aria-posinset", place - this.firstOf(line.section) + 1);
    tile.version = this.version;
    setSource(tile, this.view[place], item.width);
  },

  itemAt(place) {
    const line = this.layout.lines[this.lineOf(place)];
    return { line, item: line.items[place - line.first] };
  },

  firstOf(number) {
    const { lines } = this.layout;
    return lines[firstWhere(lines, (line) => line.section >= number)].first;
  },

  /** The list of a section. Creates the section at its position if needed. */
  sectionAt(number) {
    let section = this.sections.get(number);
    const { key, top, height, count } = this.layout.sections[number];
    if (!section) {
      const heading = this.byMonth
        ? make("h2", { id: `m-${key}` }, make("b", {}, `${monthName(key)} `, make("span", {}, grouped(count))))
        : make("h2", { id: "m-all", class: "quiet" }, "Pictures");
      section = make("section", { class: "month", "aria-labelledby": heading.id }, heading, make("ul", { class: "tiles", role: "list" }));
      this.sections.set(number, section);
      const later = [...this.sections.keys()].filter((other) => other > number).sort((a, b) => a - b)[0];
      this.box.insertBefore(section, later === undefined ? null : this.sections.get(later));
    }
    section.style.top = `${top}px`;
    section.style.height = `${height}px`;
    if (this.byMonth) section.querySelector("h2 span").textContent = grouped(count);
    return section.lastChild;
  },

  /** Scrolls a picture into view if needed, and focuses it. */
  reveal(row, { focuses = true } = {}) {
    const place = this.placeOf.get(row);
    if (place === undefined) return;
    const { line } = this.itemAt(place);
    const [top, bar] = [this.top() + line.top, this.barHeight() + 8];
    const [above, below] = [window.scrollY + bar, window.scrollY + window.innerHeight];
    if (top < above || top + line.height > below) {
      window.scrollTo({ top: top - Math.max(bar + headHeight, (window.innerHeight - line.height) / 2), behavior: "instant" });
    }
    this.render();
    if (focuses) this.tiles.get(place)?.firstChild.focus({ preventScroll: true });
  },

  rowOf(element) {
    const tile = element?.closest?.(".live .tile");
    return tile ? store.byName.get(tile.id.slice(2)) : undefined;
  },

  /** Handles the arrow keys, which move the focus between pictures. */
  step(event) {
    const row = this.rowOf(event.target);
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const place = this.placeOf.get(row);
    const target = {
      ArrowLeft: () => place - 1, ArrowRight: () => place + 1, ArrowUp: () => this.beside(place, -1), ArrowDown: () => this.beside(place, 1),
      Home: () => 0, End: () => this.view.length - 1,
    }[event.key]?.();
    if (target === undefined) return;
    event.preventDefault();
    if (this.view[target]) this.reveal(this.view[target]);
  },

  /** The picture in the row above or below whose centre is nearest. */
  beside(place, step) {
    const number = this.lineOf(place);
    const [here, there] = [this.layout.lines[number], this.layout.lines[number + step]];
    if (!there) return place;
    const item = here.items[place - here.first];
    const middle = item.left + item.width / 2;
    const distances = there.items.map((other) => Math.abs(other.left + other.width / 2 - middle));
    return there.first + distances.indexOf(Math.min(...distances));
  },
};
