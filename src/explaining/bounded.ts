/** What of an explanation goes over the bus: no more than so much, and of credentials, that there are some. */
import type { ExplainRequest, Explanation } from '../messages/explanation.ts';

/** Of each of these, and of the text of one, in UTF-16 units. */
const most = { tags: 64, fields: 64, parents: 64, text: 2_048 } as const;

const credentials: ReadonlySet<string> = new Set([
  ...['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'x-nuget-apikey', 'x-auth-token'],
]);
const notTold = '(not told)';

export function bounded(explanation: Explanation): Explanation {
  const { why, key, tags, stored, asks, foretold } = explanation;
  return {
    ...explanation,
    why: cut(why),
    key: key === null ? null : cut(key),
    tags: tagsOf(tags),
    stored: stored && {
      ...stored,
      etag: stored.etag === null ? null : cut(stored.etag),
      tags: tagsOf(stored.tags),
      selecting: withoutSecrets(stored.selecting),
    },
    ...(foretold && { foretold: { ...foretold, leads: leadsOf(foretold) } }),
    asks: asks && {
      parents: asks.parents.slice(0, most.parents),
      question: { ...asks.question, fields: withoutSecrets(asks.question.fields) },
    },
  };
}

/** Fields that are credentials have no values. */
export function withoutSecrets(fields: ExplainRequest['fields']): ExplainRequest['fields'] {
  return fields
    .slice(0, most.fields)
    .map(([name, value]) => [name, credentials.has(name.toLowerCase()) ? notTold : cut(value)]);
}

function leadsOf({ leads }: NonNullable<Explanation['foretold']>) {
  return leads && { ...leads, question: leads.question === null ? null : cut(leads.question) };
}

function tagsOf(tags: readonly string[]): readonly string[] {
  return tags.slice(0, most.tags).map(cut);
}

function cut(text: string): string {
  return text.length > most.text ? `${text.slice(0, most.text - 1)}…` : text;
}
