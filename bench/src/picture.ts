// Draws the CPU of each client, row by row, as SVG.
import { titleOf, type ClientName } from './clients/index.ts';
import { type Measured, type Results, has, ratio, rowOf } from './results.ts';
import { operationTitle } from './tables.ts';

const BASE = 'grpc-js';
const COLOURS: readonly (readonly [ClientName, string])[] = [
  ['etcd3', '#9ca3af'],
  ['go', '#2aa198'],
  ['etcdts', '#3274d9'],
  ['http2', '#e0752d'],
];
/** The rows of the picture, by their ids. */
const ROWS = [
  'fake/put/64',
  'fake/get/64',
  'fake/txn/64',
  'fake/range/16',
  'fake/keys/4',
  'fake/watch/1',
  'fake/watch-100/1',
  'fake/leases/1',
  'etcd/put/64',
  'etcd/fan-out/1',
];

const WIDTH = 860;
const LEFT = 300;
const RIGHT = 800;
const TOP = 64;
const BAR = 10;
const GAP = 12;
/** The largest ratio that has room. A longer bar is cut at it. */
const MOST = 1.3;

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const x = (value: number): number => Math.round(LEFT + (Math.min(value, MOST) / MOST) * (RIGHT - LEFT));

function group(row: Measured, top: number): string {
  const callers = row.concurrency > 1 ? `, ${row.concurrency} callers` : '';
  const name = `${operationTitle(row)}${callers}${row.server === 'etcd' ? ', real etcd' : ''}`;
  const middle = top + (COLOURS.length * BAR) / 2 + 4;
  const label = `<text x="${LEFT - 10}" y="${middle}" text-anchor="end" fill="#1f2937">${escape(name)}</text>`;
  const bars = COLOURS.map(([client, colour], index) => {
    if (!has(row, client, 'cpu')) return '';
    const { median } = ratio(row, client, BASE, 'cpu');
    const y = top + index * BAR;
    const bar = `<rect x="${LEFT}" y="${y}" width="${x(median) - LEFT}" height="${BAR - 2}" fill="${colour}"/>`;
    return `${bar}<text x="${x(median) + 4}" y="${y + 7}" font-size="9" fill="#374151">${median.toFixed(2)}</text>`;
  });
  return [label, ...bars].join('');
}

function legend(): string {
  return COLOURS.map(([client, colour], index) => {
    const at = LEFT + index * 125;
    const box = `<rect x="${at}" y="36" width="10" height="8" fill="${colour}"/>`;
    return `${box}<text x="${at + 15}" y="44" fill="#374151">${escape(titleOf(client))}</text>`;
  }).join('');
}

/** The picture of a run. */
export function picture(results: Results): string {
  const rows = ROWS.flatMap((id) => rowOf(results, id) ?? []).filter((row) => has(row, BASE, 'cpu'));
  const step = COLOURS.length * BAR + GAP;
  const bottom = TOP + rows.length * step;
  const { date, node } = results.facts;
  const axis = [0, 0.25, 0.5, 0.75, 1, 1.25].map((value) => {
    const line = `<path d="M${x(value)} ${TOP - 8}V${bottom}" stroke="${value === 1 ? '#6b7280' : '#e5e7eb'}"/>`;
    return `${line}<text x="${x(value)}" y="${bottom + 14}" text-anchor="middle" fill="#6b7280">${value}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 44}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="22" font-size="14" font-weight="bold" fill="#1f2937">Client CPU per operation; ${titleOf(BASE)} = 1, less is better</text>
${legend()}
${axis.join('\n')}
${rows.map((row, index) => group(row, TOP + index * step)).join('\n')}
<text x="12" y="${bottom + 36}" fill="#6b7280">${date}, Node ${node}: medians of paired ratios, drawn from bench/results.json</text>
</svg>
`;
}
