import { describe, expect, test } from 'bun:test';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate, noOpenssl } from '../../test/support/certificate.ts';
import { available } from '../../test/support/needs.ts';
import { type Temporary, temporary } from '../../test/support/temporary.ts';
import { type LoadOptions, loadNetwork } from './load.ts';
import { formatMistake } from './mistake.ts';

const good = `
  import { defineNetwork, npm } from 'meridian';
  import { port } from './port.ts';
  console.log('a config may say something');
  export default defineNetwork({ nodes: { origin: { role: 'origin', listen: [{ port }] } }, routes: [npm()] });
`;

async function folderWith(files: Record<string, string>): Promise<Temporary> {
  const folder = temporary('load');
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  return folder;
}

function load(folder: Temporary, more: Partial<LoadOptions> = {}) {
  return loadNetwork({ cwd: folder.path, env: {}, overrides: {}, ...more });
}

async function mistakes(folder: Temporary, more: Partial<LoadOptions> = {}): Promise<string[]> {
  const loaded = await load(folder, more);
  return loaded.ok ? [] : loaded.mistakes.map(formatMistake);
}

describe('a config file', () => {
  test('is found in the folder, and sees the package by its name wherever it lies', async () => {
    using folder = await folderWith({ 'meridian.config.ts': good, 'port.ts': 'export const port = 5000;' });
    const loaded = await load(folder);
    expect(loaded).toMatchObject({
      ok: true,
      source: join(folder.path, 'meridian.config.ts'),
      network: {
        dataDir: join(folder.path, '.meridian'),
        nodes: { origin: { url: 'http://127.0.0.1:5000' } },
      },
    });
  });

  test('is evaluated afresh each time, with everything that it imports', async () => {
    using folder = await folderWith({ 'meridian.config.ts': good, 'port.ts': 'export const port = 5000;' });
    await load(folder);
    await writeFile(join(folder.path, 'port.ts'), 'export const port = 5001;');
    expect(await load(folder)).toMatchObject({
      network: { nodes: { origin: { url: 'http://127.0.0.1:5001' } } },
    });
  });

  test('may be named, and be JSON', async () => {
    using folder = await folderWith({
      'other.json': JSON.stringify({
        nodes: { origin: { role: 'origin', listen: [{ port: 1 }] } },
        routes: [{ protocol: 'npm' }],
      }),
    });
    expect((await load(folder, { config: 'other.json' })).ok).toBe(true);
  });

  test('that is named and not there is a mistake', async () => {
    using folder = await folderWith({});
    expect(await mistakes(folder, { config: 'nowhere.ts' })).toEqual([
      'nowhere.ts: expected a config file, found none at this place',
    ]);
  });

  const broken: [string, string, string][] = [
    [
      'a syntax error',
      'export default {\n  nodes: ]\n};',
      'c.ts:2:10: expected a config file that can be run, found Unexpected ]',
    ],
    [
      'an error',
      'const x = 1;\nthrow new Error("no port today");',
      'c.ts:2:11: expected a config file that can be run, found Error: no port today',
    ],
    [
      'an error in a timer',
      'export default {};\nqueueMicrotask(() => { throw new TypeError("later"); });\nawait Bun.sleep(50);',
      'c.ts:2:34: expected a config file that can be run, found TypeError: later',
    ],
    [
      'a rejected promise',
      'void Promise.reject(new Error("nobody waits"));\nawait Bun.sleep(50);\nexport default {};',
      'c.ts:1:25: expected a config file that can be run, found Error: nobody waits',
    ],
    [
      'an unknown import',
      'import "./nowhere.ts";\nexport default {};',
      "c.ts: expected a config file that can be run, found Cannot find module './nowhere.ts'",
    ],
    [
      'no export',
      'export const network = {};',
      'c.ts: expected export default defineNetwork({ … }), found no default export',
    ],
    [
      'a premature end',
      'process.exit(0);',
      'c.ts: expected a config file that exports a network, found one that ended the process with code 0',
    ],
    [
      'a function',
      'export default { routes: [{ npm: () => 1 }] };',
      'routes[0].npm: expected plain data, found a function',
    ],
    [
      'an object of a class',
      'export default { a: new URL("http://a"), b: new Date(0) };',
      'a: expected plain data, found an object of class URL',
    ],
    ['a number that is none', 'export default { a: [Number.NaN] };', 'a[0]: expected plain data, found NaN'],
    ['a hole', 'export default { a: [undefined] };', 'a[0]: expected a value, found nothing'],
    [
      'a circle',
      'const a = {}; a.a = a; export default a;',
      'a: expected plain data, found an object that contains itself',
    ],
    [
      'a mistake',
      'export default { nodes: {}, routes: [] };',
      'routes: expected a list of at least one route',
    ],
  ];
  test.each(broken)('with %s says so, and where', async (_, text, expected) => {
    using folder = await folderWith({ 'c.ts': text });
    expect((await mistakes(folder, { config: 'c.ts' }))[0]).toStartWith(expected);
  });

  test('that names an unreadable certificate says so, for the nodes of this machine', async () => {
    const listen = "listen: [{ port: 1, tls: { cert: 'here.pem', key: 'nowhere.pem' } }]";
    using folder = await folderWith({
      'c.js': `export default { nodes: { origin: { role: 'origin', ${listen} }, pop: { role: 'pop', listen: [{ port: 2 }], parents: ['origin'] } }, routes: [{ protocol: 'npm' }] };`,
      'here.pem': '',
    });
    await chmod(join(folder.path, 'here.pem'), 0o600);
    expect(await mistakes(folder, { config: 'c.js' })).toEqual([
      `nodes.origin.listen[0].tls.cert: expected a PEM file that can be read, found no certificate in PEM form at ${join(folder.path, 'here.pem')}`,
      `nodes.origin.listen[0].tls.key: expected a PEM file that can be read, found ENOENT at ${join(folder.path, 'nowhere.pem')}`,
    ]);
    expect(await mistakes(folder, { config: 'c.js', here: ['pop'] })).toEqual([]);
  });

  test.skipIf(!available('openssl', noOpenssl))(
    'that names files of TLS towards servers that are not what they should be says so, for the nodes of this machine',
    async () => {
      const nodes = {
        origin: {
          role: 'origin',
          listen: [{ port: 1 }],
          store: {
            blobs: { s3: { bucket: 'blobs', tls: { ca: 'no-bucket.pem' } } },
            metadata: { postgres: { url: 'postgres://me@db/x', tls: { ca: 'ours.key.pem' } } },
          },
        },
        pop: { role: 'pop', listen: [{ port: 2 }], parents: ['origin'], near: 'kv-eu' },
      };
      const config = {
        bus: {
          driver: 'nats',
          servers: ['tls://a.example'],
          tls: { cert: 'ours.cert.pem', key: 'others.key.pem' },
        },
        kv: { 'kv-eu': { url: 'rediss://b.example', tls: { ca: 'nowhere.pem', cert: 'ours.cert.pem' } } },
        nodes,
        routes: [{ protocol: 'npm' }],
        secret: 'a secret that is as long as it has to be',
      };
      using folder = await folderWith({ 'c.json': JSON.stringify(config) });
      await makeCertificate(folder.path, 'ours');
      await makeCertificate(folder.path, 'others');
      const at = (file: string) => join(folder.path, file);
      const wanted = 'expected a PEM file that can be read, found';
      const ofBus = `bus.tls.key: ${wanted} the key of another certificate at ${at('others.key.pem')}`;
      const ofKv = [
        `kv.kv-eu.tls.ca: ${wanted} ENOENT at ${at('nowhere.pem')}`,
        'kv.kv-eu.tls.key: expected a path, because there is a `cert`, found nothing',
      ];
      const ofStore = [
        `nodes.origin.store.blobs.s3.tls.ca: ${wanted} ENOENT at ${at('no-bucket.pem')}`,
        `nodes.origin.store.metadata.postgres.tls.ca: ${wanted} no certificate in PEM form at ${at('ours.key.pem')}`,
      ];
      expect(await mistakes(folder, { config: 'c.json' })).toEqual([ofBus, ...ofKv, ...ofStore]);
      // What only other machines need may be missing here; what makes no sense makes none anywhere.
      expect(await mistakes(folder, { config: 'c.json', here: ['pop'] })).toEqual([ofBus, ...ofKv]);
      expect(await mistakes(folder, { config: 'c.json', here: ['origin'] })).toEqual([
        ofBus,
        ...ofKv.slice(1),
        ...ofStore,
      ]);
      const ours = { ca: 'ours.cert.pem', cert: 'ours.cert.pem', key: 'ours.key.pem' };
      const url = 'postgres://me@db/x?sslmode=prefer';
      const [bus, kv] = [{ ...config.bus, tls: ours }, { 'kv-eu': { url: 'rediss://b.example', tls: ours } }];
      const origin = { ...nodes.origin, store: { metadata: { postgres: { url, tls: ours } } } };
      await writeFile(at('d.json'), JSON.stringify({ ...config, bus, kv, nodes: { ...nodes, origin } }));
      expect(await mistakes(folder, { config: 'd.json' })).toEqual([
        'nodes.origin.store.metadata.postgres.url: expected sslmode=verify-full, or none, because there is `tls`, found sslmode=prefer',
      ]);
      await writeFile(
        at('e.json'),
        JSON.stringify({ ...config, bus, kv, nodes: { pop: nodes.pop, origin: { ...origin, store: {} } } }),
      );
      const absolute = { ca: at('ours.cert.pem'), cert: at('ours.cert.pem'), key: at('ours.key.pem') };
      expect(await load(folder, { config: 'e.json' })).toMatchObject({
        network: { bus: { tls: absolute }, kv: { 'kv-eu': { tls: absolute } } },
      });
    },
  );
});

describe('without a config file', () => {
  test('there is the embedded network, with a secret that stays', async () => {
    using folder = await folderWith({});
    const [first, second] = [await load(folder), await load(folder)];
    expect(first).toMatchObject({
      ok: true,
      source: null,
      network: { name: 'embedded', dataDir: join(folder.path, '.meridian') },
    });
    expect(first).toEqual(second);
  });

  test('a dry run writes nothing, and takes the secret that is there', async () => {
    using folder = await folderWith({});
    expect((await load(folder, { dryRun: true })).ok).toBe(true);
    expect(await readdir(folder.path)).toEqual([]);
    const loaded = await load(folder);
    expect(await load(folder, { dryRun: true })).toEqual(loaded);
  });

  test('a folder of that name is no config file', async () => {
    using folder = await folderWith({});
    await mkdir(join(folder.path, 'meridian.config.ts'));
    expect(await load(folder)).toMatchObject({ ok: true, source: null });
  });
});
