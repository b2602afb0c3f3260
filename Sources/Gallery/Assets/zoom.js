// The 1:1 zoom, and the gestures of the stage.

const zoom = {
  isOn: false,

  toggle(point) { if (this.isOn) this.leave(); else this.enter(point); },

  /** @param point the position in the picture to show, as fractions; the default is its centre */
  enter(point = { x: 0.5, y: 0.5 }) {
    const { row, stage } = viewer;
    const image = stage.querySelector("img:last-child");
    if (!row || !image) return;
    const original = row.original;
    const shown = () => {
      // Show each picture pixel as one device pixel, regardless of the display scale.
      image.style.width = `${image.naturalWidth / devicePixelRatio}px`;
      image.style.height = `${image.naturalHeight / devicePixelRatio}px`;
      stage.scrollTo(point.x * stage.scrollWidth - stage.clientWidth / 2, point.y * stage.scrollHeight - stage.clientHeight / 2);
    };
    this.isOn = true;
    stage.classList.add("zoomed");
    stage.tabIndex = 0;
    stage.focus({ preventScroll: true });
    document.getElementById("zoom").setAttribute("aria-pressed", "true");
    if (original) {
      const whole = new Image();
      whole.src = original.path;
      whole.decode().then(() => {
        if (viewer.row !== row || !this.isOn) return;
        image.src = whole.src;
        image.decode().then(shown, shown);
      }, shown);
    } else {
      shown();
    }
  },

  leave() {
    this.isOn = false;
    const { stage } = viewer;
    stage.classList.remove("zoomed", "dragging");
    if (document.activeElement === stage) stage.parentElement.focus({ preventScroll: true });
    stage.removeAttribute("tabindex");
    for (const image of stage.querySelectorAll("img")) image.style.width = image.style.height = "";
    document.getElementById("zoom").setAttribute("aria-pressed", "false");
  },

  listen() {
    const { stage } = viewer;
    let from = null;
    document.getElementById("zoom").onclick = () => this.toggle();
    stage.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary || event.button > 0) return;
      from = { x: event.clientX, y: event.clientY, left: stage.scrollLeft, top: stage.scrollTop, time: event.timeStamp, hasMoved: false };
    });
    stage.addEventListener("pointermove", (event) => {
      if (!from || !event.isPrimary) return;
      const [x, y] = [event.clientX - from.x, event.clientY - from.y];
      if (Math.hypot(x, y) > 6) from.hasMoved = true;
      if (this.isOn && event.pointerType === "mouse" && from.hasMoved) {
        stage.classList.add("dragging");
        stage.setPointerCapture(event.pointerId);
        stage.scrollTo(from.left - x, from.top - y);
      }
    });
    stage.addEventListener("pointerup", (event) => {
      if (!from || !event.isPrimary) return;
      const { hasMoved, x: startX, y: startY } = from;
      const [x, y] = [event.clientX - startX, event.clientY - startY];
      from = null;
      stage.classList.remove("dragging");
      if (!hasMoved && event.target.tagName === "IMG") {
        const box = event.target.getBoundingClientRect();
        this.toggle({ x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
      } else if (!this.isOn && event.pointerType !== "mouse" && Math.abs(x) > 48 && Math.abs(x) > 1.5 * Math.abs(y)) {
        viewer.step(x < 0 ? 1 : -1);
      }
    });
    stage.addEventListener("pointercancel", () => { from = null; });
  },
};
