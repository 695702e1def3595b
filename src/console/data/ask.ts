/** Asks the public API, and knows what each endpoint takes and gives (`api.ts`). */
import type { Api, Path } from './api.ts';

export type Own = Api['GET /whoami']['gives'];

/** What the API says went wrong, as a sentence. */
export class ApiError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

type Question<Key extends keyof Api> = Api[Key] extends { takes: infer Body }
  ? [body: Body]
  : [body?: undefined];

/**
 * @param path as the API's table has it; names and parameters go to `asked`.
 * @throws ApiError
 */
export type Ask = <Method extends 'GET' | 'POST' | 'PUT' | 'DELETE', Of extends Path<Method>>(
  method: Method,
  path: Of | At<Of>,
  ...body: Question<Key<Method, Of>>
) => Promise<Gives<Method, Of>>;

type Key<Method extends string, Of extends string> = `${Method} ${Of}` & keyof Api;
type Gives<Method extends string, Of extends string> = Api[Key<Method, Of>]['gives'];

/** A path of the table with its names and parameters filled in. */
export interface At<Of extends string> {
  readonly of: Of;
  readonly target: string;
}

/** `at('/users/:name', { name: 'alice' }, { limit: 5 })`; parameters that are undefined are left out. */
export function at<Of extends string>(
  of: Of,
  names: Readonly<Record<string, string>>,
  parameters: Readonly<Record<string, string | number | undefined>> = {},
): At<Of> {
  const path = of.replaceAll(/:([a-zA-Z]+)/g, (_, name: string) => encodeURIComponent(names[name] ?? ''));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) query.set(name, String(value));
  return { of, target: query.size === 0 ? path : `${path}?${query}` };
}

export function asker(token: string, refused: () => void): Ask {
  return async (method, path, ...[body]) => {
    const target = typeof path === 'string' ? path : path.target;
    const response = await fetch(`/.meridian/v1${target}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      cache: 'no-store',
      credentials: 'omit',
    }).catch(() => {
      throw new ApiError('This node does not answer. Does it run?', 0);
    });
    const text = await response.text();
    if (response.ok) return answerIn(text);
    if (response.status === 401) refused();
    throw new ApiError(sentenceIn(text) ?? `The answer is ${response.status}.`, response.status);
  };
}

/** The API has checked it by the schema that the type is made of. */
function answerIn<Answer>(text: string): Answer {
  return JSON.parse(text);
}

function sentenceIn(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? error : undefined;
  } catch {
    return text.trim().slice(0, 200) || undefined;
  }
}
