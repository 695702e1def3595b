/**
 * What PoPs ask and tell the origin: about tokens that they have not heard of, and what has been done with those that they know.
 */
import { z } from 'zod';
import { actions } from '../../identity.ts';
import { news } from '../register/news.ts';
import { endpoint } from './endpoint.ts';

export const introduction = z.array(z.object({ key: z.string(), news })).readonly();

/** Whether the bus has all that was known when it was asked. */
export const toldness = z.object({ told: z.boolean() });
const toldWithinMs = 2_000;

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
