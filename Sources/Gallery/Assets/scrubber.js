// The date scrubber at the edge: the whole of time from top to bottom, to be pointed at, dragged along, or stepped through by month.

const scrubber = {
  box: document.getElementById("scrubber"),
  bubble: document.getElementById("scrubber-date"),
  hand: document.getElementById("scrubber-hand"),
  marks: document.getElementById("scrubber-marks"),
  isDragging: false,
  drawn: "",

  /** Whether there is time enough to go through. */
  get isUseful() { return grid.byMonth && grid.layout.sections.length > 1 && grid.layout.height > 2 * window.innerHeight; },

  /** How far the page can be scrolled while the grid is in it. */
  reach() {
    const top = grid.top() - grid.barHeight();
    return { top, height: Math.max(1, document.documentElement.scrollHeight - window.innerHeight - top) };
  },

  /** Where a document position lies on the track, from 0 to 1. */
  shareOf(position) {
    const { top, height } = this.reach();
    return Math.min(1, Math.max(0, (position - top) / height));
  },

  section() {
    const edge = window.scrollY - grid.top() + grid.barHeight() + headHeight;
    return Math.max(0, firstWhere(grid.layout.sections, (section) => section.top > edge) - 1);
  },

  draw() {
    const { isUseful } = this;
    this.box.hidden = !isUseful;
    if (!isUseful) return;
    const { sections, height } = grid.layout;
    const drawn = `${grid.version} ${window.innerHeight}`;
    // Below the page's head, which scrolls away, and below the bar, which does not.
    this.box.style.top = `${Math.max(grid.top() - window.scrollY, grid.barHeight()) + 20}px`;
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      this.drawMarks(sections, height);
    }
    this.hand.style.top = `${this.shareOf(window.scrollY) * 100}%`;
    const now = this.section();
    this.box.setAttribute("aria-valuemax", sections.length - 1);
    this.box.setAttribute("aria-valuenow", now);
    this.box.setAttribute("aria-valuetext", monthName(sections[now].key));
    if (!this.isPointed) this.say(now, this.shareOf(window.scrollY));
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
    this.bubble.style.top = `${share * 100}%`;
  },

  shareAt(event) {
    const box = this.box.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientY - box.top) / box.height));
  },

  /** What lies at a share of the track, as the page's own scrolling has it. */
  point(event, isMove) {
    const share = this.shareAt(event);
    const { top, height } = this.reach();
    if (isMove) window.scrollTo({ top: top + share * height, behavior: "instant" });
    const edge = top + share * height - grid.top() + grid.barHeight() + headHeight;
    this.say(Math.max(0, firstWhere(grid.layout.sections, (section) => section.top > edge) - 1), share);
  },

  goTo(number) {
    const { sections } = grid.layout;
    const section = sections[Math.min(sections.length - 1, Math.max(0, number))];
    window.scrollTo({ top: grid.top() + section.top - grid.barHeight(), behavior: "instant" });
  },

  keys(event) {
    const now = this.section();
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
