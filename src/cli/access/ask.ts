/**
 * How commands reach the API: at the origin on this machine, as the operator; or at a PoP anywhere (`--url`), with a token.
 */
import { z } from 'zod';
import { systemClock } from '../../clock.ts';
import type { Network } from '../../config/network.ts';
import { findNode } from '../../control/find.ts';
import type { ApiAnswer, ApiMessage } from '../../control/messages.ts';
import { UsageError } from '../exit.ts';
import { loadOrExplain } from '../load.ts';
import { loadOptions, type NetworkValues, networkOptions } from '../settings.ts';

export const apiOptions = {
  url: {
    type: 'string',
    requiresArg: true,
    describe:
      'A PoP to ask, such as https://packages.example.com; otherwise the origin on this machine is [MERIDIAN_URL]',
  },
  token: {
    type: 'string',
    requiresArg: true,
    describe:
      'A token for --url, mostly with the right to administer; better in the variable [MERIDIAN_TOKEN]',
  },
  ...networkOptions,
} as const;

/** The same for commands that take URLs of another kind. */
export const serverOptions = {
  server: {
    type: 'string',
    requiresArg: true,
    describe:
      'A PoP to ask, such as https://packages.example.com; otherwise this machine is asked [MERIDIAN_URL]',
  },
  token: {
    type: 'string',
    requiresArg: true,
    describe: 'A token with the right to administer, for --server; better in the variable [MERIDIAN_TOKEN]',
  },
} as const;

export interface ServerValues {
  readonly server?: string | undefined;
  readonly token?: string | undefined;
}

/** `null` where no server is named, by an option or the variable. */
export function serverAsker({ server, token }: ServerValues): Ask | null {
  const url = server ?? (process.env.MERIDIAN_URL || undefined);
  if (url !== undefined)
    return remote(url, token ?? (process.env.MERIDIAN_TOKEN || undefined), { option: '--server' });
  if (token === undefined) return null;
  throw new UsageError('--token is for --server: the origin on this machine needs none');
}

export type ApiValues = NetworkValues & {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
};

export type Ask = (method: ApiMessage['method'], target: string, body?: unknown) => Promise<unknown>;

/** Longer than a transaction and the bus take together. */
const answerWithinMs = 30_000;

/** The PoP that is to be asked; `undefined`: the origin on this machine. */
export function askedUrl({ url = process.env.MERIDIAN_URL }: ApiValues): string | undefined {
  return url || undefined;
}

/** `undefined` after having said what is wrong with the config. @param needsToken nobody else is told anything. */
export async function asker(values: ApiValues, needsToken = true): Promise<Ask | undefined> {
  const url = askedUrl(values);
  if (url !== undefined)
    return remote(url, values.token ?? (process.env.MERIDIAN_TOKEN || undefined), { needsToken });
  if (values.token !== undefined)
    throw new UsageError('--token is for --url: the origin on this machine needs none');
  const loaded = await loadOrExplain({ ...loadOptions(values), here: [], dryRun: true });
  if (loaded === undefined) return undefined;
  const ask = await originHere(loaded.network);
  if (ask !== null) return ask;
  throw new Error(
    'no origin of this network runs on this machine; ask a PoP: --url https://…, with MERIDIAN_TOKEN',
  );
}

/** `null` where no origin of the network runs on this machine. */
export async function originHere(network: Network): Promise<Ask | null> {
  for (const node of Object.values(network.nodes)) {
    if (node.role !== 'origin') continue;
    const found = await findNode(network, node, systemClock);
    if (found.state === 'up')
      return async (method, target, body) => bodyOf(await found.control.api({ method, target, body }));
  }
  return null;
}

interface RemoteOptions {
  /** That has named it. */
  readonly option?: string;
  readonly needsToken?: boolean;
}

function remote(
  url: string,
  token: string | undefined,
  { option = '--url', needsToken = true }: RemoteOptions = {},
): Ask {
  if (!/^https?:\/\//.test(url)) throw new UsageError(`${option} takes an http or https address, not ${url}`);
  if (token === undefined && needsToken)
    throw new UsageError(`${option} needs a token: set MERIDIAN_TOKEN, or give --token`);
  const base = `${url.replace(/\/+$/, '')}/.meridian/v1`;
  return async (method, target, body) => {
    const answer = await fetch(base + target, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerWithinMs),
    }).catch((cause: unknown) => {
      throw new Error(`${url} cannot be reached`, { cause });
    });
    const text = await answer.text();
    return bodyOf({ status: answer.status, body: parsed(text) });
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { error: text.slice(0, 200) };
  }
}

const failure = z.object({ error: z.string() });

function bodyOf({ status, body }: ApiAnswer): unknown {
  if (status === 200) return body;
  throw new Error(failure.safeParse(body).data?.error ?? `the origin answers ${status}`);
}
