/**
 * `meridian top --packages` and `--tokens`: what clients of the whole network asked for most over the last days, or who did, as
 * the origin has it.
 */
import { type TopAnswer, topAnswer } from '../../access/api/top-answer.ts';
import { readableSize } from '../../telemetry/readable.ts';
import type { Ask } from '../access/ask.ts';
import { secondsIn } from '../access/duration.ts';
import { table } from '../table.ts';

export interface RankingWanted {
  readonly by: TopAnswer['by'];
  /** How far back, such as `7d`. */
  readonly since: string;
  readonly route?: string | undefined;
  /** Where they came. */
  readonly node?: string | undefined;
  readonly limit: number;
}

export async function ranking(ask: Ask, wanted: RankingWanted, nowMs: number): Promise<TopAnswer> {
  const { by, since, route, node, limit } = wanted;
  const fromMs = Math.max(0, Math.floor(nowMs - secondsIn(since) * 1000));
  const query = new URLSearchParams({ by, limit: String(limit), fromMs: String(fromMs) });
  if (route !== undefined) query.set('route', route);
  if (node !== undefined) query.set('node', node);
  return topAnswer.parse(await ask('GET', `/top?${query}`));
}

export function rankingText({ by, fromMs, toMs, total, missed, top }: TopAnswer): string {
  const [from, to] = [fromMs, toMs - 1].map((ms) => new Date(ms).toISOString().slice(0, 10));
  const period = from === to ? `${from} (UTC)` : `${from} to ${to} (UTC)`;
  const of = by === 'package' ? 'requests for packages' : 'requests';
  const head = `${period}: ${total.requests} ${of}, ${readableSize(total.bytes)}\n`;
  const rows = top.map(({ route, name, requests, downloads, bytes, share, nodes, owner, label }) => [
    name,
    ...(by === 'token' ? [owner ?? '-', label ?? '-'] : []),
    route,
    String(requests),
    percent(share),
    String(downloads),
    readableSize(bytes),
    nodes.map((one) => `${one.node} ${percent(one.share)}`).join(', '),
  ]);
  const counts = ['route', 'requests', 'share', 'downloads', 'bytes', 'where'];
  const heading = by === 'package' ? ['package', ...counts] : ['token', 'owner', 'label', ...counts];
  const foot = missed > 0 ? `a count may be too low by up to ${missed}\n` : '';
  return rows.length === 0 ? `${head}nothing\n` : `${head}${table(heading, rows)}${foot}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
