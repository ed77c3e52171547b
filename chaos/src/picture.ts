// Draws one run as SVG: operations a second, latencies, faults as marks, watches that went on.
import type { Fault, Sample } from './history.ts';
import type { History } from './load.ts';

const WIDTH = 860;
const LEFT = 64;
const RIGHT = 840;
/** Each panel: its title, its top and height, and the largest value that has room. */
const PANEL = { height: 96, gap: 40, top: 52 } as const;
const FAULTS: readonly (readonly [kinds: readonly string[], name: string, colour: string])[] = [
  [['kill', 'killLeader', 'restartAll'], 'members killed or restarted', '#dc2626'],
  [['pause', 'stop', 'block', 'jump'], 'members or clients paused', '#d97706'],
  [['cut', 'loseReplies', 'blackhole', 'oneWay', 'delay', 'partition'], 'links and partitions', '#2563eb'],
  [['learner'], 'members added and removed', '#059669'],
];

const x = (share: number): number => Math.round((LEFT + share * (RIGHT - LEFT)) * 10) / 10;

/** The picture of a run. It has one sample a second. */
export function picture({ samples, faults, run }: History): string {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new TypeError('the run is too short for a picture');
  const shareOf = (at: number): number => (at - first.at) / (last.at - first.at);
  const points = (value: (sample: Sample, before: Sample) => number): readonly (readonly [number, number])[] =>
    samples.slice(1).map((sample, i) => [shareOf(sample.at), value(sample, samples[i] as Sample)]);
  const panels = [
    panel(
      0,
      'operations a second',
      '#3274d9',
      points((sample, before) => sample.operations - before.operations),
    ),
    panel(
      1,
      'longest p99 of the processes, ms',
      '#7c3aed',
      points(({ p99 }) => p99 / 1_000),
    ),
    panel(
      2,
      'watches that went on, on another stream, a second',
      '#0d9488',
      points((sample, before) => sample.resumed - before.resumed),
    ),
  ];
  const bottom = PANEL.top + 3 * (PANEL.height + PANEL.gap);
  const minutes = (last.at - first.at) / 60_000_000;
  const title = `${Math.round(minutes)} minutes of chaos: etcd ${run.etcd}, transport ${run.transport}, seed ${run.seed}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 90}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="22" font-size="14" font-weight="bold" fill="#1f2937">${title}</text>
${panels.join('\n')}
${marks(faults, shareOf, bottom)}
</svg>
`;
}

function panel(
  index: number,
  title: string,
  colour: string,
  points: readonly (readonly [share: number, value: number])[],
): string {
  const top = PANEL.top + index * (PANEL.height + PANEL.gap);
  const bottom = top + PANEL.height;
  const most = Math.max(1, ...points.map(([, value]) => value));
  const y = (value: number): number => Math.round((bottom - (value / most) * PANEL.height) * 10) / 10;
  const line = points.map(([share, value]) => `${x(share)},${y(value)}`).join(' ');
  return `<text x="${LEFT}" y="${top - 8}" fill="#374151">${title}</text>
<path d="M${LEFT} ${top}V${bottom}H${RIGHT}" fill="none" stroke="#9ca3af"/>
<text x="${LEFT - 6}" y="${top + 8}" text-anchor="end" fill="#6b7280">${Math.round(most)}</text>
<text x="${LEFT - 6}" y="${bottom}" text-anchor="end" fill="#6b7280">0</text>
<polyline points="${line}" fill="none" stroke="${colour}"/>`;
}

function marks(faults: readonly Fault[], shareOf: (at: number) => number, top: number): string {
  return FAULTS.map(([kinds, name, colour], row) => {
    const y = top + row * 22;
    const all = faults.filter(({ kind }) => kinds.includes(kind));
    const bars = all.map(({ at, until }) => {
      const [from, to] = [x(Math.max(0, shareOf(at))), x(Math.min(1, shareOf(until)))];
      return `<rect x="${from}" y="${y}" width="${Math.max(1, Math.round((to - from) * 10) / 10)}" height="8" fill="${colour}"/>`;
    });
    return `<text x="${LEFT - 6}" y="${y + 8}" text-anchor="end" fill="${colour}" font-size="9">${all.length}</text>${bars.join('')}<text x="${LEFT}" y="${y - 2}" fill="${colour}" font-size="9">${name}</text>`;
  }).join('\n');
}
