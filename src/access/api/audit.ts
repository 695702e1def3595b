/** The audit log, by the API. */
import { z } from 'zod';
import { auditEvent } from '../register/audit.ts';
import { endpoint } from './endpoint.ts';
import { numberIn } from './query.ts';

export const auditLine = auditEvent.extend({ at: z.string() });

export const auditEndpoints = [
  endpoint({
    method: 'GET',
    path: '/audit',
    audience: 'admin',
    summary:
      'Lines of the audit log, the oldest first: `?after=` the `at` of the last line known, or `?sinceMs=`; `?newestFirst=true`; `?limit=` 1 to 1000.',
    input: null,
    output: z.array(auditLine),
    async run({ register, query }) {
      const number = (name: string) => numberIn(query, name);
      return [
        ...(await register.audit({
          after: query.get('after') ?? undefined,
          sinceMs: number('sinceMs'),
          limit: Math.min(1_000, Math.max(1, number('limit') ?? 1_000)),
          newestFirst: query.get('newestFirst') === 'true',
        })),
      ];
    },
  }),
];
