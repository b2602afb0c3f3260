// Connects URL, controls, grid and viewer. The URL holds the state; everything else follows it.

const readAddress = () => {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const state = {};
  for (const name of [...fields, "p"]) if (parameters.get(name)) state[name] = parameters.get(name);
  return state;
};

const addressOf = (state) => {
  const parameters = new URLSearchParams();
  for (const name of [...fields, "p"]) if (state[name]) parameters.set(name, state[name]);
  const text = parameters.toString();
  return text ? `#${text}` : location.pathname + location.search;
};

let shownState = null;

/** Updates grid and viewer to match `state`. */
const apply = (state, { keepsPlace = true } = {}) => {
  const { p: name, ...view } = state;
  const key = JSON.stringify([view, store.rows.length, store.isComplete]);
  if (key !== shownState) {
    shownState = key;
    const found = controls.select(view);
    grid.show(found, !view.sort || view.sort === "oldest", { keepsPlace });
    document.getElementById("no-matches").hidden = found.length > 0 || !store.isComplete;
    controls.tell(view, found.length);
    scrubber.draw();
    // A new selection starts at the top.
    if (!keepsPlace) window.scrollTo(0, Math.min(window.scrollY, grid.top() - grid.barHeight()));
  }
  const row = name ? store.byName.get(name) : undefined;
  if (row) { if (viewer.row !== row) viewer.open(row); } else if (store.isComplete || !name) viewer.close();
  document.title = row ? `${titleOf(row)} · ${siteTitle}` : siteTitle;
};

const siteTitle = document.title;

const change = (state, { isStep = false } = {}) => {
  if (isStep) history.pushState({ isViewer: Boolean(state.p) }, "", addressOf(state));
  else history.replaceState(history.state, "", addressOf(state));
  apply(state, { keepsPlace: false });
};

/** Applies `changes` to the form fields and updates the URL from them. */
const changeFields = (changes = {}) => {
  controls.fill({ ...controls.read(), ...changes });
  change(controls.read());
};

const clearFields = () => {
  controls.fill({});
  change({});
  form.elements.q.focus();
};

const listen = () => {
  let typing = 0;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    if (event.target.id === "jump") return;
    clearTimeout(typing);
    if (event.target.name === "q") typing = setTimeout(() => changeFields(), 60); else changeFields();
  });
  for (const button of document.querySelectorAll("[data-clear]")) button.onclick = clearFields;
  controls.upgradeSummary((filter) => (filter === "" ? clearFields() : changeFields({ verdict: controls.read().verdict === filter ? "" : filter })));
  const more = document.getElementById("more");
  more.onclick = () => {
    const isOpen = document.getElementById("filters").classList.toggle("open");
    more.setAttribute("aria-expanded", String(isOpen));
    measureBar();
  };
  document.getElementById("jump").onchange = (event) => {
    const key = event.target.value;
    event.target.selectedIndex = 0;
    const row = grid.view.find((row) => row.month === key);
    if (row) grid.reveal(row); else clearFields();
  };

  grid.box.addEventListener("click", (event) => {
    const row = grid.rowOf(event.target);
    if (!row || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    clearTimeout(typing);
    change({ ...controls.read(), p: row.name }, { isStep: true });
  });
  grid.box.addEventListener("keydown", (event) => grid.step(event));
  // A tile focused with the keyboard must not be hidden behind the bar.
  grid.box.addEventListener("focusin", (event) => {
    const row = grid.rowOf(event.target);
    if (row && event.target.matches(":focus-visible")) grid.reveal(row, { focuses: false });
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches?.("input, select, textarea");
    if (event.key === "/" && !isTyping && !viewer.isOpen) {
      event.preventDefault();
      form.elements.q.focus();
    }
  });

  viewer.onStep = (row) => change({ ...controls.read(), p: row.name });
  viewer.onClose = (row) => {
    if (readAddress().p) {
      if (history.state?.isViewer) history.back();
      else history.replaceState(null, "", addressOf(controls.read()));
    }
    document.title = siteTitle;
    if (row) grid.reveal(row);
  };
  viewer.listen();
  scrubber.listen();

  let isWaiting = false;
  window.addEventListener("scroll", () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      grid.render();
      scrubber.draw();
    });
  }, { passive: true });
  new ResizeObserver(() => {
    measureBar();
    if (grid.box.clientWidth !== grid.width) grid.relayout();
    grid.render();
    scrubber.metrics.key = "";
    scrubber.draw();
  }).observe(document.body);
  const follow = () => {
    const state = readAddress();
    controls.fill(state);
    apply(state);
  };
  window.addEventListener("popstate", follow);
  window.addEventListener("hashchange", follow);
  window.addEventListener("pagehide", () => history.replaceState({ ...history.state, scroll: window.scrollY }, ""));
};

const measureBar = () => document.documentElement.style.setProperty("--bar", `${form.offsetHeight}px`);

const begin = () => {
  history.scrollRestoration = "manual";
  const wantedScroll = history.state?.scroll ?? 0;
  const linked = location.hash.startsWith("#p-") ? location.hash.slice(3) : null;
  document.documentElement.classList.add("scripted");
  for (const nav of document.querySelectorAll(".pager, .pages")) nav.hidden = true;
  measureBar();
  controls.fill(readAddress());
  listen();
  let isFirst = true;
  store.load(() => {
    if (isFirst || store.isComplete) controls.offer();
    apply(readAddress());
    const row = linked ? store.byName.get(linked) : undefined;
    if (isFirst && wantedScroll) window.scrollTo(0, wantedScroll);
    if (row && isFirst) grid.reveal(row);
    isFirst = false;
  });
};

begin();
