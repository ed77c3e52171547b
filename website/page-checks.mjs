// What is checked in each page. These functions run in the browser.

/** What is wrong with a page at the width of a phone. */
export function layoutFaults() {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = Array.from(document.querySelectorAll('.col-content *')).findLast(
    (each) => each.getBoundingClientRect().right > width + 1,
  );
  return [
    `is ${document.documentElement.scrollWidth} px wide on a screen of ${width} px, for example its ${wide?.outerHTML.slice(0, 120)}`,
  ];
}

/** Code blocks without a button that copies them. */
export function copyFaults() {
  const bare = Array.from(document.querySelectorAll('pre')).filter((pre) => pre.querySelector('button') === null);
  return bare.map((pre) => `has a code block without a button to copy it: ${pre.textContent.slice(0, 60)}`);
}

/** Texts whose contrast to what is behind them is below 4.5 (WCAG 2.2, 1.4.3). */
export function contrastFaults() {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const paint = (colours) => {
    canvas.reset();
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return canvas.getImageData(0, 0, 1, 1).data.slice(0, 3);
  };
  const luminance = (rgb) => {
    const [red, green, blue] = Array.from(rgb, (value) =>
      value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) =>
    element === null ? ['white'] : [...behind(element.parentElement), getComputedStyle(element).backgroundColor];
  const faults = new Map();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.textContent.trim();
    if (text === '' || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const { color } = getComputedStyle(element);
    const below = behind(element);
    const [one, other] = [luminance(paint(below)), luminance(paint([...below, color]))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) faults.set(color, `has text of contrast ${ratio.toFixed(1)}: ${text.slice(0, 40)} (${color})`);
  }
  return [...faults.values()];
}
