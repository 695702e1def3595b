/**
 * The question of a cache's life: how fast does it answer what it already has? One object at a time, from
 * memory, over HTTP/1.1 in the clear and HTTP/2 over TLS.
 */
import { makeCertificate } from '../certificate.ts';
import { h2load } from '../load/h2load.ts';
import { wrk } from '../load/wrk.ts';
import { requireCommands } from '../packages.ts';
import { bare } from '../peers/bare.ts';
import { meridian, meridianLogging } from '../peers/meridian.ts';
import { nginx, nginxGuide, nginxLogging } from '../peers/nginx.ts';
import type { Peer, Stage } from '../peers/peer.ts';
import { varnish, varnishLogging } from '../peers/varnish.ts';
import { PROOFS, proveBodies } from '../proofs.ts';
import { type Case, type Contender, runCase } from '../rounds.ts';
import type { Row, Run, Suite, SuiteReport } from '../suite.ts';
import { bodies, startUpstream } from '../upstream.ts';

const PEERS: readonly Peer[] = [
  bare,
  meridian,
  nginx,
  nginxGuide,
  varnish,
  meridianLogging,
  nginxLogging,
  varnishLogging,
];

const CASES: readonly Case[] = bodies.flatMap((body) => [
  { title: `HTTP/1.1, ${body.label}, 50 connections`, wire: 'http/1.1', body, connections: 50, streams: 1 },
  { title: `HTTP/1.1, ${body.label}, 1 connection`, wire: 'http/1.1', body, connections: 1, streams: 1 },
  { title: `HTTP/2, ${body.label}, 50 connections`, wire: 'h2', body, connections: 50, streams: 1 },
  {
    title: `HTTP/2, ${body.label}, 5 connections of 10 streams`,
    wire: 'h2',
    body,
    connections: 5,
    streams: 10,
  },
  { title: `HTTP/2, ${body.label}, 1 connection`, wire: 'h2', body, connections: 1, streams: 1 },
]);

export const hit: Suite = {
  name: 'hit',
  about: 'Answers from store: rate, latency and processor time, against NGINX and Varnish.',
  cases: CASES.map(({ title }) => title),
  peers: PEERS.map(({ name }) => name),
  run: runHit,
};

async function runHit(run: Run): Promise<SuiteReport> {
  const cases = CASES.filter(({ title }) => title.toLowerCase().includes(run.only.toLowerCase()));
  const peers = run.peers.length === 0 ? PEERS : PEERS.filter(({ name }) => run.peers.includes(name));
  if (cases.length === 0 || peers.length < run.peers.length) {
    throw new Error('There is no such case, or no such peer: see `npm run bench -- list`.');
  }

  const generators = { 'http/1.1': wrk(run.scratch), h2: h2load(run.scratch) };
  const programs = Object.values(generators);
  requireCommands([
    'openssl',
    ...programs.map(({ command }) => command),
    ...peers.flatMap((peer) => peer.commands),
  ]);

  const upstream = startUpstream();
  run.scratch.atEnd(() => upstream.stop());
  const certificate = await makeCertificate(run.scratch.directory('certificate'));
  const stage: Stage = { scratch: run.scratch, upstream, certificate, cores: run.cores };

  const contenders: Contender[] = [];
  for (const peer of peers) contenders.push(await started(peer, stage, run));

  const rows: Row[] = [];
  for (const each of cases)
    rows.push(...(await runCase(run, each, generators[each.wire], contenders, upstream)));

  const versions: Record<string, string> = {};
  for (const { software, version } of peers) versions[software] ??= await version();
  for (const { command, version } of programs) versions[command] = await version();
  const subjects = [meridian.name, meridianLogging.name];
  return { suite: hit.name, about: hit.about, versions, proofs: PROOFS, subjects, rows };
}

async function started(peer: Peer, stage: Stage, run: Run): Promise<Contender> {
  run.progress(`starting ${peer.label}`);
  try {
    const running = await peer.start(stage);
    await proveBodies(running);
    return { peer, running };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${peer.label} did not start as it should: ${why}`, { cause });
  }
}
