/**
 * What an origin knows of access, and how machines show it who they are.
 */

import { openAccounts } from '../access/accounts/accounts.ts';
import { attempts } from '../access/accounts/attempts.ts';
import type { ApiServices } from '../access/api/endpoint.ts';
import type { Order } from '../access/api/order.ts';
import { exchanger } from '../access/oidc/exchange.ts';
import { openRegister } from '../access/register/register.ts';
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { Network } from '../config/network.ts';
import { MeridianError } from '../errors.ts';
import { request } from '../http/client.ts';
import { parsedJson } from '../http/json.ts';
import type { Accounts } from '../identity.ts';
import { rate } from '../remotes/rate.ts';
import type { MetadataStore } from '../store.ts';
import { openRoutesOf } from './system.ts';
import { openWorks, type Task, type Works } from './works.ts';

export interface Records extends Pick<ApiServices, 'register' | 'exchange' | 'storage'> {
  readonly works: Works;
  readonly accounts: Accounts;
  /** How long lines of the audit log are kept, as the config says now; `null`: for good. */
  auditMs(): number | null;
  /** The config has changed. */
  reload(next: Network): void;
  close(): Promise<void>;
}

export interface RecordsOptions {
  readonly network: Network;
  readonly metadata: MetadataStore;
  readonly bus: Bus;
  readonly storage: ApiServices['storage'];
  /** What there is to do for an order. */
  readonly taskFor: (order: Order) => Task;
  readonly clock: Clock;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

export function openRecords(options: RecordsOptions): Records {
  const { network, metadata, bus, storage, taskFor, clock, warn } = options;
  let inForce = network;
  const register = openRegister({ metadata, bus, openRoutes: () => openRoutesOf(inForce), clock, warn });
  const exchangeFor = ({ access }: Network) =>
    exchanger({
      issuers: access.issuers.map(({ machines, ...issuer }) => ({ ...issuer, rules: machines })),
      makeToken: register.makeToken,
      fetchJson: (url) => fetchJson(url, clock),
      clock,
    });
  let exchange = exchangeFor(network);
  const works = openWorks({ taskFor, audit: (event) => register.appendAudit([event]), clock, warn });
  return {
    register,
    storage,
    works,
    accounts: openAccounts({
      ...{ register, clock, exchange: () => exchange, settings: () => inForce.access },
      ...{ attempts: attempts({ pace: rate }), secret: network.secret },
    }),
    auditMs: () => (inForce.access.auditS === undefined ? null : inForce.access.auditS * 1000),
    get exchange() {
      return exchange;
    },
    reload(next) {
      // Keys that are known of issuers that stay as they are need not be fetched again.
      if (!Bun.deepEquals(next.access.issuers, inForce.access.issuers)) exchange = exchangeFor(next);
      inForce = next;
    },
    async close() {
      await works.close();
      await register.close();
    },
  };
}

const timeouts = { connectMs: 3_500, firstByteMs: 5_000, betweenBytesMs: 5_000 };
/** Of a key set. */
const maxBytes = 256 * 1024;

async function fetchJson(url: string, clock: Clock): Promise<unknown> {
  const signal = AbortSignal.timeout(10_000);
  const headers = new Headers({ accept: 'application/json' });
  const { status, body } = await request(url, { method: 'GET', headers, signal, timeouts, clock });
  if (status !== 200) {
    if (body instanceof ReadableStream) await body.cancel();
    throw new MeridianError('upstream-invalid', `${url} answers ${status}`);
  }
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of body instanceof ReadableStream ? body : [body ?? new Uint8Array()]) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > maxBytes)
      throw new MeridianError('upstream-invalid', `${url} gives more than ${maxBytes} bytes`);
  }
  return parsedJson(text);
}
