/** Tokens by number, the same in every process, and a replica that knows a route for everybody and one for few. */
import { crc32 } from 'node:zlib';
import { keyOf, type News } from '../../src/access/register/news.ts';
import { openReplica, type Replica } from '../../src/access/replica/replica.ts';
import { asToken, hashOfToken, type TokenText } from '../../src/access/token.ts';
import type { Bus } from '../../src/bus.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Of which each has as many tokens as the others. */
const OWNERS = 1000;

export function tokenAt(number: number): TokenText {
  const random = String(number).padStart(32, 'x');
  let rest = crc32(random);
  let sum = '';
  for (let place = 0; place < 6; place++) {
    sum = ALPHABET.charAt(rest % 62) + sum;
    rest = Math.floor(rest / 62);
  }
  const token = asToken(`mrd_${random}${sum}`);
  if (token === undefined) throw new Error(`token ${number} is none`);
  return token;
}

/** What nodes are told of it. */
export function newsAt(number: number): readonly [key: string, news: News] {
  const value = {
    ...{ id: number.toString(36).padStart(12, '0'), owner: `user:u${number % OWNERS}` as const },
    ...{ expiresMs: null, addresses: [], limit: null },
  };
  return [keyOf('token', hashOfToken(tokenAt(number))), { of: 'token', order: number + 1, value }];
}

/** Its owners, and a right that all of them have. */
export function people(): ReadonlyMap<string, News> {
  const told = new Map<string, News>();
  for (let at = 0; at < OWNERS; at++) {
    const value = { name: `u${at}`, email: null, createdMs: 0, disabled: false };
    told.set(keyOf('user', value.name), { of: 'user', order: 1, value });
  }
  const right = { actions: ['read' as const], routes: ['closed'], subjects: ['@acme/*'] };
  const grant = { ...right, id: 'g', to: 'users' as const, createdMs: 0, by: 'bench' };
  return told.set(keyOf('grant', 'g'), { of: 'grant', order: 1, value: grant });
}

export function replicaOf(bus: Bus): Replica {
  return openReplica({ bus, openRoutes: () => ['open'], warn: (message) => console.error(message) });
}
