// The date scrubber at the edge: a track of all dates. It supports hovering, dragging, and moving by month with the keyboard.

const scrubber = {
  box: document.getElementById("scrubber"),
  bubble: document.getElementById("scrubber-date"),
  hand: document.getElementById("scrubber-hand"),
  marks: document.getElementById("scrubber-marks"),
  isDragging: false,
  /** Whether the bubble shows the date at the pointer instead of the page's current date. */
  isPointed: false,
  /** The section shown last. */
  now: -1,

  /** Whether there are enough sections and rows to scroll through. */
  get isUseful() { return grid.byMonth && grid.layout.sections.length > 1 && grid.layout.height > 2 * window.innerHeight; },

  /** Cached sizes, which change only with the layout or the window. Reading them in every scroll frame would be too slow. */
  metrics: { key: "", top: 0, bar: 0, height: 1 },

  measure() {
    const key = `${grid.version} ${window.innerWidth} ${window.innerHeight}`;
    if (key === this.metrics.key) return false;
    const [top, bar] = [grid.top(), grid.barHeight()];
    this.metrics = { key, top, bar, height: Math.max(1, document.documentElement.scrollHeight - window.innerHeight - top + bar) };
    return true;
  },

  /** The position on the track for a scroll position, from 0 to 1. */
  shareOf(position) {
    const { top, bar, height } = this.metrics;
    return Math.min(1, Math.max(0, (position - top + bar) / height));
  },

  /** The number of the section directly below the bar at a scroll position. */
  sectionAt(position) {
    const edge = position - this.metrics.top + this.metrics.bar + headHeight;
    return Math.max(0, firstWhere(grid.layout.sections, (section) => section.top > edge) - 1);
  },

  draw() {
    const { isUseful } = this;
    if (this.box.hidden === isUseful) this.box.hidden = !isUseful;
    if (!isUseful) return;
    const { sections, height } = grid.layout;
    const isNew = this.measure();
    const { top, bar } = this.metrics;
    const now = this.sectionAt(window.scrollY);
    const share = this.shareOf(window.scrollY);
    // Start below the page header, which scrolls away, and below the bar, which is fixed.
    const start = `${Math.round(Math.max(top - window.scrollY, bar) + 20)}px`;
    if (this.box.style.top !== start) this.box.style.top = start;
    if (isNew) {
      this.drawMarks(sections, height);
      this.box.setAttribute("aria-valuemax", sections.length - 1);
    }
    this.hand.style.top = `${(share * 100).toFixed(2)}%`;
    if (isNew || now !== this.now) {
      this.now = now;
      this.box.setAttribute("aria-valuenow", now);
      this.box.setAttribute("aria-valuetext", monthName(sections[now].key));
    }
    if (!this.isPointed) this.say(now, share);
  },

  /** Draws a label at the start of each year if there is room, and a dot for each month. Positions are percentages, because the track grows when the page header scrolls away. */
  drawMarks(sections, height) {
    const track = Math.max(1, this.box.clientHeight);
    let [lastLabel, lastDot] = [-Infinity, -Infinity];
    const marks = [];
    sections.forEach(({ key, top }, number) => {
      const place = (top / height) * track;
      const year = key.slice(0, 4);
      const isYear = key !== "undated" && (number === 0 || sections[number - 1].key.slice(0, 4) !== year);
      if (isYear && place - lastLabel >= 22 && place < track - 10) {
        const mark = make("span", { class: "year" }, year);
        mark.style.top = `${(top / height) * 100}%`;
        marks.push(mark);
        lastLabel = lastDot = place;
      } else if (place - lastDot >= 7 && place - lastLabel >= 14) {
        const mark = make("span", { class: "dot" });
        mark.style.top = `${(top / height) * 100}%`;
        marks.push(mark);
        lastDot = place;
      }
    });
    this.marks.replaceChildren(...marks);
  },

  say(number, share) {
    const section = grid.layout.sections[number];
    if (!section) return;
    const text = monthName(section.key);
    if (this.bubble.textContent !== text) this.bubble.textContent = text;
    this.bubble.style.top = `${(share * 100).toFixed(2)}%`;
  },

  shareAt(event) {
    const box = this.box.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientY - box.top) / box.height));
  },

  /** Shows the date at the pointer, and scrolls to it while dragging. */
  point(event, isMove) {
    const share = this.shareAt(event);
    const { top, bar, height } = this.metrics;
    const position = top - bar + share * height;
    if (isMove) window.scrollTo({ top: position, behavior: "instant" });
    this.say(this.sectionAt(position), share);
  },

  goTo(number) {
    const { sections } = grid.layout;
    const section = sections[Math.min(sections.length - 1, Math.max(0, number))];
    window.scrollTo({ top: grid.top() + section.top - grid.barHeight(), behavior: "instant" });
  },

  keys(event) {
    const now = this.sectionAt(window.scrollY);
    const { sections } = grid.layout;
    const target = {
      ArrowUp: () => now - 1, ArrowLeft: () => now - 1, ArrowDown: () => now + 1, ArrowRight: () => now + 1,
      PageUp: () => now - 12, PageDown: () => now + 12, Home: () => 0, End: () => sections.length - 1,
    }[event.key]?.();
    if (target === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.goTo(target);
  },

  listen() {
    const { box } = this;
    let idle = 0;
    box.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      box.focus({ preventScroll: true });
      box.setPointerCapture(event.pointerId);
      this.isDragging = this.isPointed = true;
      this.point(event, true);
    });
    box.addEventListener("pointermove", (event) => {
      this.isPointed = true;
      this.point(event, this.isDragging);
    });
    const end = () => {
      this.isDragging = this.isPointed = false;
      this.draw();
    };
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
      box.addEventListener(name, () => { if (name !== "pointerleave" || !this.isDragging) end(); });
    }
    box.addEventListener("keydown", (event) => this.keys(event));
    // Where the scrubber would cover pictures, it is visible only while the page scrolls.
    window.addEventListener("scroll", () => {
      box.classList.add("moving");
      clearTimeout(idle);
      idle = setTimeout(() => { if (!this.isDragging) box.classList.remove("moving"); }, 1200);
    }, { passive: true });
  },
};
