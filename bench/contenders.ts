/** What a suite begins with: the upstream, and every server that takes part, started and seen to give the right bytes. */
import { makeCertificate } from './certificate.ts';
import type { LoadGenerator } from './load/load.ts';
import type { Body } from './objects.ts';
import { type Command, requireCommands } from './packages.ts';
import type { Keep, Peer, Stage } from './peers/peer.ts';
import { proveBodies } from './proofs.ts';
import type { Contender } from './rounds.ts';
import type { Run } from './suite.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export interface Wanted {
  readonly peers: readonly Peer[];
  /** Asked of each server once, to see whether it gives the right bytes. */
  readonly bodies: readonly Body[];
  readonly keep: Keep;
  /** Besides the load generator of the benchmark's own. */
  readonly generators?: readonly Pick<LoadGenerator, 'command' | 'version'>[];
}

export interface Field {
  readonly upstream: Upstream;
  readonly contenders: readonly Contender[];
  /** Program → version. */
  readonly versions: Readonly<Record<string, string>>;
}

export async function takeTheField(run: Run, wanted: Wanted): Promise<Field> {
  const { bodies, keep, generators = [] } = wanted;
  const peers = wanted.peers.filter(({ name }) => run.peers.length === 0 || run.peers.includes(name));
  if (peers.length === 0) throw new Error('There is no such peer: see `npm run bench -- list`.');
  const commands: Command[] = generators.map(({ command }) => command);
  requireCommands(['openssl', ...commands, ...peers.flatMap((peer) => peer.commands)]);

  const upstream = await startUpstream(run.scratch, run.cores.load);
  const certificate = await makeCertificate(run.scratch.directory('certificate'));
  const stage: Stage = { scratch: run.scratch, upstream, certificate, cores: run.cores, bodies, keep };

  const contenders: Contender[] = [];
  for (const peer of peers) contenders.push(await started(peer, stage, run));

  const versions: Record<string, string> = {};
  for (const { software, version } of peers) versions[software] ??= await version();
  for (const { command, version } of generators) versions[command] = await version();
  return { upstream, contenders, versions };
}

/** The cases that were asked for. Throws when there are none. */
export function chosenCases<T extends { readonly title: string }>(run: Run, cases: readonly T[]): T[] {
  const chosen = cases.filter(({ title }) => title.toLowerCase().includes(run.only.toLowerCase()));
  if (chosen.length === 0) throw new Error('There is no such case: see `npm run bench -- list`.');
  return chosen;
}

async function started(peer: Peer, stage: Stage, run: Run): Promise<Contender> {
  run.progress(`starting ${peer.label}`);
  try {
    const running = await peer.start(stage);
    await proveBodies(running, stage.bodies);
    return { peer, running };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${peer.label} did not start as it should: ${why}`, { cause });
  }
}
