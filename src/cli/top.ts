/**
 * `meridian top`: what the nodes on this machine are doing, again and again.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../clock.ts';
import { findNode } from '../control/find.ts';
import type { StatusMessage } from '../control/messages.ts';
import { ratesBetween } from '../telemetry/metrics/rates.ts';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { chosenNodes, loadOrExplain } from './load.ts';
import { loadOptions, networkOptions } from './settings.ts';
import { screen } from './top/screen.ts';
import type { Seen } from './top/seen.ts';
import { view } from './top/view.ts';

const options = {
  ...networkOptions,
  node: { type: 'string', array: true, requiresArg: true, describe: 'Only this node; may be repeated' },
  every: { type: 'number', requiresArg: true, describe: 'Seconds between two looks (default: 2)' },
  once: { type: 'boolean', describe: 'Two looks, one answer' },
  json: { type: 'boolean', describe: 'Prints a line of JSON for each look' },
} as const;

interface Look {
  readonly atMs: number;
  readonly status: StatusMessage;
  readonly metrics: Snapshot;
}

export default command(options, async (values) => {
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
});
