// Draws Prometheus's answers to the queries of a dashboard, panel by panel, as SVG.

const COLUMNS = 3;
const PANEL = { width: 400, height: 236, gap: 12 };
/** The area of a panel's lines, from the panel's corner. */
const PLOT = { left: 52, top: 34, right: 388, bottom: 164 };
const COLOURS = [
  '#3274d9',
  '#e0752d',
  '#37872d',
  '#c4162a',
  '#8f3bb8',
  '#b58900',
  '#2aa198',
  '#d6568b',
  '#6b7280',
  '#7cb342',
];
const LEGEND = { columns: 2, rows: 4, rowHeight: 14 };

/** The picture of panels with `title`, `series` and `fieldConfig.defaults.unit`, over the time from `start` to `end`. */
export function drawDashboard(panels, { start, end, caption }) {
  const rows = Math.ceil(panels.length / COLUMNS);
  const width = COLUMNS * (PANEL.width + PANEL.gap) + PANEL.gap;
  const height = rows * (PANEL.height + PANEL.gap) + PANEL.gap + 24;
  const drawn = panels.map((panel, i) => {
    const x = PANEL.gap + (i % COLUMNS) * (PANEL.width + PANEL.gap);
    const y = PANEL.gap + Math.floor(i / COLUMNS) * (PANEL.height + PANEL.gap);
    return `<g transform="translate(${x} ${y})">${drawPanel(panel, start, end)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="10">
<rect width="100%" height="100%" fill="#f4f5f5"/>
${drawn.join('\n')}
<text x="${PANEL.gap}" y="${height - 12}" font-size="11" fill="#6b7280">${escape(caption)}</text>
</svg>
`;
}

function drawPanel({ title, series, fieldConfig }, start, end) {
  const { unit } = fieldConfig.defaults;
  const top = ceiling(Math.max(...series.flatMap(({ points }) => points.map(([, value]) => value)), 0));
  const x = (seconds) => round(PLOT.left + ((seconds - start) / (end - start)) * (PLOT.right - PLOT.left));
  const y = (value) => round(PLOT.bottom - (value / top) * (PLOT.bottom - PLOT.top));
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = y(part * top);
    const label = `<text x="${PLOT.left - 5}" y="${at + 3}" text-anchor="end" fill="#6b7280">${show(part * top, unit)}</text>`;
    return `<path d="M${PLOT.left} ${at}H${PLOT.right}" stroke="#e5e7eb"/>${label}`;
  });
  const times = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const seconds = Math.round(part * (end - start));
    return `<text x="${x(start + seconds)}" y="${PLOT.bottom + 13}" text-anchor="middle" fill="#6b7280">${seconds} s</text>`;
  });
  // The largest come first, so that the legend has the visible ones.
  const ordered = series.toSorted((a, b) => peak(b) - peak(a));
  const lines = ordered.map(
    ({ points }, i) => `<path d="${lineOf(points, x, y)}" fill="none" stroke="${colourOf(i)}" stroke-width="1.5"/>`,
  );
  return [
    `<rect width="${PANEL.width}" height="${PANEL.height}" rx="3" fill="#fff" stroke="#e5e7eb"/>`,
    `<text x="12" y="20" font-size="12" font-weight="bold" fill="#1f2937">${escape(title)}</text>`,
    ...grid,
    ...times,
    ...lines.toReversed(),
    ...legend(ordered),
  ].join('');
}

/** A line with gaps where values are missing. */
function lineOf(points, x, y) {
  let before = -Infinity;
  const steps = points.map(([seconds, value]) => {
    const move = seconds - before > 1.5 ? 'M' : 'L';
    before = seconds;
    return `${move}${x(seconds)} ${y(value)}`;
  });
  return steps.join('');
}

function legend(series) {
  const room = LEGEND.columns * LEGEND.rows;
  const shown = series.length > room ? series.slice(0, room - 1) : series;
  const names = shown.map(({ name }, i) => [name, colourOf(i)]);
  if (shown.length < series.length) names.push([`and ${series.length - shown.length} more`, 'none']);
  return names.map(([name, colour], i) => {
    const x = 14 + (i % LEGEND.columns) * (PANEL.width / LEGEND.columns);
    const y = PLOT.bottom + 26 + Math.floor(i / LEGEND.columns) * LEGEND.rowHeight;
    return `<rect x="${x}" y="${y - 4}" width="10" height="3" fill="${colour}"/><text x="${x + 15}" y="${y}" fill="#374151">${escape(name)}</text>`;
  });
}

const colourOf = (i) => COLOURS[i % COLOURS.length];
const peak = ({ points }) => Math.max(0, ...points.map(([, value]) => value));
const round = (value) => Math.round(value * 10) / 10;
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** The next number of 1, 2 or 4 times a power of ten. */
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 4, 10].find((factor) => factor * power >= value) ?? 10);
}

function show(value, unit) {
  if (unit === 's') return value >= 1 || value === 0 ? `${trim(value)} s` : `${trim(value * 1_000)} ms`;
  if (unit === 'bytes')
    return value >= 1e6 ? `${trim(value / 1e6)} MB` : value >= 1e3 ? `${trim(value / 1e3)} kB` : `${trim(value)} B`;
  return trim(value) + { reqps: '/s', mps: '/s', cps: '/s', short: '' }[unit];
}

const trim = (value) => String(Number(value.toPrecision(3)));
