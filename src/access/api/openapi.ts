/**
 * The description of the API (OpenAPI 3.1), made of the table of endpoints, so that it says what they do.
 */
import { z } from 'zod';
import { bodyShape } from './body.ts';
import type { Endpoint } from './endpoint.ts';

/** @param base path below which the endpoints are. */
export function openApi(endpoints: readonly Endpoint[], base: string): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of endpoints) {
    if (endpoint.audience === 'node') continue;
    const path = base + endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][endpoint.method.toLowerCase()] = operation(endpoint);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Meridian: who may have what',
      version: '1',
      description:
        'Users, teams, machines, grants, tokens and the audit log of a network. Served by every PoP.',
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token of the network: `mrd_…`.' },
      },
      schemas: { Error: z.toJSONSchema(failure) },
    },
  };
}

const failure = z.object({ error: z.string(), code: z.string(), detail: z.string() });
const failed = {
  description: 'Why not.',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
};

function operation({ path, audience, summary, input, output }: Endpoint): unknown {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
  return {
    summary,
    ...(audience === 'anybody' ? { security: [] } : {}),
    ...(names.length === 0
      ? {}
      : {
          parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
        }),
    ...(input === null ? {} : { requestBody: { required: true, content: json(bodyShape(input)) } }),
    responses: { '200': { description: 'Done.', content: json(answerShape(output)) }, default: failed },
  };
}

function answerShape(type: z.ZodType): object {
  const { $schema: _, ...shape } = z.toJSONSchema(type, { io: 'output', unrepresentable: 'any' });
  return shape;
}

function json(schema: object): unknown {
  return { 'application/json': { schema } };
}
