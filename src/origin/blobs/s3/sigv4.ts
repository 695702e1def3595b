/**
 * Signatures of requests to S3, version 4 of Amazon's: a fingerprint of what is asked, signed with a key that is made of the
 * secret for one day, one region and one service. In a header field, or in an address that is good for a while.
 *
 * Source: Amazon S3's API reference, "Authenticating Requests (AWS Signature Version 4)".
 */

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined;
}

export interface Signer {
  readonly credentials: Credentials;
  readonly region: string;
  /** Wall clock, ms since the epoch. Servers refuse what is a quarter of an hour away from theirs. */
  readonly nowMs: number;
}

/** Names and values, not encoded. */
export type Query = Readonly<Record<string, string>>;
/** Names in lower case. */
export type Fields = Readonly<Record<string, string>>;

/** What is asked, as far as it is signed. */
export interface Asked {
  readonly method: string;
  /** With the port, unless it is the scheme's own: the `Host` that is sent. */
  readonly host: string;
  /** Encoded, see `encodedPath`. */
  readonly path: string;
  readonly query: Query;
  /** Those that are to be signed; `host` is anyway. */
  readonly fields: Fields;
}

const algorithm = 'AWS4-HMAC-SHA256';

/** The fields to send: those given, all of them signed, with the signature. @param payload the body's SHA-256 in hexadecimal digits. */
export function signedFields(asked: Asked, payload: string, signer: Signer): Fields {
  const { accessKeyId, sessionToken } = signer.credentials;
  const time = timeOf(signer.nowMs);
  const fields = {
    ...asked.fields,
    'x-amz-content-sha256': payload,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const signed = { ...fields, host: asked.host };
  const signature = signatureOf({ ...asked, fields: signed }, payload, time, signer);
  const credential = `${accessKeyId}/${scopeOf(time, signer.region)}`;
  const authorization = `${algorithm} Credential=${credential},SignedHeaders=${namesOf(signed)},Signature=${signature}`;
  return { ...fields, authorization };
}

/** The query of an address that anybody may use until it expires (7 days at most). Its `host` is signed, and no other field. */
export function signedQuery(asked: Omit<Asked, 'fields'>, expiresS: number, signer: Signer): string {
  const { accessKeyId, sessionToken } = signer.credentials;
  const time = timeOf(signer.nowMs);
  const query = {
    ...asked.query,
    'X-Amz-Algorithm': algorithm,
    'X-Amz-Credential': `${accessKeyId}/${scopeOf(time, signer.region)}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(expiresS),
    'X-Amz-SignedHeaders': 'host',
    ...(sessionToken === undefined ? {} : { 'X-Amz-Security-Token': sessionToken }),
  };
  const signed = { ...asked, query, fields: { host: asked.host } };
  return `${encodedQuery(query)}&X-Amz-Signature=${signatureOf(signed, 'UNSIGNED-PAYLOAD', time, signer)}`;
}

/** A path as it is sent and signed: everything but unreserved characters and slashes in percents. */
export function encodedPath(path: string): string {
  return path.split('/').map(encoded).join('/');
}

/** A query as it is sent and signed: by the names, encoded. */
export function encodedQuery(query: Query): string {
  const pairs = Object.entries(query).map(([name, value]) => [encoded(name), encoded(value)] as const);
  return pairs
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
}

function signatureOf(asked: Asked, payload: string, time: string, { credentials, region }: Signer): string {
  const { method, path, query, fields } = asked;
  const names = Object.keys(fields).sort();
  const lines = names.map((name) => `${name}:${fields[name]?.trim().replace(/ +/g, ' ')}\n`).join('');
  const canonical = [method, path, encodedQuery(query), lines, namesOf(fields), payload].join('\n');
  const digest = new Bun.CryptoHasher('sha256').update(canonical).digest('hex');
  const scope = scopeOf(time, region);
  const key = scope.split('/').reduce<string | Uint8Array>(hmac, `AWS4${credentials.secretAccessKey}`);
  return Buffer.from(hmac(key, [algorithm, time, scope, digest].join('\n'))).toString('hex');
}

function hmac(key: string | Uint8Array, text: string): Uint8Array {
  return new Bun.CryptoHasher('sha256', key).update(text).digest();
}

function namesOf(fields: Fields): string {
  return Object.keys(fields).sort().join(';');
}

function scopeOf(time: string, region: string): string {
  return `${time.slice(0, 8)}/${region}/s3/aws4_request`;
}

/** `20130524T000000Z` */
function timeOf(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** RFC 3986 §2.3; `encodeURIComponent` leaves a few more as they are. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
