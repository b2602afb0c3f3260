// The panel with the facts of a picture.

const timeText = (iso) => {
  const [day, clock] = iso.split("T");
  return `${Number(day.slice(8))} ${months[Number(day.slice(5, 7)) - 1].slice(0, 3)} ${day.slice(0, 4)}, ${clock.slice(0, 5)} UTC`;
};

const sides = (size) => size.replace("x", "\u00a0×\u00a0");

const factsOf = (row) => {
  const shape = row.ratioError > 0 ? `, shape off by ${(row.ratioError * 100).toFixed(1)} %` : "";
  const share = row.pixelRatio !== undefined && row.pixelRatio !== 1 ? ` (${Math.round(row.pixelRatio * 100)} % of the pixels${shape})` : "";
  return [
    ["Requested", row.asked && (row.expected && row.expected !== row.asked ? `${row.asked} (${sides(row.expected)})` : sides(row.asked))],
    ["Delivered", row.delivered && sides(row.delivered) + share],
    ["Requested tier", row.billedTier],
    ["Delivered tier", row.deliveredTier],
    ["Below the requested tier", row.overpaidMultiplier > 0 ? `${row.overpaidMultiplier.toFixed(1)} × the base price` : undefined],
    ["Nearest size", row.nearest],
    ["Reason", row.kind === "picture" ? undefined : row.reason],
    ["Model", row.model],
    ["File", row.bytes === undefined ? undefined : fileText(row)],
    ["Created", row.created && timeText(row.created)],
    [row.kind === "unavailable" ? "Given up" : "Archived", row.archived && timeText(row.archived)],
    ["Task", `${row.taskId}, result ${row.index}`, "code"],
    ["SHA-256", row.sha256, "code"],
  ].filter(([, value]) => value !== undefined && value !== "");
};

/** Copies text. Falls back to `execCommand` where pages on file:// can't use the clipboard API. */
const copyText = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { class: "quiet", value: text, readOnly: true });
    document.getElementById("about").append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    return isCopied;
  }
};

const copyButton = (label, text, kind = "button") => {
  const button = make("button", { type: "button", class: kind }, make("span", { "aria-live": "polite" }, label));
  button.onclick = async () => {
    const isCopied = await copyText(text());
    button.focus();
    button.firstChild.textContent = isCopied ? "Copied" : "Copying is not allowed here";
    setTimeout(() => { button.firstChild.textContent = label; }, 2000);
  };
  return button;
};

/** Draws the requested and the delivered size to the same scale, to show differences in size and shape. */
const comparison = (row) => {
  const sizes = [row.expected, row.delivered].map((text) => (text ?? "").split("x").map(Number));
  if (sizes.some(([width, height]) => !(width > 0 && height > 0))) return null;
  // Scale both to fit 96 by 64 pixels.
  const scale = Math.min(...sizes.flatMap(([width, height]) => [96 / width, 64 / height]));
  const drawing = make("div", { class: "comparison", "aria-hidden": "true" });
  const frame = make("div", { class: "frame" });
  ["asked", "came"].forEach((kind, place) => {
    const [width, height] = sizes[place];
    const box = make("span", { class: kind });
    box.style.width = `${width * scale}px`;
    box.style.height = `${height * scale}px`;
    frame.append(box);
  });
  frame.style.width = `${Math.max(...sizes.map(([width]) => width)) * scale}px`;
  frame.style.height = `${Math.max(...sizes.map(([, height]) => height)) * scale}px`;
  const legend = make("p", {},
    make("span", { class: "asked" }, `${sides(row.expected)} requested`),
    make("span", { class: "came" }, `${sides(row.delivered)} delivered`));
  drawing.append(frame, legend);
  return drawing;
};

const fillFacts = (panel, row) => {
  const words = verdicts.get(row.verdict);
  const prompt = row.prompt?.trim()
    ? make("p", { class: "prompt", dir: "auto", tabIndex: row.prompt.length > 400 ? 0 : -1 }, row.prompt)
    : make("p", { class: "prompt none" }, "No prompt is on record.");
  const list = make("dl");
  for (const [label, value, kind] of factsOf(row)) list.append(make("div", {}, make("dt", {}, label), make("dd", { class: kind ?? "" }, value)));
  const actions = make("p", { class: "actions" });
  if (row.original) {
    const { path } = row.original;
    const name = `${row.name}${path.slice(path.lastIndexOf("."))}`;
    actions.append(make("a", { class: "button primary", href: path, download: name }, "Download the original"));
    if (row.kind === "picture") actions.append(make("a", { class: "button", href: path }, "Open it"));
  }
  actions.append(
    copyButton("Copy link", () => new URL(`#p=${row.name}`, location.href).href),
    make("a", { class: "button", href: pagePath(row) }, "Plain page"));
  panel.replaceChildren(
    make("p", { class: `verdict ${words?.tone ?? ""}` }, badge(row), words?.explanation ?? ""),
    ...(row.expected && row.expected !== row.delivered ? [comparison(row)].filter(Boolean) : []),
    make("h2", {}, "Prompt", row.prompt?.trim() ? copyButton("Copy", () => row.prompt, "button small") : null),
    prompt, actions, ...credentialsOf(row), list);
  panel.scrollTop = 0;
};
