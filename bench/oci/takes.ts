/** The measurements of the suite `oci`: one server, once. */
import { microsUntilRest, startCpu } from '../cpu.ts';
import type { Sample } from '../figures.ts';
import { type Asked, type Asking, askFor, cpuSeconds, listOf } from '../load/asking.ts';
import { peakBytes, resetPeak } from '../memory.ts';
import { GIB, MIB } from '../objects.ts';
import type { Peer } from '../peers/peer.ts';
import type { Run } from '../suite.ts';
import { digestAt, pushed } from './client.ts';
import { type OciRunning, type Part, REPOSITORY } from './registries.ts';
import { digestOf, MANIFEST_TYPE, type OciUpstream, smallImage, TAG } from './registry.ts';

export type Question =
  | { readonly asks: 'again'; readonly paths: readonly string[] }
  | { readonly asks: 'layer'; readonly bytes: number; readonly clients: number; readonly isCold: boolean }
  | { readonly asks: 'push'; readonly bytes: number };

type LayerQuestion = Extract<Question, { asks: 'layer' }>;

/** What the takes of one part share. */
export interface World {
  readonly run: Run;
  readonly upstream: OciUpstream;
  readonly part: Part;
  /** The long layer that there is just now. */
  layer: { readonly digest: string; readonly bytes: number } | null;
  /** Server and digest → it has been pushed there; server and question → what it gives has been compared with its digest. */
  readonly done: Set<string>;
}

/** A server that is measured. */
export interface Subject {
  readonly peer: Peer;
  readonly running: OciRunning;
}

const CONNECTIONS = 20;
const WARM_SECONDS = 0.5;

const image = smallImage();
const below = `/v2/${REPOSITORY}`;
const blobs = image.blobs.map(({ digest, size }) => `${below}/blobs/${digest}?bytes=${size}`);
export const byTag = `${below}/manifests/${TAG}?bytes=${image.manifest.byteLength}`;
export const byDigest = `${below}/manifests/${image.digest}?bytes=${image.manifest.byteLength}`;
export const wholePull = [byTag, byDigest, ...blobs];

export function take(world: World, question: Question, subject: Subject): Promise<Sample> {
  switch (question.asks) {
    case 'again':
      return askAgain(world, question.paths, subject);
    case 'layer':
      return pullLayer(world, question, subject);
    case 'push':
      return pushLayer(world, question.bytes, subject);
  }
}

/** Every address of the small image gives the bytes that it is made of. A cache has it after that. */
export async function prove(running: OciRunning): Promise<void> {
  const base = baseOf(running);
  const digests = [image.digest, image.digest, ...image.blobs.map(({ digest }) => digest)];
  for (const [nth, path] of wholePull.entries()) {
    const headers = { accept: MANIFEST_TYPE, ...fieldsOf(await running.credential('pull')) };
    const response = await fetch(base + path, { headers });
    const digest = digestOf(await response.bytes());
    if (response.status !== 200 || digest !== digests[nth])
      throw new Error(`other bytes than the image's for ${path}: status ${response.status}, ${digest}`);
  }
}

export async function pushImage(running: OciRunning): Promise<void> {
  const base = baseOf(running);
  const fields = fieldsOf(await running.credential('push'));
  const ask = async (method: string, address: URL, type: string, body: Uint8Array<ArrayBuffer> | null) => {
    const response = await fetch(address, { method, headers: { ...fields, 'content-type': type }, body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${address}: ${response.status}: ${text.slice(0, 300)}`);
    return new URL(response.headers.get('location') ?? '', address);
  };
  const binary = 'application/octet-stream';
  for (const { digest, bytes } of image.blobs) {
    const place = await ask('POST', new URL(`${base}${below}/blobs/uploads/`), binary, null);
    place.searchParams.set('digest', digest);
    await ask('PUT', place, binary, bytes);
  }
  await ask('PUT', new URL(`${base}${below}/manifests/${TAG}`), MANIFEST_TYPE, image.manifest);
}

async function askAgain(
  { run, upstream }: World,
  paths: readonly string[],
  { running }: Subject,
): Promise<Sample> {
  const asking: Asking = { scratch: run.scratch, cores: run.cores, upstream };
  const list = listOf(run.scratch, paths);
  const credential = await running.credential('pull');
  const options = {
    ...{ connections: CONNECTIONS, accept: MANIFEST_TYPE },
    ...(credential !== null && { authorization: credential }),
  };
  await askFor(asking, running, list, { ...options, seconds: WARM_SECONDS });
  const before = await upstream.requests();
  const asked = await askFor(asking, running, list, { ...options, seconds: run.seconds });
  const { requestsPerSecond, p50Micros, p99Micros } = asked;
  return {
    ...{ requestsPerSecond, p50Micros, p99Micros },
    cpuMicros: (cpuSeconds(asked) * 1e6) / asked.answers,
    upstreamRequests: (await upstream.requests()) - before,
    ...circumstancesOf(asked),
  };
}

async function pullLayer(world: World, question: LayerQuestion, subject: Subject): Promise<Sample> {
  const { run, upstream } = world;
  const { bytes, clients } = question;
  const { running } = subject;
  const asking: Asking = { scratch: run.scratch, cores: run.cores, upstream };
  const digest = await prepareLayer(world, question, subject);
  const address = `${below}/blobs/${digest}`;
  const list = listOf(run.scratch, new Array<string>(clients).fill(`${address}?bytes=${bytes}`));
  const options = { connections: clients, accept: '*/*' };
  if (!question.isCold) await askFor(asking, running, list, options);
  await microsUntilRest(running.pids);
  const [requests, fetched] = [await upstream.requests(), await upstream.bytes()];
  resetPeak(running.pids);
  const asked = await askFor(asking, running, list, options);
  const seconds = cpuSeconds(asked) + (await microsUntilRest(running.pids)) / 1e6;
  const sample = {
    totalSeconds: asked.seconds,
    mibPerSecond: asked.bytes / MIB / asked.seconds,
    cpuPerGib: seconds / (asked.bytes / GIB),
    firstByteMs: asked.firstByteMs.p50,
    lastFirstByteMs: asked.firstByteMs.last,
    upstreamRequests: (await upstream.requests()) - requests,
    upstreamMib: ((await upstream.bytes()) - fetched) / MIB,
    peakMib: peakBytes(running.pids) / MIB,
    ...circumstancesOf(asked),
  };
  await proveLayer(world, subject, question, digest);
  return sample;
}

/** Gives the digest of a layer that the server has, or, where it is asked for cold, has not, as far as its caches go. */
async function prepareLayer(
  world: World,
  { bytes, isCold }: LayerQuestion,
  { peer, running }: Subject,
): Promise<string> {
  const isFile = peer.name === 'file';
  const { digest } = await layerOf(world, bytes, world.part === 'pulled' && isCold && !isFile);
  if (world.part === 'pulled' || isFile) return digest;
  const place = `${peer.name} ${digest}`;
  if (!world.done.has(place)) await push(world, digest, running);
  world.done.add(place);
  if (isCold) await running.forget?.();
  return digest;
}

async function layerOf(world: World, bytes: number, isNew: boolean): Promise<NonNullable<World['layer']>> {
  if (world.layer === null || world.layer.bytes !== bytes || isNew)
    world.layer = { digest: await world.upstream.layer(bytes), bytes };
  return world.layer;
}

/** Once for each server and question: it takes as long as what is measured. */
async function proveLayer(
  { run, done }: World,
  { peer, running }: Subject,
  { bytes, isCold }: LayerQuestion,
  digest: string,
): Promise<void> {
  const question = `${peer.name} ${bytes} ${isCold}`;
  if (done.has(question)) return;
  done.add(question);
  const address = `${baseOf(running)}${below}/blobs/${digest}`;
  const actual = await digestAt(run.cores.load, address, await running.credential('pull'));
  if (actual !== digest) throw new Error(`other bytes than the layer's: ${actual} instead of ${digest}`);
}

async function pushLayer(world: World, bytes: number, { running }: Subject): Promise<Sample> {
  const { digest } = await layerOf(world, bytes, true);
  await microsUntilRest(running.pids);
  resetPeak(running.pids);
  const stop = startCpu({ server: running.pids, load: [] }, world.run.cores);
  const seconds = await push(world, digest, running);
  const { serverBusy, seconds: watched } = stop();
  const busySeconds = serverBusy * watched + (await microsUntilRest(running.pids)) / 1e6;
  return {
    totalSeconds: seconds,
    mibPerSecond: bytes / MIB / seconds,
    cpuPerGib: busySeconds / (bytes / GIB),
    peakMib: peakBytes(running.pids) / MIB,
    serverBusy,
  };
}

async function push({ run, upstream }: World, digest: string, running: OciRunning): Promise<number> {
  const what = { file: `${upstream.directory}/${digest}`, digest };
  return pushed(run.cores.load, baseOf(running), what, await running.credential('push'));
}

function circumstancesOf({ cpu: { serverBusy, loadBusy, foreign } }: Asked): Sample {
  return { serverBusy, loadBusy, foreign };
}

function fieldsOf(credential: string | null): Record<string, string> {
  return credential === null ? {} : { authorization: credential };
}

function baseOf(running: OciRunning): string {
  const base = running.on['http/1.1'];
  if (typeof base !== 'string') throw new Error(base.because);
  return base;
}
