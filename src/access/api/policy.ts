/** What the policies of routes let through, by the API. */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import { endpoint, type PolicyReader } from './endpoint.ts';

export const explanation = z.object({
  subject: z.string(),
  verdict: z.enum(['allowed', 'refused', 'unknown']),
  why: z.string(),
  untilMs: z.number().nullable(),
  rules: z.array(z.object({ rule: z.string(), passes: z.boolean(), why: z.string() })),
});

export const policyState = z.object({
  /** What has to be so of what is used; `says` completes "What may be used …". */
  terms: z.array(
    z.object({
      rule: z.string(),
      says: z.string(),
      /** None: everything. */
      about: z.array(z.string()).readonly(),
      except: z.array(z.string()).readonly(),
    }),
  ),
  refused: z.array(
    z.object({
      subject: z.string(),
      rules: z.array(z.string()),
      why: z.string(),
      times: z.number(),
      lastMs: z.number(),
    }),
  ),
  sources: z.array(
    z.object({
      path: z.string(),
      readMs: z.number().nullable(),
      error: z.string().nullable(),
      records: z.number(),
    }),
  ),
});

export const policyEndpoints = [
  endpoint({
    method: 'GET',
    path: '/policies/:route',
    audience: 'admin',
    summary:
      'What the policy of a route asks for, what it has refused lately, the newest first, and the feeds that it goes by.',
    input: null,
    output: policyState,
    async run({ policyOf, names }) {
      const policy = policyIn(policyOf, names);
      return {
        terms: [...policy.terms()],
        refused: (await policy.refused()).map((each) => ({ ...each, rules: [...each.rules] })),
        sources: [...policy.sources()],
      };
    },
  }),
  endpoint({
    method: 'GET',
    path: '/policies/:route/:subject',
    audience: 'admin',
    summary: 'What the policy of a route says of one version (`lodash@4.17.20`), rule by rule.',
    input: null,
    output: explanation,
    async run({ policyOf, names }) {
      const explained = await policyIn(policyOf, names).explain(names['subject'] ?? '');
      return { ...explained, rules: [...explained.rules] };
    },
  }),
];

function policyIn(
  policyOf: (route: string) => PolicyReader | null,
  names: Readonly<Record<string, string>>,
): PolicyReader {
  const { route = '' } = names;
  const policy = policyOf(route);
  if (policy === null)
    throw new MeridianError('no-such-record', `there is no route ${route} that has a policy`);
  return policy;
}
