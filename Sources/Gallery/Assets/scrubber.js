// The date scrubber at the edge: the whole of time from top to bottom, to be pointed at, dragged along, or stepped through by month.

const scrubber = {
  box: document.getElementById("scrubber"),
  bubble: document.getElementById("scrubber-date"),
  hand: document.getElementById("scrubber-hand"),
  marks: document.getElementById("scrubber-marks"),
  isDragging: false,
  /** Whether the bubble tells of the place pointed at, not of the page's. */
  isPointed: false,
  /** The month last told. */
  now: -1,

  /** Whether there is time enough to go through. */
  get isUseful() { return grid.byMonth && grid.layout.sections.length > 1 && grid.layout.height > 2 * window.innerHeight; },

  /** Sizes that only a new layout or another window changes: reading them in each frame of a scroll would cost the frame. */
  metrics: { key: "", top: 0, bar: 0, height: 1 },

  measure() {
    const key = `${grid.version} ${window.innerWidth} ${window.innerHeight}`;
    if (key === this.metrics.key) return false;
    const [top, bar] = [grid.top(), grid.barHeight()];
    this.metrics = { key, top, bar, height: Math.max(1, document.documentElement.scrollHeight - window.innerHeight - top + bar) };
    return true;
  },

  /** Where a scroll position lies on the track, from 0 to 1. */
  shareOf(position) {
    const { top, bar, height } = this.metrics;
    return Math.min(1, Math.max(0, (position - top + bar) / height));
  },

  /** The number of the month that is below the bar at a scroll position. */
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
    // Below the page's head, which scrolls away, and below the bar, which does not.
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

  /** A year where it begins, as far as there is room; a dot for a month. In shares of the track, which grows as the page's head goes. */
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

  /** Tells what lies where the pointer is, and goes there when it drags. */
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
    // Where it would lie on the pictures it shows itself only while the page moves.
    window.addEventListener("scroll", () => {
      box.classList.add("moving");
      clearTimeout(idle);
      idle = setTimeout(() => { if (!this.isDragging) box.classList.remove("moving"); }, 1200);
    }, { passive: true });
  },
};
