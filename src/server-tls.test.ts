/** TLS towards every kind of server that the config can name, with real ones: what they say must tell what is wrong. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  makeAuthority,
  noOpenssl,
  type TestAuthority,
  type TestCertificate,
} from '../test/support/certificate.ts';
import { startDaemon, startNats } from '../test/support/daemon.ts';
import { eventually, temporary } from '../test/support/index.ts';
import { available } from '../test/support/needs.ts';
import { postgresProblem, startPostgres } from '../test/support/postgres.ts';
import { type BusSettings, openBus } from './bus/open.ts';
import { systemClock } from './clock.ts';
import { MeridianError } from './errors.ts';
import { readTls } from './http/tls-files.ts';
import { natsStore } from './kv/nats.ts';
import { redisStore } from './kv/redis.ts';
import type { KvStore } from './kv/store.ts';
import { openPostgres } from './origin/metadata/postgres.ts';
import type { TlsFiles } from './server-tls.ts';
import { type Log, silentLog } from './telemetry/log.ts';

/** `ca`: clients have to show a certificate of that authority. `null`: a server that speaks no TLS. */
type Shown = (TestCertificate & { readonly ca?: string }) | null;

interface Running extends AsyncDisposable {
  readonly port: number;
  readonly password?: string;
}

interface Kind {
  readonly problem: string | null;
  start(shown: Shown): Promise<Running>;
  /** `null` when it has connected, else what it says. */
  attempt(server: Running, tls: TlsFiles | undefined): Promise<string | null>;
}

const clock = systemClock;
const missing = (program: string) => (Bun.which(program) === null ? `${program} is not installed` : null);

const redisServer = (shown: Shown) =>
  startDaemon('redis', (port, folder) => {
    const at = shown === null ? ['--port', String(port)] : ['--port', '0', '--tls-port', String(port)];
    const common = ['--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    if (shown === null) return ['redis-server', ...at, ...common];
    const { cert, key, ca } = shown;
    const trust =
      ca === undefined
        ? ['--tls-auth-clients', 'no', '--tls-ca-cert-file', cert]
        : ['--tls-ca-cert-file', ca];
    return ['redis-server', ...at, ...common, '--tls-cert-file', cert, '--tls-key-file', key, ...trust];
  });

const natsServer = (shown: Shown) => {
  if (shown === null) return startNats();
  const { cert, key, ca } = shown;
  const trust = ca === undefined ? [] : ['--tlsverify', '--tlscacert', ca];
  return startNats(['--tls', '--tlscert', cert, '--tlskey', key, ...trust]);
};

/** The bus says what is wrong in its log, and goes on trying. */
async function overBus(settings: BusSettings): Promise<string | null> {
  const said: unknown[] = [];
  const log: Log = { ...silentLog, warn: (_, fields) => void said.push(fields?.error) };
  const bus = await openBus(settings, { clock, log, publisher: 'here' });
  await eventually(
    'the bus to connect, or to say why not',
    () => bus.state === 'connected' || said.length > 0,
  );
  const { state } = bus;
  await bus.close();
  return state === 'connected' ? null : String(said[0]);
}

async function overKv(store: KvStore): Promise<string | null> {
  try {
    await store.standing([]);
    return null;
  } catch (error) {
    return String(error);
  } finally {
    await store.close();
  }
}

const keep = { events: 1000, ageMs: 60_000 };
const busOf = { prefix: 'test', keep, publishMs: 1000 };
const kvOf = { space: 'test', lifetimeMs: 60_000, clock };

const kinds: Record<string, Kind> = {
  'the bus in Redis': {
    problem: missing('redis-server'),
    start: redisServer,
    attempt: ({ port }, tls) =>
      overBus({ driver: 'redis', url: `rediss://127.0.0.1:${port}`, tls, ...busOf }),
  },
  'the bus in NATS': {
    problem: missing('nats-server'),
    start: natsServer,
    attempt: ({ port }, tls) =>
      overBus({ driver: 'nats', servers: [`tls://127.0.0.1:${port}`], tls, replicas: 1, ...busOf }),
  },
  'key/value in Redis': {
    problem: missing('redis-server'),
    start: redisServer,
    attempt: ({ port }, tls) => overKv(redisStore({ url: `rediss://127.0.0.1:${port}`, tls, ...kvOf })),
  },
  'key/value in NATS': {
    problem: missing('nats-server'),
    start: natsServer,
    attempt: ({ port }, tls) => overKv(natsStore({ url: `tls://127.0.0.1:${port}`, tls, ...kvOf })),
  },
  'documents in PostgreSQL': {
    problem: postgresProblem,
    async start(shown) {
      const { url, password, stop } = await startPostgres(shown ?? undefined);
      return { port: Number(new URL(url).port), password, [Symbol.asyncDispose]: stop };
    },
    async attempt({ port, password }, files) {
      const url = `postgres://meridian@127.0.0.1:${port}/postgres${files ? '' : '?sslmode=verify-full'}`;
      const tls = files && (await readTls(files));
      const store = openPostgres({ url, password, tls, connections: 1, clock, random: Math.random });
      try {
        await store.check();
        return null;
      } catch (error) {
        return error instanceof MeridianError ? error.detail : String(error);
      } finally {
        await store.close();
      }
    },
  },
};

for (const [name, { problem, start, attempt }] of Object.entries(kinds)) {
  describe.skipIf(!available(name, problem ?? noOpenssl))(`${name}, in TLS`, () => {
    const folder = temporary('tls');
    let ours: TestAuthority;
    let others: TestAuthority;
    let server: TestCertificate;
    beforeAll(async () => {
      ours = await makeAuthority(folder.path, 'ours');
      others = await makeAuthority(folder.path, 'others');
      server = await ours.issue('server');
    });
    afterAll(() => folder[Symbol.dispose]());

    test('trusts the authority that it is told to, and no other', async () => {
      await using running = await start(server);
      expect(await attempt(running, { ca: ours.ca })).toBeNull();
      const unknown =
        'TLS: its certificate is not signed by an authority that is trusted here; `tls.ca` names';
      expect(await attempt(running, { ca: others.ca })).toContain(unknown);
      expect(await attempt(running, {})).toContain(unknown);
      expect(await attempt(running, undefined)).toContain(unknown);
    }, 60_000);

    test('wants the server’s own name on its certificate', async () => {
      await using running = await start(await ours.issue('elsewhere', 'DNS:elsewhere.example.test'));
      expect(await attempt(running, { ca: ours.ca })).toContain(
        'TLS: its certificate is for another name than that of its address',
      );
    }, 60_000);

    test('shows its own certificate to a server that wants one', async () => {
      await using running = await start({ ...server, ca: ours.ca });
      expect(
        await attempt(running, { ca: ours.ca, ...(await ours.issue('client', 'DNS:client')) }),
      ).toBeNull();
      expect(await attempt(running, { ca: ours.ca })).toMatch(
        /TLS: it wants to be shown a certificate; `tls.cert` and `tls.key`/,
      );
      const stranger = await others.issue('stranger', 'DNS:stranger');
      expect(await attempt(running, { ca: ours.ca, ...stranger })).toMatch(
        /TLS: it does not accept the certificate that it is shown \(`tls.cert`\)/,
      );
    }, 60_000);

    test('does not do without', async () => {
      await using running = await start(null);
      expect(await attempt(running, { ca: ours.ca })).not.toBeNull();
      expect(await attempt(running, undefined)).not.toBeNull();
    }, 60_000);
  });
}
