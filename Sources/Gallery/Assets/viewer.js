// The viewer: one picture in a dialog. The URL contains the picture's name, so Back closes the viewer and a link opens it.

const viewer = {
  dialog: document.getElementById("viewer"),
  stage: document.getElementById("stage"),
  panel: document.getElementById("about"),
  row: null,
  onClose: () => {},
  onStep: () => {},

  get isOpen() { return this.dialog.open; },

  open(row) {
    this.row = row;
    if (!this.isOpen) {
      this.dialog.showModal();
    }
    zoom.leave();
    const place = grid.placeOf.get(row);
    document.getElementById("position").textContent = place === undefined ? "" : `${grouped(place + 1)} of ${grouped(grid.view.length)}`;
    document.getElementById("newer").disabled = place === undefined || place === 0;
    document.getElementById("older").disabled = place === undefined || place === grid.view.length - 1;
    document.getElementById("zoom").disabled = row.kind !== "picture";
    this.dialog.setAttribute("aria-label", titleOf(row));
    this.stage.replaceChildren(...this.pictureOf(row));
    fillFacts(this.panel, row);
    // Preload both neighbours, so that the next step shows at once.
    for (const near of [place + 1, place - 1]) {
      const image = grid.view[near]?.preview;
      if (image) new Image().src = image.path;
    }
  },

  pictureOf(row) {
    if (row.kind !== "picture") {
      const words = verdicts.get(row.verdict);
      return [make("div", { class: "blank" }, make("h2", {}, words?.label ?? ""), make("p", {}, cardText(row)))];
    }
    const large = row.preview ?? row.thumbnail;
    const image = make("img", { alt: titleOf(row), width: large.width, height: large.height, decoding: "async" });
    image.draggable = false;
    image.src = large.path;
    if (image.complete || !row.preview) return [image];
    // Until the preview is loaded, show the thumbnail at the same size; the grid has already loaded it.
    const stand = make("img", { alt: "", width: large.width, height: large.height, src: row.thumbnail.path });
    image.onload = image.onerror = () => stand.remove();
    return [stand, image];
  },

  step(by) { this.go((grid.placeOf.get(this.row) ?? 0) + by); },

  go(place) {
    const row = grid.view[place];
    if (row && row !== this.row) this.onStep(row);
  },

  close() { if (this.isOpen) this.dialog.close(); },

  togglePanel() {
    const isAlone = this.dialog.classList.toggle("alone");
    document.getElementById("panel").setAttribute("aria-pressed", String(!isAlone));
  },

  keys(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const isReading = this.panel.contains(event.target);
    // While zoomed in, the arrow keys scroll the picture.
    const isPanning = zoom.isOn && event.target === this.stage && event.key.length > 1;
    const action = {
      ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), Home: () => this.go(0), End: () => this.go(grid.view.length - 1),
      z: () => zoom.toggle(), Z: () => zoom.toggle(), i: () => this.togglePanel(), I: () => this.togglePanel(),
    }[event.key];
    if (!action || isPanning || (isReading && (event.key === "Home" || event.key === "End"))) return;
    event.preventDefault();
    action();
  },

  listen() {
    document.getElementById("close").onclick = () => this.close();
    document.getElementById("newer").onclick = () => this.step(-1);
    document.getElementById("older").onclick = () => this.step(1);
    document.getElementById("panel").onclick = () => this.togglePanel();
    this.dialog.addEventListener("keydown", (event) => this.keys(event));
    this.dialog.addEventListener("close", () => {
      const row = this.row;
      this.row = null;
      this.stage.replaceChildren();
      this.onClose(row);
    });
    zoom.listen();
  },
};
