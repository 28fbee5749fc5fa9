"""A script that finds text which is hard to read."""

# WCAG 2.2, relative luminance and contrast, over each text and what is painted below.
CONTRAST = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => {
      v /= 255;
      return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const below = (e) => {
    // The bar lies over the hero without being inside it.
    e = (e.closest('.bar') && document.querySelector('.hero')) || e;
    for (; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.backgroundImage !== 'none') {
        const found = style.backgroundImage.match(/rgba?\\([^)]*\\)/g).map(parse);
        const solid = found.filter((c) => c.length < 4 || c[3] === 1);
        // The glow lies over the lightest of the gradient's own colours.
        const glow = found.find((c) => c.length === 4 && c[3] > 0);
        return solid.map((c) => c.map((v, i) => v + (255 - v) * (glow ? glow[3] : 0)));
      }
      const c = parse(style.backgroundColor);
      if (c.length < 4 || c[3] === 1) return [c];
    }
    return [[255, 255, 255]];
  };
  // A text in a plot lies on what was drawn last where it stands, or on the page.
  const drawn = (e) => {
    const at = e.getBoundingClientRect();
    const x = at.x + at.width / 2, y = at.y + at.height / 2;
    const shapes = [...e.closest('svg').querySelectorAll('rect, circle, polygon')];
    const under = shapes.filter((s) => {
      const box = s.getBoundingClientRect();
      return s.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING
        && getComputedStyle(s).fill !== 'none'
        && box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
    });
    return under.length
      ? [parse(getComputedStyle(under.at(-1)).fill)]
      : below(e.closest('svg').parentElement);
  };
  const texts = document.querySelectorAll(
    'h1, h2, p, dt, dd, li, a, button, label, input, footer span, b,'
    + 'th, td, caption, summary, legend, select, textarea, time, small, .chip, '
    + 'code, svg text'
  );
  return [...texts].filter((e) => e.getClientRects().length).map((e) => {
    const style = getComputedStyle(e);
    const plotted = e.localName === 'text';
    const mine = light(parse(plotted ? style.fill : style.color));
    const under = plotted ? drawn(e) : below(e);
    const ratios = under.map(light).map((other) =>
      (Math.max(mine, other) + 0.05) / (Math.min(mine, other) + 0.05));
    return [e.tagName + ' ' + e.textContent.trim().slice(0, 30), Math.min(...ratios)];
  }).filter(([, ratio]) => ratio < 4.5);
}"""
