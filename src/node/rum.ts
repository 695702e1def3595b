/**
 * Real timings, at a PoP: `/.meridian/rum/` has the script for pages, an object to measure with, and the place where beacons
 * are taken in. All of it is answered here, and nobody beyond is ever asked. See docs/rum.md.
 */

import type { Clock } from '../clock.ts';
import type { Network, RumConfig } from '../config/network.ts';
import { asMeridianError, MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { blockOf } from '../http/cidr.ts';
import type { Protocol } from '../protocol.ts';
import type { Answered, FieldList, Named } from '../resource.ts';
import { type Allowance, openAllowance } from '../telemetry/rum/allowance.ts';
import { mostBeaconBytes, readBeacon } from '../telemetry/rum/beacon.ts';
import type { Measured } from '../telemetry/rum/measured.ts';
import { pageScript } from '../telemetry/rum/script.ts';
import type { Route } from './routes.ts';

const rumBase = '/.meridian/rum';
/** To see how fast bytes come. */
const probeBytes = 256 * 1024;

/** What stays over a reload. */
export interface Rum {
  readonly measured: Measured;
  readonly allowance: Allowance;
}

export function openRum(measured: Measured, clock: Clock): Rum {
  return { measured, allowance: openAllowance(clock) };
}

const digest = (algorithm: 'sha256' | 'sha384') => new Bun.CryptoHasher(algorithm).update(pageScript);
const version = digest('sha256').digest('hex').slice(0, 12);

/** Where this version's script is, for good, and what a page may hold it to (W3C Subresource Integrity). */
export const versionedScript = {
  path: `${rumBase}/${version}.js`,
  integrity: `sha384-${digest('sha384').digest('base64')}`,
} as const;

export function rumRouteOf({ nodes }: Network, config: RumConfig, rum: Rum): Route {
  const isPop = (name: string) => nodes[name]?.role === 'pop';
  const beacon = async (exchange: Exchange) => {
    const cors = corsFor(exchange, config);
    try {
      await takeBeacon(exchange, cors !== null, { config, rum, isPop });
      return answered(204, cors ?? []);
    } catch (thrown) {
      const error = asMeridianError(thrown);
      if (error.code === 'internal' || cors === null) throw error;
      return problem(error, cors);
    }
  };
  const protocol: Protocol = {
    id: 'rum',
    name: (exchange) => named(exchange, config, beacon),
    covers: () => [],
    changed: () => null,
    pull: () => Promise.reject(new MeridianError('internal', 'real timings have no parent')),
  };
  return { name: 'rum', hosts: [], prefix: rumBase, protocol };
}

function named(
  exchange: Exchange,
  config: RumConfig,
  beacon: (exchange: Exchange) => Promise<Answered>,
): Named {
  const { method } = exchange;
  const isReading = method === 'GET' || method === 'HEAD';
  switch (exchange.path.slice(rumBase.length)) {
    case '/beacon':
      if (method === 'POST') return { as: 'taken', kind: 'beacon', take: () => beacon(exchange) };
      if (method === 'OPTIONS') return preflight(exchange, config);
      break;
    case '/script.js':
      if (isReading) return script(exchange, 'public, max-age=3600');
      break;
    case `/${version}.js`:
      if (isReading) return script(exchange, 'public, max-age=31536000, immutable');
      break;
    case '/probe':
      if (isReading) return probe;
      break;
    default:
      return refused(new MeridianError('no-such-record', `there is nothing at ${exchange.path}`));
  }
  return refused(new MeridianError('method-not-allowed', `${exchange.path} has no ${method}`));
}

function refused(error: MeridianError): Named {
  return { as: 'refusal', kind: 'rum', error };
}

function answered(status: number, fields: FieldList, body = ''): Answered {
  const never: FieldList = [['cache-control', 'no-store']];
  return { as: 'answer', kind: 'beacon', status, fields: [...never, ...fields], body };
}

/** Pages of any origin may load it, and see how long that took (W3C Resource Timing §4.5). */
const forAnyPage: FieldList = [
  ['access-control-allow-origin', '*'],
  ['timing-allow-origin', '*'],
  ['cross-origin-resource-policy', 'cross-origin'],
  ['x-content-type-options', 'nosniff'],
];

function script({ headers }: Exchange, cacheControl: string): Answered {
  const etag = `"${version}"`;
  const isKnown = headers.get('if-none-match')?.includes(etag) === true;
  const fields: FieldList = [['cache-control', cacheControl], ['etag', etag], ...forAnyPage];
  const body = { fields: [...fields, ['content-type', 'text/javascript; charset=utf-8']] as FieldList };
  return isKnown
    ? { as: 'answer', kind: 'script', status: 304, fields, body: '' }
    : { as: 'answer', kind: 'script', status: 200, ...body, body: pageScript };
}

const probe: Answered = {
  as: 'answer',
  kind: 'probe',
  status: 200,
  fields: [
    ['cache-control', 'no-store'],
    ['content-type', 'application/octet-stream'],
    ['content-encoding', 'identity'],
    ...forAnyPage,
  ],
  body: '0123456789abcdef'.repeat(probeBytes / 16),
};

/** What a page of its origin is told (Fetch §3.2); `null` where that origin may not, and empty where there is none. */
function corsFor({ headers, base }: Exchange, { origins }: RumConfig): FieldList | null {
  const origin = headers.get('origin');
  if (origin === null) return [];
  if (origin !== base && !origins.includes(origin) && !origins.includes('*')) return null;
  return [
    ['access-control-allow-origin', origin],
    ['vary', 'origin'],
  ];
}

function preflight(exchange: Exchange, config: RumConfig): Named {
  const cors = corsFor(exchange, config);
  if (cors === null) return refused(foreign());
  return answered(204, [
    ...cors,
    ['access-control-allow-methods', 'POST'],
    ['access-control-allow-headers', 'content-type'],
    ['access-control-max-age', '86400'],
  ]);
}

function foreign(): MeridianError {
  return new MeridianError('forbidden', 'pages of this origin may not tell timings (`rum.origins`)');
}

interface Taking {
  readonly config: RumConfig;
  readonly rum: Rum;
  readonly isPop: (name: string) => boolean;
}

/** @throws MeridianError what is wrong with it. */
async function takeBeacon(exchange: Exchange, isAllowed: boolean, taking: Taking): Promise<void> {
  const { measured, allowance } = taking.rum;
  const { headers } = exchange;
  const address = exchange.client();
  const client = blockOf(address, { ipv4: 32, ipv6: 48 }) ?? '';
  const retryAfterS = allowance.waitS(client, taking.config);
  if (retryAfterS > 0) {
    measured.count('limited');
    throw new MeridianError('too-many-beacons', 'these are too many timings at once', { retryAfterS });
  }
  try {
    if (!isAllowed) throw foreign();
    const beacon = readBeacon(await bodyOf(exchange));
    if (typeof beacon === 'string') throw new MeridianError('request-malformed', beacon);
    if (headers.get('dnt') === '1' || headers.get('sec-gpc') === '1') {
      measured.count('unwanted');
      return;
    }
    if (measured.record(beacon, address, taking.isPop) === 0)
      throw new MeridianError('request-malformed', 'no timing names a PoP of this network');
    measured.count('taken');
  } catch (error) {
    measured.count('refused');
    throw error;
  }
}

async function bodyOf(exchange: Exchange): Promise<Uint8Array> {
  const tooLarge = () =>
    new MeridianError(
      'body-too-large',
      `a beacon has ${mostBeaconBytes} bytes at most, whatever the listener takes`,
    );
  if (Number(exchange.headers.get('content-length') ?? 0) > mostBeaconBytes) throw tooLarge();
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of exchange.body() ?? []) {
    bytes += piece.length;
    if (bytes > mostBeaconBytes) throw tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces, bytes);
}

/** As `refuse` has it, but readable for a page of another origin. */
function problem(error: MeridianError, cors: FieldList): Answered {
  const { code, detail, explanation, row, retryAfterS } = error;
  const body = JSON.stringify({ title: row.advice, status: row.status, detail, error: explanation, code });
  const type: FieldList = [['content-type', 'application/problem+json']];
  const later: FieldList = retryAfterS === undefined ? [] : [['retry-after', String(retryAfterS)]];
  return answered(row.status, [...type, ...later, ...cors], body);
}
