// The layout: justified rows that keep each picture's aspect ratio, below a heading for each month.

const headHeight = 51;

/**
 * @param view rows in order
 * @param width of the grid, in CSS pixels
 * @param byMonth whether months get headings
 * @returns {{height, sections: {key, top, height, count}[], lines: {top, height, section, first, items: {left, width}[]}[]}}
 */
const layOut = (view, width, byMonth) => {
  const gap = width < 600 ? 5 : 8;
  const wanted = width < 600 ? 136 : Math.min(280, Math.max(200, width / 6));
  const sections = [];
  const lines = [];
  let top = 0;
  let line = [];
  let sum = 0;
  let section = null;

  const flush = (first, isLast) => {
    if (line.length === 0) return;
    const room = width - gap * (line.length - 1);
    // The last row has the usual height unless it is nearly full.
    const full = room / sum;
    const height = isLast && full > wanted * 1.25 ? Math.min(wanted, full) : full;
    let left = 0;
    const items = line.map((ratio) => {
      const item = { left, width: ratio * height };
      left += item.width + gap;
      return item;
    });
    lines.push({ top, height, section: sections.length - 1, first, items });
    top += height + gap;
    line = [];
    sum = 0;
  };

  const close = () => {
    if (section) section.height = top - section.top;
  };

  view.forEach((row, position) => {
    const key = byMonth ? row.month : "all";
    if (!section || section.key !== key) {
      flush(position - line.length, true);
      close();
      section = { key, top, height: 0, count: 0 };
      sections.push(section);
      top += byMonth ? headHeight : gap * 2;
    }
    section.count += 1;
    const ratio = Math.min(row.ratio, width / 80);
    const before = line.length > 0 ? (width - gap * (line.length - 1)) / sum : Infinity;
    const after = (width - gap * line.length) / (sum + ratio);
    // Break the row before this picture if that is closer to the wanted height.
    if (after < wanted && before < wanted * 1.6 && before / wanted < wanted / after) flush(position - line.length, false);
    line.push(ratio);
    sum += ratio;
    if ((width - gap * (line.length - 1)) / sum <= wanted) flush(position - line.length + 1, false);
  });
  flush(view.length - line.length, true);
  close();
  return { height: top, sections, lines };
};

/** The first index in the sorted `items` for which `isPast` is true. */
const firstWhere = (items, isPast) => {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isPast(items[middle])) high = middle; else low = middle + 1;
  }
  return low;
};
