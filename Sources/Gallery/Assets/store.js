// The pictures' facts. They are loaded as scripts, one data file after the other, because pages on file:// can't use fetch.

const start = window.fixativeStart;
const verdicts = new Map(start.verdicts.map((verdict) => [verdict.id, verdict]));

const store = {
  rows: [],
  total: start.total,
  isComplete: start.shards.length === 0,
  failed: 0,
  byName: new Map(),

  /** Loads all data files, the newest first. Calls `onShard` after the first one, some others and the last one. */
  load(onShard) {
    const slots = new Map();
    window.fixativeGallery = { shard: (number, rows) => slots.set(number, rows) };
    const next = (place) => {
      if (place === start.shards.length) {
        store.isComplete = true;
        onShard();
        return;
      }
      const script = document.createElement("script");
      const done = () => {
        script.remove();
        const arrived = slots.values().next().value;
        slots.clear();
        if (arrived) store.add(arrived); else store.failed += start.shards[place].count;
        // Each call takes time proportional to the number of pictures. Calling after shards 1, 9, 17, 33 and so on keeps the total low.
        if (place === 0 || (place >= 8 && (place & (place - 1)) === 0)) onShard();
        next(place + 1);
      };
      script.onload = done;
      script.onerror = done;
      script.src = start.shards[place].path;
      document.head.append(script);
    };
    next(0);
  },

  add(rows) {
    for (const row of rows) {
      flatten(row);
      row.time = Date.parse(row.created ?? row.archived ?? "") || null;
      row.ratio = row.kind === "picture" && row.thumbnail ? row.thumbnail.width / row.thumbnail.height : 1.3;
      row.month = row.time === null ? "undated" : (row.created ?? row.archived).slice(0, 7);
      row.place = store.rows.length;
      store.rows.push(row);
      store.byName.set(row.name, row);
    }
  },
};

/** Keeps the facts of a row in the form in which the page uses them. */
const flatten = (row) => {
  const { requested = {}, delivered = {}, expected, nearestCell } = row;
  const text = (size) => (size?.width ? `${size.width}x${size.height}` : undefined);
  row.name = row.pageName ?? row.name;
  row.verdict ??= row.kind === "unavailable" ? "unavailable" : "unjudged";
  row.prompt = requested.prompt;
  row.model = requested.model;
  row.asked = requested.size && requested.size.includes(":") && requested.resolution ? `${requested.size} at ${requested.resolution}` : requested.size;
  row.expected = text(expected);
  row.delivered = text(delivered);
  row.nearest = nearestCell && `${nearestCell.ratio} at ${nearestCell.tier}`;
  for (const key of ["bytes", "format", "mediaType", "sha256"]) row[key] = delivered[key];
  row.created = row.createdAt;
  row.archived = row.endedAt;
  delete row.requested;
};

const pagePath = (row) => `pictures/${row.name}.html`;

const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** The text that searches match; computed at the first search. */
const haystack = (row) => (row.haystack ??= fold([row.prompt, row.taskId, row.name, row.model, row.reason, signerOf(row), agentOf(row)].join("\n")));

const pixelsOf = (row) => {
  const sides = (row.delivered ?? "").split("x").map(Number);
  return sides.length === 2 ? sides[0] * sides[1] : 0;
};

const shapeOf = (row) => {
  if (row.kind !== "picture") return "";
  if (row.ratio > 2.2) return "panorama";
  if (row.ratio > 1.04) return "landscape";
  if (row.ratio < 0.45) return "tall";
  return row.ratio < 0.96 ? "portrait" : "square";
};

/** Common aspect ratios such as `16:9`, with their values. */
const ratios = ["1:1", "5:4", "4:3", "3:2", "16:9", "2:1", "21:9", "3:1", "4:5", "3:4", "2:3", "9:16", "1:2", "9:21", "1:3"].map((name) => {
  const [width, height] = name.split(":").map(Number);
  return [name, width / height];
});

/** The common ratio within 1 % of the delivered pixels; empty if there is none. */
const ratioOf = (row) => {
  const [width, height] = (row.delivered ?? "").split("x").map(Number);
  const ratio = height > 0 ? width / height : NaN;
  return row.kind === "picture" ? ratios.find(([, value]) => Math.abs(ratio / value - 1) <= 0.01)?.[0] ?? "" : "";
};

const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const monthName = (key) => (key === "undated" ? "Undated" : `${months[Number(key.slice(5)) - 1]} ${key.slice(0, 4)}`);
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
const counted = (number) => `${grouped(number)} ${number === 1 ? "output" : "outputs"}`;

/** Creates an element with properties and children. Strings become text nodes and are never parsed as HTML. */
const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};
