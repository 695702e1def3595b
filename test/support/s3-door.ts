/**
 * A door in front of an S3 server: writes down every request, verifies its signature and its hashes, as the server behind it does
 * not, and lets a test decide what becomes of it. Takes requests as a proxy, too, for hosts that do not exist.
 */
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { freePort } from './ports.ts';

export interface S3Request {
  readonly operation: Operation;
  readonly host: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
  readonly signed: readonly string[];
  readonly body: Buffer;
}

export type Operation = 'put' | 'begin' | 'part' | 'complete' | 'abort' | 'get' | 'head' | 'list' | 'delete';

export interface Refuse {
  readonly refuse: number;
  readonly code?: string;
  readonly xml?: string;
}

/** `lose`: it is passed on, and the connection ends before the answer has gone back; `truncate`: with half of its body. */
export type Fate =
  | Refuse
  | { readonly add: Readonly<Record<string, string>> }
  | { readonly lose: true }
  | { readonly truncate: true }
  | { readonly cut: 'head' | 'body' };

export interface S3Door extends AsyncDisposable {
  readonly url: string;
  readonly requests: S3Request[];
  /** Those of one kind, in order. */
  of(operation: Operation): S3Request[];
  /** What the signatures and hashes of requests have been wrong about. */
  readonly complaints: string[];
  /** Parts under way at once, at most so far. */
  mostParts(): number;
  /** `number` counts the requests of one kind from 1. */
  decide(fate: (request: S3Request, number: number) => Fate | undefined): void;
}

export async function openDoor(server: { endpoint: string; secretAccessKey: string }): Promise<S3Door> {
  const port = await freePort();
  const requests: S3Request[] = [];
  const complaints: string[] = [];
  let decide: Parameters<S3Door['decide']>[0] = () => undefined;
  let parts = 0;
  let most = 0;
  const of = (operation: Operation) => requests.filter((request) => request.operation === operation);

  async function take(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = requestOf(message, Buffer.concat(await Array.fromAsync(message)));
    requests.push(request);
    const wrong = problem(message, request, server.secretAccessKey);
    if (wrong !== null) complaints.push(wrong);
    const fate = decide(request, of(request.operation).length);
    if (fate && 'refuse' in fate) return refuse(response, fate);
    if (fate && 'cut' in fate) return void message.socket.destroy();
    const answer = await pass(message, request, server.endpoint);
    const body = Buffer.from(await answer.arrayBuffer());
    if (fate && 'lose' in fate) return void message.socket.destroy();
    const fields = Object.fromEntries(
      [...answer.headers].filter(([name]) => name !== 'transfer-encoding' && name !== 'connection'),
    );
    response.writeHead(answer.status, { ...fields, ...(fate && 'add' in fate ? fate.add : {}) });
    if (!fate || !('truncate' in fate)) return void response.end(body);
    response.write(body.subarray(0, body.length / 2), () => message.socket.destroy());
  }

  const door = createServer((message, response) => {
    const isPart = message.url?.includes('partNumber') ?? false;
    if (isPart) most = Math.max(most, ++parts);
    const done = () => {
      if (isPart) parts--;
    };
    const cut = decide(requestOf(message, Buffer.alloc(0)), of(operationOf(message)).length + 1);
    if (cut && 'cut' in cut && cut.cut === 'body') {
      requests.push(requestOf(message, Buffer.alloc(0)));
      const cutOff = () => message.socket.destroy();
      if (Number(message.headers['content-length'] ?? 0) > 0) message.once('data', cutOff);
      else cutOff();
      return done();
    }
    take(message, response).then(done, (error) => {
      complaints.push(String(error));
      message.socket.destroy();
      done();
    });
  });
  await new Promise<void>((resolve) => door.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    complaints,
    of,
    mostParts: () => most,
    decide(fate) {
      decide = fate;
    },
    async [Symbol.asyncDispose]() {
      door.closeAllConnections();
      await new Promise<void>((resolve) => door.close(() => resolve()));
    },
  };
}

function refuse(response: ServerResponse, { refuse: status, code, xml }: Refuse): void {
  const body =
    xml ?? (code === undefined ? '' : `<Error><Code>${code}</Code><Message>no &amp; no</Message></Error>`);
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': body.length });
  response.end(body);
}

function pass(message: IncomingMessage, { path, body }: S3Request, endpoint: string): Promise<Response> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    if (name !== 'host' && name !== 'connection' && name !== 'content-length')
      headers.set(name, String(value));
  }
  const { method = 'GET' } = message;
  const search = targetOf(message).search;
  const hasBody = method === 'PUT' || method === 'POST';
  return fetch(`${endpoint}${path}${search}`, { method, headers, ...(hasBody && { body }) });
}

function targetOf({ url = '/', headers }: IncomingMessage): URL {
  return new URL(url.startsWith('http:') ? url : `http://${headers.host}${url}`);
}

function operationOf(message: IncomingMessage): Operation {
  const query = targetOf(message).searchParams;
  switch (message.method) {
    case 'PUT':
      return query.has('partNumber') ? 'part' : 'put';
    case 'POST':
      return query.has('uploads') ? 'begin' : 'complete';
    case 'DELETE':
      return query.has('uploadId') ? 'abort' : 'delete';
    case 'HEAD':
      return 'head';
    default:
      return query.has('list-type') ? 'list' : 'get';
  }
}

function requestOf(message: IncomingMessage, body: Buffer): S3Request {
  const target = targetOf(message);
  const fields = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, String(value)]),
  );
  return {
    operation: operationOf(message),
    host: target.host,
    path: target.pathname,
    query: Object.fromEntries(target.searchParams),
    fields,
    signed: /SignedHeaders=([^,]*)/.exec(fields.authorization ?? '')?.[1]?.split(';') ?? [],
    body,
  };
}

/** What is wrong with it by Amazon's rules, or `null`. */
function problem(message: IncomingMessage, request: S3Request, secret: string): string | null {
  const { fields, signed, body, operation } = request;
  const payload = createHash('sha256').update(body);
  const found = payload.copy().digest('hex');
  if (fields['x-amz-content-sha256'] !== found) return `${operation}: the body's hash is ${found}`;
  const checksum = fields['x-amz-checksum-sha256'];
  if (checksum && operation !== 'complete' && checksum !== payload.digest('base64'))
    return `${operation}: checksum`;
  const open = Object.keys(fields).filter((name) => /^(x-amz-|host$|range$|content-type$)/.test(name));
  const unsigned = open.filter((name) => !signed.includes(name));
  if (unsigned.length > 0) return `${operation}: ${unsigned} are not signed`;
  const [, scope = '', theirs] =
    /^AWS4-HMAC-SHA256 Credential=[^/,]+\/([^,]+),SignedHeaders=[^,]+,Signature=([0-9a-f]{64})$/.exec(
      fields.authorization ?? '',
    ) ?? [];
  const target = targetOf(message);
  const lines = signed.map((name) => `${name}:${fields[name]}`).join('\n');
  const query = target.search.slice(1).split('&').sort().join('&');
  const canonical = `${message.method}\n${target.pathname}\n${query}\n${lines}\n\n${signed.join(';')}\n${found}`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const [date = '', region = '', service = '', end = ''] = scope.split('/');
  const sign = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = sign(sign(sign(sign(`AWS4${secret}`, date), region), service), end);
  const ours = sign(key, `AWS4-HMAC-SHA256\n${fields['x-amz-date']}\n${scope}\n${digest}`).toString('hex');
  return ours === theirs ? null : `${operation}: the signature is not that of\n${canonical}`;
}
