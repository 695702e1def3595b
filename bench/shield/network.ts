/**
 * PoPs, the shields between them and an origin, if any, and a server behind it: real nodes that talk HTTP over loopback,
 * all in this process. What is asked of the origin is in its access log.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { type Network, parseNetwork } from '../../src/config/network.ts';
import { type RunningNode, startNode } from '../../src/node/start.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { bytesAt, readPath } from '../objects.ts';
import { freePort } from '../process.ts';

export interface Sizes {
  readonly pops: number;
  /** Each PoP asks one of them first, as many PoPs each, and the others when that one fails. */
  readonly shields: number;
  readonly popBytes: number;
  readonly shieldBytes: number;
}

export interface Door {
  readonly requests: number;
  readonly bytes: number;
}

export interface ShieldedNetwork {
  readonly pops: readonly RunningNode[];
  readonly shields: readonly RunningNode[];
  urlOf(pop: number): string;
  /** What the origin has been asked so far. */
  door(): Promise<Door>;
  close(): Promise<void>;
}

/** By then, what was answered is in the access log. */
const LOG_MS = 300;
/** Room for everything: it is about who asks the origin, not about what it has. */
const ORIGIN_BYTES = 512 * 2 ** 20;

export async function openNetwork(sizes: Sizes, directory: string): Promise<ShieldedNetwork> {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer });
  const logPath = join(directory, 'origin.log');
  const config = configOf(await described(sizes, `http://127.0.0.1:${server.port}`, logPath), directory);
  const deps = { clock: systemClock, log: silentLog };
  const nodes: RunningNode[] = [];
  for (const name of Object.keys(config.nodes)) nodes.push(await startNode(config, name, deps));
  const ofRole = (role: string) => nodes.filter((node) => node.role === role);
  return {
    pops: ofRole('pop'),
    shields: ofRole('shield'),
    urlOf: (pop) => config.nodes[popName(pop)]?.url ?? '',
    async door() {
      await Bun.sleep(LOG_MS);
      const lines = readFileSync(logPath, 'utf8').split('\n').filter(Boolean);
      const bytes = lines.reduce((sum, line) => sum + bytesIn(line), 0);
      return { requests: lines.length, bytes };
    },
    async close() {
      // From the top: nobody is to miss a parent.
      for (const node of nodes.toReversed()) await node.drain();
      await server.stop(true);
    },
  };
}

function answer(request: Request): Response {
  const path = new URL(request.url).pathname;
  const wanted = readPath(path);
  if (wanted === null) return new Response(null, { status: 404 });
  return new Response(bytesAt(path, wanted.bytes), {
    headers: { 'cache-control': 'public, max-age=86400', etag: `"${Bun.hash(path).toString(36)}"` },
  });
}

function bytesIn(line: string): number {
  const { bytes }: { bytes?: number } = JSON.parse(line);
  return bytes ?? 0;
}

async function described(sizes: Sizes, upstream: string, logPath: string): Promise<object> {
  const quiet = { disk: false, accessLog: { format: 'off' } };
  const listen = async () => [{ port: await freePort() }];
  const nodes: Record<string, object> = {
    origin: {
      ...{ role: 'origin', listen: await listen(), disk: false, memory: { bytes: ORIGIN_BYTES } },
      accessLog: { format: 'json', path: logPath },
    },
  };
  const shields = Array.from({ length: sizes.shields }, (_, at) => `shield-${at + 1}`);
  for (const shield of shields) {
    const memory = { bytes: sizes.shieldBytes };
    nodes[shield] = { role: 'shield', listen: await listen(), parents: ['origin'], memory, ...quiet };
  }
  for (let pop = 0; pop < sizes.pops; pop++) {
    const first = Math.floor((pop * shields.length) / sizes.pops);
    const parents = [...shields.slice(first), ...shields.slice(0, first), 'origin'];
    const memory = { bytes: sizes.popBytes };
    nodes[popName(pop)] = { role: 'pop', listen: await listen(), parents, memory, ...quiet };
  }
  return {
    ...{ secret: randomBytes(32).toString('hex'), nodes },
    routes: [{ protocol: 'web', web: { upstream, compress: false } }],
  };
}

function popName(pop: number): string {
  return `pop-${pop + 1}`;
}

function configOf(described: object, directory: string): Network {
  const input = { ...described, dataDir: join(directory, 'data') };
  const parsed = parseNetwork(input, { configDir: directory, env: {}, overrides: {} });
  if (parsed.ok) return parsed.network;
  throw new Error(parsed.mistakes.map(({ path, expected }) => `${path}: ${expected}`).join('\n'));
}
