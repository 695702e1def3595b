/**
 * `meridian top`: what the nodes on this machine are doing, again and again; with `--packages` or `--tokens`, what the whole
 * network is asked for most, or by whom.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { InferredOptionTypes } from 'yargs';
import { systemClock } from '../clock.ts';
import { findNode } from '../control/find.ts';
import type { StatusMessage } from '../control/messages.ts';
import { ratesBetween } from '../telemetry/metrics/rates.ts';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { apiOptions, asker } from './access/ask.ts';
import { command } from './command.ts';
import { type ExitCode, exit, UsageError } from './exit.ts';
import { chosenNodes, loadOrExplain } from './load.ts';
import { loadOptions } from './settings.ts';
import { ranking, rankingText } from './top/ranking.ts';
import { screen } from './top/screen.ts';
import type { Seen } from './top/seen.ts';
import { view } from './top/view.ts';

const options = {
  ...apiOptions,
  node: { type: 'string', array: true, requiresArg: true, describe: 'Only this node; may be repeated' },
  every: { type: 'number', requiresArg: true, describe: 'Seconds between two looks (default: 2)' },
  once: { type: 'boolean', describe: 'Two looks, one answer' },
  json: { type: 'boolean', describe: 'Prints a line of JSON for each look, or the list as JSON' },
  packages: { type: 'boolean', describe: 'What clients of the network asked for most' },
  tokens: { type: 'boolean', describe: 'Who asked most' },
  since: {
    type: 'string',
    requiresArg: true,
    describe: 'With these: how far back, such as 7d (default: 1d)',
  },
  route: { type: 'string', requiresArg: true, describe: 'With these: only this route' },
  limit: { type: 'number', requiresArg: true, describe: 'With these: how many lines (default: 20)' },
} as const;

type Values = InferredOptionTypes<typeof options>;

interface Look {
  readonly atMs: number;
  readonly status: StatusMessage;
  readonly metrics: Snapshot;
}

export default command(options, async (values) => {
  if (values.packages && values.tokens) throw new UsageError('--packages or --tokens, not both');
  return values.packages || values.tokens ? rank(values) : watch(values);
});

async function rank(values: Values): Promise<ExitCode> {
  const { since = '1d', route, limit = 20, node } = values;
  if (node !== undefined && node.length > 1) throw new UsageError('--node names one node here');
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const by = values.packages ? 'package' : 'token';
  const found = await ranking(ask, { by, since, route, limit, node: node?.[0] }, systemClock.now());
  process.stdout.write(values.json ? `${JSON.stringify(found, null, 2)}\n` : rankingText(found));
  return exit.ok;
}

async function watch(values: Values): Promise<ExitCode> {
  const { every = 2, once = false, json = false } = values;
  if (!(every >= 0.1)) throw new UsageError('--every takes a number of seconds, at least 0.1');
  const loaded = await loadOrExplain({ ...loadOptions(values), here: [], dryRun: true });
  if (loaded === undefined) return exit.failure;
  const { network } = loaded;
  const names = chosenNodes(network, values.node);

  async function lookAt(name: string): Promise<Look | null> {
    const node = network.nodes[name];
    if (node === undefined) return null;
    const found = await findNode(network, node, systemClock);
    if (found.state !== 'up') return null;
    try {
      const metrics = await found.control.metrics();
      return { atMs: systemClock.elapsed(), status: found.status, metrics };
    } catch {
      return null; // it has just ended, and is shown as down
    }
  }

  const lookAtAll = () => Promise.all(names.map(lookAt));
  const seen = (before: readonly (Look | null)[], now: readonly (Look | null)[]): Seen[] =>
    names.map((name, at) => {
      const [old, fresh] = [before[at] ?? null, now[at] ?? null];
      const role = network.nodes[name]?.role ?? '';
      const isSame = old !== null && fresh?.status.startedAtMs === old.status.startedAtMs;
      const rates = isSame ? ratesBetween(old.metrics, fresh.metrics, (fresh.atMs - old.atMs) / 1000) : null;
      return { name, role, status: fresh?.status ?? null, rates };
    });

  const shown = json || once || !process.stdout.isTTY ? null : screen();
  let before = await lookAtAll();
  try {
    for (;;) {
      await Promise.race([wait(every * 1000), ...(shown ? [shown.left] : [])]);
      if (shown?.hasLeft() === true) break;
      const now = await lookAtAll();
      const lines = seen(before, now);
      before = now;
      if (json)
        console.log(JSON.stringify({ time: new Date(systemClock.now()).toISOString(), nodes: lines }));
      else if (shown) shown.show(view(lines, shown.columns));
      else process.stdout.write(`${view(lines, null)}\n`);
      if (once) return lines.some(({ status }) => status !== null) ? exit.ok : exit.degraded;
    }
  } finally {
    shown?.close();
  }
  return exit.ok;
}
