/**
 * What is foreseen of real clients, held against what they really ask for: of all that one install asks for, by its first request alone.
 */
import { afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Exchange } from '../../src/exchange.ts';
import type { Foreseen } from '../../src/foresight.ts';
import type { Ask } from '../../src/parent.ts';
import {
  closeLater,
  closeWorld,
  exchangeOf,
  Origin,
  protocolAt,
} from '../../src/protocols/npm/world.contract.ts';
import type { Named } from '../../src/resource.ts';
import { type Client, clientSucceeds, type Registry, startRegistry, temporary } from '../support/index.ts';
import { project } from './project.ts';

const folder = temporary('npm-foresight');
const installMs = 60_000;
let registry: Registry;

afterEach(closeWorld);

beforeAll(async () => {
  registry = await startRegistry();
  const publish = (name: string, version: string, manifest: Record<string, unknown> = {}) =>
    registry.publish(name, version, { manifest });
  publish('top', '1.0.0', {
    dependencies: { left: '^1.0.0', '@acme/ui': '^2.0.0', shared: '>=1.0.0', renamed: 'npm:other@^1.0.0' },
    optionalDependencies: { 'built-linux-x64': '1.0.0', 'built-darwin-arm64': '1.0.0' },
  });
  publish('left', '1.0.0');
  publish('left', '1.4.0', { dependencies: { shared: '~1.0.0', deep: '*' } });
  publish('@acme/ui', '2.1.0', { dependencies: { shared: '^2.0.0' }, peerDependencies: { react: '^1.0.0' } });
  publish('react', '1.3.0');
  publish('react', '2.0.0');
  publish('shared', '1.0.3');
  publish('shared', '2.2.0');
  publish('shared', '3.0.0', { deprecated: 'broken' });
  publish('other', '1.7.0');
  publish('deep', '0.1.0', { dependencies: { deeper: '0.2.x' } });
  publish('deeper', '0.2.5');
  publish('deeper', '0.3.0-beta.1');
  registry.tag('deeper', 'latest', '0.2.5');
  publish('major', '1.0.0', { dependencies: { left: '^1.0.0' } });
  publish('major', '2.0.0', { dependencies: { left: '^1.0.0', react: '^2.0.0' } });
  publish('built-linux-x64', '1.0.0', { os: ['linux'], cpu: ['x64'] });
  publish('built-darwin-arm64', '1.0.0', { os: ['darwin'], cpu: ['arm64'] });
});

/** One server that is a PoP to its clients, and an origin to itself. */
function serve() {
  const options = { remotes: [registry], metadata: { freshS: 3_600 } };
  const [origin, pop] = [new Origin(options), protocolAt('pop', options)];
  const asked: string[] = [];
  const kinds: string[] = [];
  const questions: (string | null)[] = [];
  const told: Foreseen[] = [];
  const askFor = (exchange: Exchange, named: Named) => {
    if (named.as !== 'resource') throw new Error(`${exchange.target} is no resource`);
    const { signal } = new AbortController();
    return { exchange, named, stored: null, background: false, reload: false, signal } satisfies Ask;
  };

  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname, search, origin: base } = new URL(request.url);
      const body = request.method === 'GET' ? null : new Uint8Array(await request.arrayBuffer());
      const init = body === null ? {} : { method: request.method, body };
      const exchange = {
        ...exchangeOf(pathname + search, Object.fromEntries(request.headers), init),
        base,
      };
      const named = pop.name(exchange);
      const doing = { asked: (kind: string) => kinds.filter((each) => each === kind).length };
      questions.push(pop.foresight?.clue(named, exchange, doing)?.question ?? null);
      if (body !== null) told.push(...((await pop.foresight?.body?.(named, exchange)?.read(body)) ?? []));
      kinds.push(named.kind);
      if (named.as !== 'resource') return Response.json({});
      asked.push(plain(pathname));
      const resource = origin.protocol.name(exchange);
      const ask = askFor(exchange, resource);
      const found = await origin.door.read(ask.named, ask, 1024 * 1024);
      const answer = { status: found.status, headers: found.headers, body: new Uint8Array(found.bytes) };
      const { status, headers, body: rendered } = pop.rewrite!(named, answer, exchange);
      headers.delete('content-length');
      return new Response(rendered, { status, headers });
    },
  });
  closeLater(() => server.stop(true));

  return {
    url: server.url.href,
    asked,
    told,
    questions,
    async foreseen(question: string) {
      const exchange = exchangeOf('/deep');
      const ask = askFor(exchange, origin.protocol.name(exchange));
      return (await origin.protocol.foresight!.foresee(question, { ask, door: origin.door })).foreseen;
    },
  };
}

const plain = (target: string) => decodeURIComponent(target);
const distinct = (targets: readonly string[]) => [...new Set(targets)].toSorted();
const isFile = (target: string) => target.endsWith('.tgz');

const install: Record<Client, readonly string[]> = {
  npm: ['install'],
  pnpm: ['install'],
  yarn: ['install'],
  'yarn-classic': ['install'],
};

describe.each(['npm', 'pnpm', 'yarn-classic'] as const)('%s', (client) => {
  test(
    'asks for what its first request has foretold, and for nothing else',
    async () => {
      const served = serve();
      const options = {
        registry: served.url,
        project: project(join(folder.path, client), { top: '^1.0.0' }),
        home: join(folder.path, `${client}-home`),
      };
      await clientSucceeds(client, install[client], options);
      const first = served.questions.find((question) => question?.endsWith('name=top'));
      const foreseen = await served.foreseen(first ?? '');
      const itself = ['/top', `/${client}`];
      const wanted = served.asked.filter((target) => !itself.includes(target));
      expect(distinct(foreseen.map(({ target }) => plain(target)))).toEqual(distinct(wanted));
    },
    installMs,
  );
});

describe.each(['npm', 'pnpm', 'yarn-classic'] as const)(
  '%s, where the latest version is not meant',
  (client) => {
    test(
      'shows that by what it asks for, and what it shows is what it fetches',
      async () => {
        const served = serve();
        const options = (home: string, range: string) => ({
          registry: served.url,
          project: project(join(folder.path, `${client}-${home}`), { major: range }),
          home: join(folder.path, `${client}-${home}-home`),
        });
        const questionOf = (since: number) =>
          served.questions.slice(since).find((question) => question?.endsWith('name=major')) ?? '';
        const words = {
          tool: client === 'yarn-classic' ? 'yarn' : client,
          os: 'linux',
          cpu: 'x64',
          libc: 'glibc',
        };
        const before = await served.foreseen(String(new URLSearchParams({ ...words, name: 'major' })));
        await clientSucceeds(client, install[client], options('old', '^1.0.0'));
        const old = served.asked.splice(0);
        expect(
          before.filter(({ target }) => isFile(target)).map(({ once }) => once !== undefined),
        ).not.toContain(false);
        expect(followed(before, old).filter(isFile)).toEqual([]);

        await clientSucceeds(client, install[client], options('new', '^2.0.0'));
        const both = await served.foreseen(questionOf(0));
        expect(followed(both, old).filter(isFile).toSorted()).toEqual(distinct(old.filter(isFile)));
        const latest = served.asked.filter(isFile);
        expect(followed(both, served.asked).filter(isFile).toSorted()).toEqual(distinct(latest));
      },
      2 * installMs,
    );
  },
);

/** What is fetched for a client who asks for these. */
function followed(foreseen: readonly Foreseen[], asked: readonly string[]): readonly string[] {
  const isShown = ({ once }: Foreseen) => once?.some((target) => asked.includes(plain(target))) ?? true;
  return foreseen.filter(isShown).map(({ target }) => plain(target));
}

test(
  'npm ci tells which files it is about to fetch',
  async () => {
    const served = serve();
    const path = project(join(folder.path, 'ci'), { top: '^1.0.0' });
    const options = (home: string) => ({
      ...{ registry: served.url, project: path, home: join(folder.path, home) },
      environment: { npm_config_audit: 'true' },
    });
    await clientSucceeds('npm', ['install', '--package-lock-only'], options('lock-home'));
    rmSync(join(path, 'node_modules'), { recursive: true, force: true });
    served.told.length = 0;
    served.asked.length = 0;
    await clientSucceeds('npm', ['ci'], options('ci-home'));
    const wanted = served.asked.filter(isFile);
    expect(wanted.length).toBeGreaterThan(8);
    // An alias is told by the name of what it stands for.
    expect(distinct(served.told.map(({ target }) => target))).toEqual(distinct(wanted));
  },
  installMs,
);
