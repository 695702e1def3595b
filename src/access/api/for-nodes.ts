/**
 * What PoPs ask and tell the origin: about tokens that they have not heard of, and what has been done with those that they know.
 */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import { actions } from '../../identity.ts';
import { news } from '../register/news.ts';
import { asToken, hashOfToken } from '../token.ts';
import { endpoint } from './endpoint.ts';

export const introduction = z.array(z.object({ key: z.string(), news })).readonly();

/** Whether the bus has all that was known when it was asked. */
export const toldness = z.object({ told: z.boolean() });
const toldWithinMs = 2_000;

/** A user's password, as a client has shown it to a PoP. */
const shownPassword = z.object({
  user: z.string().max(4096),
  password: z.string().max(4096),
  /** What the token is called that the client keeps instead of it; `null`: it keeps none. */
  keep: z.string().max(200).nullable(),
  /** Address of the client. */
  from: z.string().max(200),
});

/** The token that stands for it, or why there is none. */
export const passwordAnswer = z.union([
  z.object({ hash: z.string(), text: z.string().nullable() }),
  z.object({
    code: z.enum(['wrong-password', 'too-many-attempts', 'overloaded']),
    detail: z.string(),
    retryAfterS: z.number().nullable(),
  }),
]);

export const report = z.object({
  used: z.array(z.object({ token: z.string(), atMs: z.number() })).max(10_000),
  denied: z
    .array(
      z.object({
        by: z.string(),
        token: z.string().nullable(),
        from: z.string(),
        atMs: z.number(),
        action: z.enum(actions),
        route: z.string(),
        subject: z.string(),
      }),
    )
    .max(1_000),
  more: z.number(),
});

export const forNodes = [
  endpoint({
    method: 'GET',
    path: '/nodes/tokens/:hash',
    audience: 'node',
    summary: 'What there is to know of the token with this hash: nothing, where there is none.',
    input: null,
    output: introduction.nullable(),
    run: ({ register, names }) => register.introduce(names['hash'] ?? ''),
  }),
  endpoint({
    method: 'GET',
    path: '/nodes/everyone',
    audience: 'node',
    summary: 'What has been given to everybody.',
    input: null,
    output: introduction,
    run: ({ register }) => register.introduceEverybody(),
  }),
  endpoint({
    method: 'GET',
    path: '/nodes/told',
    audience: 'node',
    summary: 'Whether the nodes have been told of all that has been changed.',
    input: null,
    output: toldness,
    run: async ({ register }) => ({ told: await register.told(toldWithinMs) }),
  }),
  endpoint({
    method: 'POST',
    path: '/nodes/passwords',
    audience: 'node',
    summary: 'The token that stands for a user and his password.',
    input: shownPassword,
    output: passwordAnswer,
    async run({ accounts, input: { user, password, keep, from } }) {
      try {
        if (keep === null) return { ...(await accounts.standIn({ user, password }, from)), text: null };
        const text = asToken((await accounts.logIn({ user, password, create: null }, from, keep)).text);
        if (text === undefined) throw new MeridianError('internal', 'a login gives no token');
        return { hash: hashOfToken(text), text };
      } catch (thrown) {
        return refusalOf(thrown);
      }
    },
  }),
  endpoint({
    method: 'POST',
    path: '/nodes/report',
    audience: 'node',
    summary: 'Which tokens were used when, and what was denied to whom.',
    input: report,
    output: z.object({}),
    async run({ register, input }) {
      await register.noteUse(new Map(input.used.map(({ token, atMs }) => [token, atMs])));
      const events = input.denied.map(({ action, route, subject, ...who }) => ({
        ...who,
        what: `denied.${action}`,
        subject: subject === '' ? route : `${route} ${subject}`,
        detail: {},
      }));
      if (events.length > 0) await register.appendAudit(events);
      return {};
    },
  }),
];

/** What the client is to hear. @throws all else. */
function refusalOf(thrown: unknown): z.input<typeof passwordAnswer> {
  if (!(thrown instanceof MeridianError)) throw thrown;
  const { code, detail, retryAfterS = null } = thrown;
  if (code !== 'wrong-password' && code !== 'too-many-attempts' && code !== 'overloaded') throw thrown;
  return { code, detail, retryAfterS };
}
