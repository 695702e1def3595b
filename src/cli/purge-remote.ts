/** Purges by the API, at a PoP anywhere, and waits there until the nodes have carried them out. */
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../clock.ts';
import type { PurgeMessage } from '../control/messages.ts';
import { type PurgeState, purgeIssued, purgeState } from '../messages/purge-state.ts';
import type { PurgeTarget } from '../messages/selector.ts';
import type { Ask } from './access/ask.ts';
import type { PurgeResult } from './purge-result.ts';

/** Between two looks. */
const lookMs = 200;

/** @param withinMs how long to wait for the nodes; `null`: not at all. */
export async function purgeRemotely(
  ask: Ask,
  batches: readonly (readonly PurgeTarget[])[],
  soft: boolean,
  withinMs: number | null,
): Promise<PurgeResult[]> {
  const results: PurgeResult[] = [];
  for (const targets of batches) {
    const issued = purgeIssued.parse(await ask('POST', '/purges', { targets, soft }));
    const state = withinMs === null ? null : await followed(ask, issued.position, withinMs);
    const message: PurgeMessage = { ...issued, selectors: [...issued.selectors], ...appliedIn(state) };
    results.push({ node: 'the network', message, isOnlyInMemory: false });
  }
  return results;
}

async function followed(
  ask: Ask,
  { log, sequence }: PurgeState['position'],
  withinMs: number,
): Promise<PurgeState> {
  const dueMs = systemClock.elapsed() + withinMs;
  for (;;) {
    const state = purgeState.parse(await ask('GET', `/purges/${encodeURIComponent(log)}/${sequence}`));
    if (state.all || systemClock.elapsed() >= dueMs) return state;
    await wait(lookMs);
  }
}

function appliedIn(state: PurgeState | null): Pick<Extract<PurgeMessage, { position: unknown }>, 'applied'> {
  if (state === null) return {};
  const nodes = Object.entries(state.nodes).map(([name, { applied, ms }]) => [
    name,
    applied ? (ms ?? 0) : null,
  ]);
  return { applied: { all: state.all, nodes: Object.fromEntries(nodes), gone: [...state.gone] } };
}
