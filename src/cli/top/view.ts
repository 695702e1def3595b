/**
 * What `meridian top` shows: a line for each node, what requests were answered from, and what is hot.
 */
import { layers } from '../../messages/report.ts';
import { readableSize } from '../../telemetry/readable.ts';
import { table } from '../table.ts';
import type { Seen } from './seen.ts';

/** @param columns of the terminal; `null`: as long as lines are. */
export function view(nodes: readonly Seen[], columns: number | null): string {
  const hot = nodes.flatMap(({ name, status }) =>
    (status?.hot ?? []).slice(0, 5).map(({ key, perSecond, why }) => [name, rate(perSecond), why, key]),
  );
  const parts = [table(heading, nodes.map(line)), table(layerHeading, nodes.flatMap(layerLines))];
  if (hot.length > 0) parts.push(table(['hot at', 'req/s', 'why', 'key'], hot));
  const text = parts.join('\n');
  if (columns === null) return text;
  return text
    .split('\n')
    .map((each) => each.slice(0, columns))
    .join('\n');
}

const heading = [
  ...[
    'node',
    'role',
    'req/s',
    'hits',
    'errors',
    'out',
    'p50',
    'p95',
    'p99',
    'memory',
    'disk',
    'rss',
    'fills',
  ],
];

function line({ name, role, status, rates }: Seen): string[] {
  if (status === null) return [name, role, 'down'];
  const { memory, disk, rssBytes, fills } = status;
  const sizes = [
    fullness(memory),
    disk === null ? 'off' : fullness(disk),
    readableSize(rssBytes),
    String(fills),
  ];
  if (rates === null) return [name, role, '-', '-', '-', '-', '-', '-', '-', ...sizes];
  const { requestsPerS, hitShare, errorShare, bytesPerS, p50, p95, p99 } = rates;
  const traffic = [
    rate(requestsPerS),
    percent(hitShare),
    percent(errorShare),
    `${readableSize(Math.round(bytesPerS))}/s`,
  ];
  return [name, role, ...traffic, time(p50), time(p95), time(p99), ...sizes];
}

const layerHeading = ['', 'answered from', 'req/s', 'p95'];

function layerLines({ name, rates }: Seen): string[][] {
  return layers.flatMap((layer) => {
    const seen = rates?.layers[layer];
    return seen === undefined ? [] : [[name, layer, rate(seen.perS), time(seen.p95)]];
  });
}

function rate(perS: number): string {
  return perS >= 100 ? String(Math.round(perS)) : perS.toFixed(1);
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(1)}%`;
}

function time(seconds: number | null): string {
  if (seconds === null) return '-';
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  return seconds < 1 ? `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms` : `${seconds.toFixed(1)} s`;
}

function fullness({ bytes, limitBytes }: { readonly bytes: number; readonly limitBytes: number }): string {
  return `${readableSize(bytes)} ${limitBytes > 0 ? Math.round((bytes / limitBytes) * 100) : 0}%`;
}
