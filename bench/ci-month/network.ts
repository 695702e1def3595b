/**
 * A PoP and its origin: real nodes in this process that talk HTTP over loopback, and over a link that puts them as far apart as
 * London and Sydney; with a clock of their own.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Network, parseNetwork } from '../../src/config/network.ts';
import type { Predicted } from '../../src/messages/predictions.ts';
import { type RunningNode, startNode } from '../../src/node/start.ts';
import { combinedPredicted, predictedIn } from '../../src/telemetry/fleet/predicted.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { freePort } from '../process.ts';
import { openLink } from '../world/link.ts';
import type { MonthClock } from './clock.ts';

export interface MonthNetworkOptions {
  readonly clock: MonthClock;
  readonly directory: string;
  readonly registry: string;
  readonly predicts: boolean;
  readonly popMemoryBytes: number;
  readonly popDiskBytes: number;
}

export interface MonthNetwork {
  /** Of the PoP. */
  readonly url: string;
  /** What the origin is asked: its access log, in which the last moment may be missing until it is closed. */
  readonly logPath: string;
  /** Nothing is being fetched. */
  readonly isQuiet: boolean;
  /** What predictions have come to, as the PoP counts it; `undefined` without any. */
  readonly predicted: Predicted | undefined;
  restartPop(): Promise<void>;
  close(): Promise<void>;
}

/** PoP to origin and back. */
const roundTripMs = 230;
const megabits = 1_000;

export async function openMonthNetwork(options: MonthNetworkOptions): Promise<MonthNetwork> {
  const { clock } = options;
  const [popPort, originPort, linkPort] = [await freePort(), await freePort(), await freePort()];
  const config = configOf(options, popPort, originPort, linkPort);
  const link = await openLink(
    { hosts: ['127.0.0.1'], port: linkPort, to: originPort, roundTripMs, megabits, slowStart: true },
    clock.journeys,
  );
  const origin: RunningNode = await startNode(config, 'origin', { clock: clock.dozing, log: silentLog });
  const startPop = () => startNode(config, 'pop', { clock, log: silentLog });
  let pop: RunningNode = await startPop();
  /** Before the last restart. */
  let before: Predicted | undefined;
  const predicted = () => combinedPredicted(predictedIn(pop.metrics()), before, 1);
  return {
    url: `http://127.0.0.1:${popPort}`,
    logPath: logOf(options.directory),
    get isQuiet() {
      return pop.status().fills === 0 && origin.status().fills === 0;
    },
    get predicted() {
      return predicted();
    },
    async restartPop() {
      before = predicted();
      await pop.drain();
      pop = await startPop();
    },
    async close() {
      await pop.drain();
      await origin.drain();
      await link.close();
    },
  };
}

function configOf(
  { directory, registry, predicts, popMemoryBytes, popDiskBytes }: MonthNetworkOptions,
  popPort: number,
  originPort: number,
  linkPort: number,
): Network {
  const input = {
    secret: randomBytes(32).toString('hex'),
    dataDir: join(directory, 'data'),
    // Hours are skipped in which nodes hear nothing of each other.
    purge: { trustS: 60 * 86_400 },
    nodes: {
      origin: {
        ...{ role: 'origin', listen: [{ port: originPort }], url: `http://127.0.0.1:${linkPort}` },
        accessLog: { format: 'json', path: logOf(directory) },
      },
      pop: {
        ...{ role: 'pop', listen: [{ port: popPort }], parents: ['origin'], accessLog: { format: 'off' } },
        ...{ memory: { bytes: popMemoryBytes }, disk: { bytes: popDiskBytes } },
        ...{ trustedProxies: ['127.0.0.1/32'], workers: 1 },
        ...(!predicts && { predict: false }),
      },
    },
    routes: [{ protocol: 'npm', npm: { upstreams: [{ url: registry }] } }],
  };
  const parsed = parseNetwork(input, { configDir: directory, env: {}, overrides: {} });
  if (parsed.ok) return parsed.network;
  throw new Error(parsed.mistakes.map(({ path, expected }) => `${path}: ${expected}`).join('\n'));
}

function logOf(directory: string): string {
  return join(directory, 'origin.log');
}
