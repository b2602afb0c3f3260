// Tiles of the grid.

/** Paints a ThumbHash onto a canvas of 8 by 8 pixels, like its reference decoder. */
const paintPlaceholder = (canvas, base64) => {
  const hash = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const head = hash[0] | (hash[1] << 8) | (hash[2] << 16);
  const tail = hash[3] | (hash[4] << 8);
  const hasAlpha = head >> 23;
  if (hash.length < 5 || hasAlpha) return;
  const isLandscape = tail >> 15;
  let nibble = 10;
  const next = () => ((hash[nibble >> 1] >> ((nibble++ & 1) << 2)) & 15) / 7.5 - 1;
  const channel = (mean, scale, columns, lines) => {
    const waves = [];
    for (let y = 0; y < lines; y++) for (let x = y ? 0 : 1; x * lines < columns * (lines - y); x++) waves.push([x, y, next() * scale]);
    return (u, v) => waves.reduce((sum, [x, y, weight]) => sum + 2 * weight * Math.cos(u * x) * Math.cos(v * y), mean);
  };
  const l = channel((head & 63) / 63, ((head >> 18) & 31) / 31, Math.max(3, isLandscape ? 7 : tail & 7), Math.max(3, isLandscape ? tail & 7 : 7));
  const p = channel(((head >> 6) & 63) / 31.5 - 1, (((tail >> 3) & 63) / 63) * 1.25, 3, 3);
  const q = channel(((head >> 12) & 63) / 31.5 - 1, (((tail >> 9) & 63) / 63) * 1.25, 3, 3);
  const side = 8;
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const image = context.createImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    const [u, v] = [(((i % side) + 0.5) / side) * Math.PI, ((Math.floor(i / side) + 0.5) / side) * Math.PI];
    const blue = l(u, v) - (2 / 3) * p(u, v);
    const red = (3 * l(u, v) - blue + q(u, v)) / 2;
    image.data.set([red * 255, (red - q(u, v)) * 255, blue * 255, 255], i * 4);
  }
  context.putImageData(image, 0, 0);
};

const shortened = (text, limit) => {
  const plain = text.trim().replace(/\s+/g, " ");
  const letters = [...plain.slice(0, limit * 2)];
  return letters.length > limit ? letters.slice(0, limit - 1).join("") + "…" : plain;
};

const titleOf = (row) => {
  if (row.prompt?.trim()) return shortened(row.prompt, 140);
  if (row.kind === "picture") return "Picture without a recorded prompt";
  const file = row.verdict === "unread" ? "File" : "Unreadable file";
  return `${row.kind === "file" ? file : "Unavailable picture"} without a recorded prompt`;
};

const fileKinds = {
  "image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WebP", "text/html": "HTML page", "text/plain": "Text", "application/json": "JSON",
  "application/octet-stream": "Unknown bytes", "image/gif": "GIF", "image/avif": "AVIF", "image/heic": "HEIC", "image/jxl": "JPEG XL",
  "image/svg+xml": "SVG", "application/pdf": "PDF",
};

const bytesText = (bytes) => {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  if (bytes < 999500) return `${Math.round(bytes / 1000)} kB`;
  const tenths = Math.floor((bytes + 50000) / 100000);
  return `${grouped(Math.floor(tenths / 10))}.${tenths % 10} MB`;
};

const fileText = (row) => (row.bytes === undefined ? "No file on record" : `${fileKinds[row.mediaType] ?? row.mediaType}, ${bytesText(row.bytes)}`);
const cardText = (row) => (row.kind === "file" ? fileText(row) : row.reason ?? "No reason is on record.");

const badge = (row) => {
  const words = verdicts.get(row.verdict);
  return make("span", { class: `badge ${words?.tone ?? "neutral"}`, title: words?.explanation ?? "" }, words?.label ?? row.verdict);
};

const tileOf = (row) => {
  const link = make("a", { href: pagePath(row), draggable: false });
  const tile = make("li", { class: row.kind === "picture" ? "tile" : "tile card", id: `p-${row.name}` }, link);
  if (row.kind === "picture") {
    if (row.thumbHash) {
      const canvas = make("canvas", { "aria-hidden": "true" });
      paintPlaceholder(canvas, row.thumbHash);
      link.append(canvas);
    }
    const image = make("img", { class: "picture coming", decoding: "async", alt: titleOf(row), width: row.thumbnail.width, height: row.thumbnail.height });
    image.onload = image.onerror = () => image.classList.remove("coming");
    image.draggable = false;
    link.append(image);
    if (row.prompt?.trim()) {
      link.append(make("span", { class: "caption", "aria-hidden": "true" }, make("span", { dir: "auto" }, shortened(row.prompt, 160))));
    }
  } else {
    link.append(make("span", { class: "card-text" }, cardText(row)));
    if (row.prompt?.trim()) link.append(make("span", { class: "card-prompt", dir: "auto" }, shortened(row.prompt, 200)));
  }
  link.append(badge(row));
  if (row.kind === "picture" && isBelieved(row)) link.append(signedMark());
  return tile;
};

/** Sets the image source for the tile's current width: the thumbnail, or the preview if the thumbnail would be blurred. */
const setSource = (tile, row, width) => {
  const image = tile.querySelector(".picture");
  if (!image) return;
  image.sizes = `${Math.ceil(width)}px`;
  if (image.src) return;
  const { thumbnail, preview } = row;
  if (preview && preview.width > thumbnail.width) {
    image.srcset = `${thumbnail.path} ${thumbnail.width}w, ${preview.path} ${preview.width}w`;
  }
  image.src = thumbnail.path;
};
