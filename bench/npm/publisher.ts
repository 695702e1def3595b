/**
 * Publishes as fast as a registry takes it, as a program of its own, so that it can be given a core of its own:
 *
 *     bun publisher.ts <address> <token> <options as JSON>
 *
 * Each of several publishers has packages of its own, and publishes the next version as soon as it was told that the
 * one before is published. Prints one line of JSON: a `Published`.
 */
import { createHash } from 'node:crypto';
import { noise, pack } from '../../test/support/package.ts';
import { percentile } from '../statistics.ts';
import { SCOPE } from './registries.ts';

export interface PublishOptions {
  /** Makes other packages of each take. */
  readonly take: string;
  readonly parallel: number;
  readonly seconds: number;
}

export interface Published {
  readonly published: number;
  readonly seconds: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** A small package, packed. */
const NOISE_CHARACTERS = 3_000;
/** A package with more versions has a longer document, which says nothing of publishing. */
const VERSIONS_OF_ONE = 10;

async function publishAll(
  base: string,
  token: string,
  { take, parallel, seconds }: PublishOptions,
): Promise<Published> {
  const times: number[] = [];
  const started = performance.now();
  const endsAt = started + seconds * 1000;
  await Promise.all(
    Array.from({ length: parallel }, async (_, publisher) => {
      for (let nth = 0; performance.now() < endsAt; nth++) {
        const name = `${SCOPE}/${take}-${publisher}-${Math.floor(nth / VERSIONS_OF_ONE)}`;
        const body = publicationOf(name, `1.0.${nth % VERSIONS_OF_ONE}`);
        const askedAt = performance.now();
        await publish(base, token, name, body);
        times.push((performance.now() - askedAt) * 1000);
      }
    }),
  );
  const took = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  return {
    published: times.length,
    seconds: took,
    p50Micros: percentile(times, 0.5),
    p99Micros: percentile(times, 0.99),
  };
}

/** The body that npm sends. */
function publicationOf(name: string, version: string): string {
  const manifest = { name, version, description: 'Made up.', license: 'MIT' };
  const tarball = pack(manifest, { 'index.js': noise(`${name}@${version}`, NOISE_CHARACTERS) });
  const dist = {
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    shasum: createHash('sha1').update(tarball).digest('hex'),
    tarball: `http://127.0.0.1/${name}/-/${name}-${version}.tgz`,
  };
  const attachment = {
    content_type: 'application/octet-stream',
    data: Buffer.from(tarball).toString('base64'),
    length: tarball.byteLength,
  };
  return JSON.stringify({
    ...{ _id: name, name, access: null, 'dist-tags': { latest: version } },
    versions: { [version]: { ...manifest, _id: `${name}@${version}`, readme: 'Made up.', dist } },
    _attachments: { [`${name}-${version}.tgz`]: attachment },
  });
}

async function publish(base: string, token: string, name: string, body: string): Promise<void> {
  const response = await fetch(`${base}/${name.replace('/', '%2f')}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`${name}: status ${response.status}: ${text.slice(0, 500)}`);
}

if (import.meta.main) {
  const [base = '', token = '', options = ''] = process.argv.slice(2);
  console.log(JSON.stringify(await publishAll(base, token, JSON.parse(options) as PublishOptions)));
}
