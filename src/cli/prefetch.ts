/**
 * `meridian prefetch`: has PoPs and shields fetch what lock files, images, lists and addresses stand for, before anybody asks for it, and shows how
 * far they are.
 */
import { z } from 'zod';
import { systemClock } from '../clock.ts';
import {
  longestS,
  type PrefetchState,
  prefetchState,
  shortestS,
  usualS,
} from '../messages/prefetch-order.ts';
import { type Ask, apiOptions, asker } from './access/ask.ts';
import { secondsIn } from './access/duration.ts';
import { show } from './access/shown.ts';
import { command } from './command.ts';
import { type ExitCode, exit, UsageError } from './exit.ts';
import { listHeading, listRow, progressLine, shownState } from './prefetch/shown.ts';
import { wantedBy } from './prefetch/wanted.ts';
import { jsonOption } from './settings.ts';
import { lockFormats } from './storage/lock-file.ts';

const options = {
  what: {
    type: 'string',
    array: true,
    demandOption: true,
    describe: `Lock files (${lockFormats}), images, packages (lodash@4.17.21), URLs or paths, files with one of these on each line (- for standard input); or list, show ID, remove ID`,
  },
  to: {
    type: 'string',
    requiresArg: true,
    describe: 'Names of PoPs and shields, with commas; * stands for any text',
  },
  route: { type: 'string', requiresArg: true, describe: 'Which route (default: the one that has it)' },
  for: {
    type: 'string',
    requiresArg: true,
    describe: 'For how long they are to have it, such as 7d (default: 24h)',
  },
  name: {
    type: 'string',
    requiresArg: true,
    describe: 'What it is called, such as a branch: an earlier one of this name is let go of',
  },
  platform: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Of images, such as linux/amd64 (default: all); may be repeated',
  },
  indexes: {
    type: 'boolean',
    describe:
      'With what clients ask for that have no lock file, or one without addresses (default: whether one is named)',
  },
  base: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe:
      'An address by which clients reach the PoPs (default: that of --url, and those by which they came lately); may be repeated',
  },
  wait: { type: 'boolean', describe: 'Waits until all of these nodes have all of it, or cannot' },
  timeout: {
    type: 'number',
    requiresArg: true,
    describe: 'Waits no longer than this, in seconds (default: 600)',
  },
  'dry-run': { type: 'boolean', describe: 'Looks what there is to have, and has nobody fetch it' },
  ...apiOptions,
  ...jsonOption,
} as const;

/** Between two looks. */
const lookMs = 300;
const usualTimeoutS = 600;

export default command(options, async (values) => {
  const { what, to, json = false, timeout = usualTimeoutS, wait = false } = values;
  const dryRun = values['dry-run'] ?? false;
  const [first, id, ...more] = what;
  const isAbout = first === 'list' || first === 'show' || first === 'remove';
  const nodes = (to ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (!isAbout && nodes.length === 0)
    throw new UsageError('To which nodes? --to lhr,nrt, or --to with a pattern');
  if (!(timeout > 0)) throw new UsageError('--timeout takes seconds');
  if (wait && dryRun) throw new UsageError('--wait is for nodes that fetch it, and with --dry-run none does');
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  if (isAbout) {
    if (more.length > 0 || (first === 'list') !== (id === undefined))
      throw new UsageError(
        'meridian prefetch list, meridian prefetch show ID, or meridian prefetch remove ID',
      );
    return first === 'list' ? list(ask, json) : id === undefined ? exit.usage : one(ask, first, id, json);
  }
  const { needsIndexes, ...wanted } = await wantedBy({ words: what, route: values.route }, ask);
  const order = {
    ...wanted,
    to: nodes,
    forS: values.for === undefined ? usualS : forSecondsIn(values.for),
    name: values.name ?? null,
    platforms: values.platform ?? [],
    indexes: values.indexes ?? needsIndexes,
    bases: values.base ?? [],
    dryRun,
  };
  const begun = prefetchState.parse(await ask('POST', '/prefetch', order));
  const state = await followed(ask, begun, { isWaiting: wait, withinMs: timeout * 1000, isShown: !json });
  if (json) console.log(JSON.stringify(state, null, 2));
  else process.stdout.write(shownState(state));
  return exitOf(state, wait);
});

function forSecondsIn(text: string): number {
  const seconds = secondsIn(text, '--for');
  if (seconds >= shortestS && seconds <= longestS) return seconds;
  throw new UsageError(`--for takes a minute (1m) to 30 days (30d), not ${text}`);
}

async function list(ask: Ask, json: boolean): Promise<ExitCode> {
  const all = z.array(prefetchState).parse(await ask('GET', '/prefetch'));
  show(json, all, listHeading, all.map(listRow));
  return exit.ok;
}

async function one(ask: Ask, what: 'show' | 'remove', id: string, json: boolean): Promise<ExitCode> {
  const path = `/prefetch/${encodeURIComponent(id)}`;
  if (what === 'remove') {
    await ask('DELETE', path);
    console.log(json ? JSON.stringify({ id }) : `${id}: let go of`);
    return exit.ok;
  }
  const state = prefetchState.parse(await ask('GET', path));
  if (json) console.log(JSON.stringify(state, null, 2));
  else process.stdout.write(shownState(state));
  return exit.ok;
}

interface Following {
  /** For the nodes, too; otherwise until it is known what there is to have. */
  readonly isWaiting: boolean;
  readonly withinMs: number;
  readonly isShown: boolean;
}

async function followed(
  ask: Ask,
  begun: PrefetchState,
  { isWaiting, withinMs, isShown }: Following,
): Promise<PrefetchState> {
  const dueMs = systemClock.elapsed() + withinMs;
  const onTerminal = isShown && process.stderr.isTTY;
  let state = begun;
  while (systemClock.elapsed() < dueMs && isUnderWay(state, isWaiting)) {
    if (onTerminal) process.stderr.write(`\r\x1b[K${progressLine(state)}`);
    await Bun.sleep(lookMs);
    state = prefetchState.parse(await ask('GET', `/prefetch/${begun.id}`));
  }
  if (onTerminal) process.stderr.write('\r\x1b[K');
  return state;
}

/** What cannot be had may come after all; it is not waited for. */
function isUnderWay({ state, nodes }: PrefetchState, isWaiting: boolean): boolean {
  return (
    state === 'looking' || (isWaiting && state === 'told' && nodes.some((each) => each.state === 'coming'))
  );
}

function exitOf({ state, refusedCount, nodes }: PrefetchState, isWaiting: boolean): ExitCode {
  if (state === 'failed' || refusedCount > 0) return exit.failure;
  if (!isWaiting || nodes.every((each) => each.state === 'whole')) return exit.ok;
  return nodes.every((each) => each.state === 'whole' || each.state === 'away')
    ? exit.degraded
    : exit.failure;
}
